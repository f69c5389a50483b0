/**
 * `instanceof` that survives two copies of the library in one program.
 * Knows: a mark by `Symbol.for` on the prototype. Does not know: any of the classes that carry one.
 */
export function brand(constructor: { readonly prototype: object }, name: string): void {
  const mark = Symbol.for(`ropewalk.${name}`);
  Object.defineProperty(constructor.prototype, mark, { value: true });
  Object.defineProperty(constructor, Symbol.hasInstance, {
    value(this: unknown, candidate: unknown): boolean {
      // A user's subclass inherits this function; its own instances are told by the prototype chain as usual.
      if (this !== constructor) return Function.prototype[Symbol.hasInstance].call(this, candidate);
      return typeof candidate === 'object' && candidate !== null && mark in candidate;
    },
  });
}
