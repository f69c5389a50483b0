/**
 * Node's asynchronous context (`AsyncLocalStorage`) around callbacks (rule 50).
 * Knows: how to find `node:async_hooks` without importing it, and one switch. Does not know: Deferreds.
 */

/** The part of Node's `AsyncResource` that is used here. */
interface Resource {
  runInAsyncScope(fn: (value: never) => unknown, self: undefined, value: never): unknown;
}
type ResourceType = new (type: string) => Resource;
type Host = { process?: { getBuiltinModule?: (name: string) => { AsyncResource?: ResourceType } | undefined } };

let type: ResourceType | undefined;

/**
 * From now on a callback runs in the `AsyncLocalStorage` context in which it was added; returns whether that holds
 * (it cannot in a browser, where this does nothing).
 *
 * In plain words: call it once at the start of a program that uses `AsyncLocalStorage`. It is a switch, and off by
 * default, because Node has no cheap way to ask whether any such storage is in use, and remembering costs 50 to 110 ns
 * a callback: as much as all the rest of adding and running it.
 *
 * ```ts
 * keepAsyncContext(true); // true on Node
 * ```
 */
export function keepAsyncContext(on: boolean): boolean {
  type = on ? (globalThis as Host).process?.getBuiltinModule?.('node:async_hooks')?.AsyncResource : undefined;
  return type !== undefined;
}

/** The function, bound to the context of this moment if the switch is on. */
export function inContext<Fn extends (value: never) => unknown>(fn: Fn): Fn {
  if (type === undefined) return fn;
  const resource = new type('Deferred');
  const bound = (value: never): unknown => resource.runInAsyncScope(fn, undefined, value);
  return bound as Fn;
}
