/**
 * Deferreds made from what is there already, or from time.
 * Knows: values, failures, functions, one timer. Does not know: the chain.
 */
import { asyncScheduler } from 'rxjs';
import type { SchedulerLike } from 'rxjs';
import { Deferred } from '../Deferred.ts';
import type { Settled } from './awaitable.ts';

/**
 * A Deferred that has this value already (rule 10).
 *
 * ```ts
 * succeed(20).addCallback((n) => n + 1); // 21
 * ```
 */
export function succeed<T>(value: T): Deferred<T> {
  const deferred = new Deferred<T>();
  deferred.callback(value);
  return deferred;
}

/**
 * A Deferred that has failed already (rule 10).
 *
 * ```ts
 * fail(new Error('no')).addErrback(() => 'yes'); // 'yes'
 * ```
 */
export function fail(reason: unknown): Deferred<never> {
  const deferred = new Deferred<never>();
  deferred.errback(reason);
  return deferred;
}

/**
 * Calls the function now, and makes whatever comes of it a Deferred: a value, an error thrown, a promise, an Observable.
 * A Deferred that the function returns is returned itself.
 *
 * ```ts
 * maybeDeferred(JSON.parse, '{').addErrback(SyntaxError, () => null); // null
 * ```
 */
export function maybeDeferred<Args extends unknown[], Out>(
  fn: (...args: Args) => Out,
  ...args: Args
): Deferred<Settled<Out>> {
  let out: Out;
  try {
    out = fn(...args);
  } catch (error) {
    return fail(error);
  }
  return asDeferred(out);
}

/** The Deferred itself, or one with what the value becomes. */
export function asDeferred<T>(value: T): Deferred<Settled<T>> {
  if (value instanceof Deferred) return value as Deferred<never>;
  return succeed(undefined).addCallback(() => value);
}

/**
 * Calls the function in `ms` milliseconds, and has its result. Cancelling stops the timer.
 *
 * ```ts
 * deferLater(1_000, () => 'now').subscribe((when) => console.log(when)); // a second later: now
 * ```
 */
export function deferLater(ms: number): Deferred<void>;
export function deferLater<Out>(ms: number, fn: () => Out, scheduler?: SchedulerLike): Deferred<Settled<Out>>;
export function deferLater(ms: number, fn: undefined, scheduler: SchedulerLike): Deferred<void>;
export function deferLater<Out>(
  ms: number,
  fn?: () => Out,
  scheduler: SchedulerLike = asyncScheduler,
): Deferred<unknown> {
  const deferred = new Deferred<void>({ canceller: () => timer.unsubscribe() });
  const timer = scheduler.schedule(() => deferred.callback(), ms);
  return fn === undefined ? deferred : deferred.addCallback(fn);
}
