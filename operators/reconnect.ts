/**
 * Coming back, for as long as somebody wants the connection.
 * Knows: subscribing again after an end, counting failures. Does not know: what is connected to.
 */
import { asyncScheduler, Observable, type MonoTypeOperatorFunction, type SchedulerLike, type Subscription } from 'rxjs';
import { backoff } from './backoff.ts';

export interface ReconnectOptions {
  /** How long to wait before trying again after failure 1, 2, 3, ... in a row, in milliseconds ({@link backoff}). */
  readonly delay?: number | ((attempt: number) => number);
  /** How many failed attempts in a row are too many (no limit); the last error is passed on then. */
  readonly attempts?: number;
  /** Whether to come back after this error (always); `undefined` stands for an end in order. */
  readonly when?: (error: unknown) => boolean;
  readonly scheduler?: SchedulerLike;
}

/**
 * Subscribes to the source again whenever it ends, in order or not, after a delay that grows while it fails.
 *
 * In plain words: a client that comes back. It stands last, after what is done with the connection, as `retry` does: a
 * connection that is lost fails the session that runs on it, and both are begun anew. A try that emitted something, or
 * lasted longer than the wait before it, was a success and sets the count back. Unsubscribing stops waiting, dialling, or
 * closes the connection.
 *
 * ```marbles
 * -a#
 * reconnect({ delay: 3, attempts: 1 }), take(3)
 * -a----a----(a|)
 * ```
 * ```ts
 * connect('tcp:broker.example:1883').pipe(
 *   switchMap((connection) => session(connection)),
 *   reconnect({ delay: backoff({ max: 60_000 }) }),
 * );
 * ```
 */
export function reconnect<T>(options: ReconnectOptions = {}): MonoTypeOperatorFunction<T> {
  const { delay = backoff(), attempts = Infinity, when = () => true, scheduler = asyncScheduler } = options;
  const delayOf = typeof delay === 'number' ? () => delay : delay;
  return (source) =>
    new Observable((subscriber) => {
      let failures = 0;
      let waited = 0;
      let began = 0;
      let current: Subscription | undefined;
      const again = (giveUp: () => void, error?: unknown): void => {
        if (scheduler.now() - began > waited) failures = 0;
        failures++;
        if (failures > attempts || !when(error)) giveUp();
        else current = scheduler.schedule(attempt, (waited = delayOf(failures)));
      };
      const attempt = (): void => {
        began = scheduler.now();
        const subscription = source.subscribe({
          next(value) {
            failures = 0;
            subscriber.next(value);
          },
          error: (error: unknown) => again(() => subscriber.error(error), error),
          complete: () => again(() => subscriber.complete()),
        });
        // A source that ends while it is subscribed has put the waiting timer in this place already.
        if (!subscription.closed) current = subscription;
      };
      attempt();
      return () => current?.unsubscribe();
    });
}
