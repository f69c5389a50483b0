/**
 * Deferreds that tell what became of another one, and leave its chain alone.
 * Knows: looking. Does not know: what is being looked at.
 */
import { Deferred } from '../Deferred.ts';

/** A Deferred of its own for whoever asks: chaining on it, or cancelling it, is nobody else's business. */
export function follow<T>(followed: Deferred<T>): Deferred<T> {
  const follower = new Deferred<T>({ canceller: () => looking.unsubscribe() });
  const looking = followed.subscribe({
    next: (value) => follower.callback(value),
    error: (reason: unknown) => follower.errback(reason),
  });
  return follower;
}
