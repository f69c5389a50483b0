/**
 * Coming back, for as long as somebody wants the connection.
 * Knows: subscribing again after an end, counting failures. Does not know: what is connected to.
 */
import { asyncScheduler, Observable, type MonoTypeOperatorFunction, type SchedulerLike, type Subscription } from 'rxjs';
import { backoff } from './backoff.ts';

export interface ReconnectOptions {
  /** How long to wait before attempt 1, 2, 3, ... since the last success, in milliseconds ({@link backoff}). */
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
 * In plain words: `connect(...)` becomes a client that comes back. Each connection is emitted; one that was emitted sets the
 * count back. Unsubscribing stops waiting, dialling, or closes the connection.
 *
 * ```ts
 * connect('tcp:broker.example:1883').pipe(
 *   reconnect({ delay: backoff({ max: 60_000 }) }),
 *   switchMap((connection) => session(connection)),
 * );
 * ```
 */
export function reconnect<T>(options: ReconnectOptions = {}): MonoTypeOperatorFunction<T> {
  const { delay = backoff(), attempts = Infinity, when = () => true, scheduler = asyncScheduler } = options;
  const delayOf = typeof delay === 'number' ? () => delay : delay;
  return (source) =>
    new Observable((subscriber) => {
      let failures = 0;
      let current: Subscription | undefined;
      const again = (giveUp: () => void, error?: unknown): void => {
        failures++;
        if (failures > attempts || !when(error)) giveUp();
        else current = scheduler.schedule(attempt, delayOf(failures));
      };
      const attempt = (): void => {
        const subscription = source.subscribe({
          next(value) {
            failures = 0;
            subscriber.next(value);
          },
          error: (error) => again(() => subscriber.error(error), error),
          complete: () => again(() => subscriber.complete()),
        });
        // A source that ends while it is subscribed has put the waiting timer in this place already.
        if (!subscription.closed) current = subscription;
      };
      attempt();
      return () => current?.unsubscribe();
    });
}
