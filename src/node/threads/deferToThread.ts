/**
 * One function, in some thread, now.
 * Knows: a pool for the whole program, made when it is first needed. Does not know: threads.
 */
import type { Deferred } from '../../Deferred.ts';
import type { ArgumentsOf, ResultOf, ThreadPool } from '../../threads/ThreadPool.ts';
import { threads } from './threads.ts';

let pool: ThreadPool | undefined;

/**
 * Calls `fn` in a thread of a pool that the whole program shares. The function is sent as text: it may use its arguments and
 * what every thread has (`await import('node:fs')`), and nothing from around it; as `this` it has its {@link Job}, unless it
 * is an arrow. Cancelling and errors are those of {@link ThreadPool}'s `call`.
 *
 * ```ts
 * deferToThread((n: number) => { let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum; }, 1e6)
 *   .addCallback(console.log);   // => 499999500000
 * ```
 * Neighbours: `threads`, for a module's functions, and for a pool of your own.
 */
export function deferToThread<Fn extends (this: never, ...args: never[]) => unknown>(
  fn: Fn,
  ...args: ArgumentsOf<Fn>
): Deferred<ResultOf<Fn>> {
  return (pool ??= threads()).run(fn, ...args);
}
