/**
 * How promises and Observables tell their result.
 * Knows: how each of them ends, and how to stop listening. Does not know: Deferreds, but for the side that fires.
 */
import { EmptyError, isObservable, noop } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Awaitable } from './awaitable.ts';

/**
 * What is fired with the result. It travels in a function, which the first callback opens: so the chain unwraps it by its
 * own rule, and a promise of an Observable is the Observable's value.
 */
interface Target<T> {
  readonly called: boolean;
  callback(result: () => T): void;
  errback(reason: unknown): void;
}

/** Fires the target with what comes of it, unless that was fired meanwhile. Returns what stops the work, if anything can. */
export function attend<T>(awaited: Awaitable<T>, target: Target<T>): () => void {
  return isObservable(awaited) ? attendLast(awaited, target) : attendPromise(awaited, target);
}

/** Opens what {@link attend} has sent. */
export function open<T>(result: () => T): T {
  return result();
}

function attendPromise<T>(promise: PromiseLike<T>, target: Target<T>): () => void {
  promise.then(
    (value) => target.called || target.callback(() => value),
    (reason: unknown) => target.called || target.errback(reason),
  );
  return noop;
}

/** The last value of an Observable, or `EmptyError`. */
function attendLast<T>(source: Observable<T>, target: Target<T>): () => void {
  let last: (() => T) | undefined;
  const subscription = source.subscribe({
    next: (value) => (last = () => value),
    error: (reason: unknown) => target.errback(reason),
    complete: () => (last === undefined ? target.errback(new EmptyError()) : target.callback(last)),
  });
  return () => subscription.unsubscribe();
}
