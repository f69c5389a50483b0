/**
 * From promises and Observables to Deferreds.
 * Knows: how each of them ends, and how its work is called off. Does not know: what the result is for.
 */
import { EmptyError, isObservable, Subscription } from 'rxjs';
import type { Observable } from 'rxjs';
import { Deferred } from '../Deferred.ts';
import type { Awaitable, Settled } from './awaitable.ts';

export interface FromPromiseOptions {
  /** Aborted when the Deferred is cancelled; give its `signal` to whatever makes the promise. */
  readonly abort?: AbortController;
}

/**
 * A Deferred with the promise's result. Cancelling fails it at once with `Cancelled`, aborts `abort`, and whatever the
 * promise says afterwards is ignored (rule 49).
 *
 * ```ts
 * const abort = new AbortController();
 * fromPromise(fetch('https://example.com', { signal: abort.signal }), { abort })
 *   .addTimeout(5_000)
 *   .addCallback((response) => response.status); // 200
 * ```
 */
export function fromPromise<T>(promise: PromiseLike<T>, { abort }: FromPromiseOptions = {}): Deferred<Settled<T>> {
  const deferred = new Deferred<() => T>({ canceller: () => abort?.abort() });
  promise.then(
    (value) => deferred.called || deferred.callback(() => value),
    (reason) => deferred.called || deferred.errback(reason),
  );
  return deferred.addCallback(open);
}

/** The last value of an Observable, or `EmptyError`. Cancelling unsubscribes (rule 30). */
function fromObservable<T>(source: Observable<T>): Deferred<Settled<T>> {
  const subscription = new Subscription();
  const deferred = new Deferred<() => T>({ canceller: () => subscription.unsubscribe() });
  let last: (() => T) | undefined;
  subscription.add(
    source.subscribe({
      next: (value) => (last = () => value),
      error: (reason: unknown) => deferred.errback(reason),
      complete: () => (last === undefined ? deferred.errback(new EmptyError()) : deferred.callback(last)),
    }),
  );
  return deferred.addCallback(open);
}

/** Whatever is awaited, as a Deferred of our own; a Deferred of another copy of the library keeps its canceller. */
export function bridge<T>(awaited: Awaitable<T>): Deferred<Settled<T>> {
  if (!isObservable(awaited)) return fromPromise(awaited);
  const deferred = fromObservable(awaited);
  return deferred;
}

/** A result travels in a function, so that the chain unwraps it by its own rule: a promise of an Observable is its value. */
function open<T>(result: () => T): T {
  return result();
}
