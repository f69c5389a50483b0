/** The pipeable form of `addBoth`: one function on values and on the error. */
import type { OperatorFunction } from 'rxjs';
import type { Failure } from '../src/Deferred.ts';
import type { Settled } from '../src/deferred/awaitable.ts';
import { chained } from './chained.ts';

/**
 * Calls the function with each value, and with the error, and emits its result, in order. Handing back the very error
 * it was given lets the error pass.
 *
 * In plain words: something to do in either case. It is lazy.
 *
 * ```marbles
 * --a--#
 * both(() => 'b')
 * --b--(b|)
 * ```
 * ```ts
 * throwError(() => 'lost').pipe(both((result) => [result])).subscribe((result) => console.log(result)); // => [ 'lost' ]
 * ```
 * Neighbours: `callback`, `errback`, `finalize`.
 */
export function both<In, Out>(fn: (result: In | Failure) => Out): OperatorFunction<In, Settled<Exclude<Out, Failure>>> {
  return chained({
    onValue: fn,
    onError: (reason) => {
      const result: unknown = fn(reason as Failure);
      if (result === reason) throw reason;
      return result;
    },
  });
}
