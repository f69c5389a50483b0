/**
 * Silence has an end.
 * Knows: when the last value came. Does not know: what the values are.
 */
import { asyncScheduler, Observable, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs';
import { TimedOut } from '../src/errors.ts';

/**
 * Errors with {@link TimedOut} when nothing has arrived for `ms` milliseconds, counted from the subscription and from each value.
 *
 * In plain words: a peer that connects and says nothing is sent away. A value costs one look at the clock; there is one
 * timer for each subscription, set anew only when it fires.
 *
 * ```marbles
 * -a--b----------
 * idleTimeout(5)
 * -a--b----#
 * ```
 * ```ts
 * connection.pipe(idleTimeout(30_000));
 * ```
 */
export function idleTimeout<T>(ms: number, scheduler: SchedulerLike = asyncScheduler): MonoTypeOperatorFunction<T> {
  if (!(ms > 0)) throw new RangeError(`expected a time above 0 milliseconds, got ${ms}`);
  return (source) =>
    new Observable((subscriber) => {
      let last = scheduler.now();
      subscriber.add(
        scheduler.schedule(function look() {
          const left = last + ms - scheduler.now();
          if (left > 0) this.schedule(undefined, left);
          else subscriber.error(new TimedOut(`nothing arrived for ${ms} ms`));
        }, ms),
      );
      subscriber.add(
        source.subscribe({
          next(value) {
            last = scheduler.now();
            subscriber.next(value);
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      );
    });
}
