/**
 * The functions of a thread by name: those of its module, and those that come as text.
 * Knows: how text becomes a function, once. Does not know: jobs.
 *
 * Its function is sent to the thread as text, so it uses nothing from outside of itself.
 */
import type { Packing } from './packing.ts';

/** The functions of a module, and whatever else it exports. */
export type Exports = Readonly<Record<string, unknown>>;

/** Gives the function of this name, or of this text, which begins with a parenthesis. Throws an `UnknownFunction` that names those there are. */
export type Find = (exports: Exports, name: string) => (...args: unknown[]) => unknown;

export function finding({ ours }: Packing): Find {
  /** So many texts of functions are kept compiled. */
  const compiled = 1_000;
  const functions = new Map<string, (...args: unknown[]) => unknown>();

  const compile = (text: string): unknown => {
    // Compilers that want functions to keep their names put calls of this into them.
    const evaluate = (code: string): unknown => new Function('__name', `return ${code}`)((named: unknown) => named);
    try {
      return evaluate(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      // A method: `name(...) { ... }`.
      return Object.values(evaluate(`({${text.slice(1, -1)}})`) as object)[0];
    }
  };

  return (exports, name) => {
    const known = functions.get(name);
    if (known !== undefined) return known;
    const found = name.startsWith('(') ? compile(name) : Object.hasOwn(exports, name) ? exports[name] : undefined;
    if (typeof found !== 'function') {
      const names = Object.keys(exports).filter((each) => typeof exports[each] === 'function');
      const there = names.length > 0 ? names.join(', ') : 'none at all';
      throw ours('UnknownFunction', `no function '${name}' in the thread; its functions are: ${there}`);
    }
    if (functions.size >= compiled) functions.clear();
    functions.set(name, found as (...args: unknown[]) => unknown);
    return found as (...args: unknown[]) => unknown;
  };
}
