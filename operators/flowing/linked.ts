/**
 * A Subscriber that belongs to its destination, so that a source that emits while subscribing can be stopped.
 * Knows: passing on errors and the end. Does not know: what becomes of the values.
 */
import { Subscriber } from 'rxjs';

/** Gives values to `next`, errors to `destination`, and the end to `complete`, or to `destination` if it is not given. */
export function linked<T>(
  destination: Subscriber<never>,
  next: (value: T) => void,
  complete = (): void => destination.complete(),
): Subscriber<T> {
  const link = new Subscriber<T>({ next, error: (error: unknown) => destination.error(error), complete });
  destination.add(link);
  return link;
}
