/**
 * RxJS's `debounceTime`, with its context kept. Knows: in whose name. Does not know: time; that is RxJS's.
 */
import { asyncScheduler, debounceTime as plain, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs';
import { carried } from './flowing/carried.ts';

/**
 * Emits the last value once the source has been silent for `dueTime` milliseconds; the others are dropped.
 *
 * In plain words: RxJS's `debounceTime`. It keeps one value, holds nobody, and emits in the name of whom that value came from.
 *
 * ```marbles
 * ab---c|
 * debounceTime(2)
 * ---b--(c|)
 * ```
 * An error passes at once, and drops what waits.
 *
 * ```ts
 * source.pipe(debounceTime(300), text().encode, sendTo(connection)).subscribe();
 * ```
 * Neighbours: `auditTime`, `sampleTime`, `throttleTime`.
 */
export function debounceTime<T>(
  dueTime: number,
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<T> {
  return carried(plain(dueTime, scheduler));
}
