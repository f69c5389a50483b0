/**
 * From promises to Deferreds.
 * Knows: how the work behind a promise is called off. Does not know: what the result is for.
 */
import { Deferred } from '../Deferred.ts';
import { attend, open } from './attend.ts';
import type { Settled } from './awaitable.ts';

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
  attend(promise, deferred);
  return deferred.addCallback(open);
}
