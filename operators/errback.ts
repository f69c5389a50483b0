/** The pipeable form of `addErrback`: a function on the error, whatever kind of result it has. */
import type { OperatorFunction } from 'rxjs';
import type { ErrorType } from '../src/Deferred.ts';
import type { Settled } from '../src/deferred/awaitable.ts';
import { chained } from './chained.ts';

/**
 * Calls the function with the error, emits its result in the error's place, and completes. With a class of errors only
 * that family is handled; others pass unchanged, as values do.
 *
 * In plain words: `catchError` that catches by type, and takes a plain value for an answer. It is lazy.
 *
 * ```marbles
 * --a--#
 * errback(() => 'b')
 * --a--(b|)
 * ```
 * ```ts
 * throwError(() => new RangeError('too far'))
 *   .pipe(errback(RangeError, (error) => error.message))
 *   .subscribe((message) => console.log(message)); // => too far
 * ```
 * Neighbours: `callback`, `both`, `catchError`.
 */
export function errback<In, Out>(fn: (reason: unknown) => Out): OperatorFunction<In, In | Settled<Out>>;
export function errback<In, E, Out>(
  type: ErrorType<E>,
  fn: (reason: E) => Out,
): OperatorFunction<In, In | Settled<Out>>;
export function errback<In, E, Out>(
  ...args: [(reason: unknown) => Out] | [ErrorType<E>, (reason: E) => Out]
): OperatorFunction<In, In | Settled<Out>> {
  return chained({ onError: args.length === 1 ? args[0] : only(args[0], args[1]) });
}

function only<E, Out>(type: ErrorType<E>, fn: (reason: E) => Out): (reason: unknown) => Out {
  return (reason) => {
    if (reason instanceof type) return fn(reason);
    throw reason;
  };
}
