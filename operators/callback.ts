/** The pipeable form of `addCallback`: a function on each value, whatever kind of result it has. */
import type { OperatorFunction } from 'rxjs';
import type { Settled } from '../src/deferred/awaitable.ts';
import { chained } from './chained.ts';

/**
 * Calls the function with each value and emits its result: a plain value at once, and what a promise, a Deferred or an
 * Observable gives as soon as it is there, in the order of the values, one at a time. An error that the function throws
 * fails the stream; an error from the source passes at once, as with `concatMap`.
 *
 * In plain words: `map` that also waits. It is lazy: each subscription calls the function anew, also on a Deferred,
 * whose own chain it leaves alone.
 *
 * ```marbles
 * --a--b--|
 * callback((letter) => of(letter.toUpperCase()).pipe(delay(1)))
 * ---A--B-|
 * ```
 * ```ts
 * from([1, 2]).pipe(callback((n) => succeed(n * 2))).subscribe((n) => console.log(n));
 * // => 2
 * // => 4
 * ```
 * Values that come while a result is awaited wait their turn, and hold whoever they came from. Neighbours: `errback`, `both`, `concatMap`.
 */
export function callback<In, Out>(fn: (value: In) => Out): OperatorFunction<In, Settled<Out>> {
  return chained({ onValue: fn });
}
