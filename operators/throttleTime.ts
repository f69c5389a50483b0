/**
 * RxJS's `throttleTime`, with its context kept. Knows: in whose name. Does not know: time; that is RxJS's.
 */
import {
  asyncScheduler,
  throttleTime as plain,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
  type ThrottleConfig,
} from 'rxjs';
import { carried } from './flowing/carried.ts';

/**
 * Emits a value, then nothing for `duration` milliseconds: what comes meanwhile is dropped, but for the last if `trailing`.
 *
 * In plain words: RxJS's `throttleTime`. It keeps one value, holds nobody, and emits in the name of whom that value came from.
 *
 * ```marbles
 * ab---c---|
 * throttleTime(3, asyncScheduler, { leading: true, trailing: true })
 * a--b--c--|
 * ```
 * An error passes at once, and drops what waits.
 *
 * ```ts
 * source.pipe(throttleTime(100), text().encode, sendTo(connection)).subscribe();
 * ```
 * Neighbours: `throttle` (drops nothing: so many bytes a second), `auditTime`, `debounceTime`, `sampleTime`.
 */
export function throttleTime<T>(
  duration: number,
  scheduler: SchedulerLike = asyncScheduler,
  config?: ThrottleConfig,
): MonoTypeOperatorFunction<T> {
  return carried(plain(duration, scheduler, config));
}
