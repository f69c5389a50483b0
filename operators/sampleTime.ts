/**
 * RxJS's `sampleTime`, with its context kept. Knows: in whose name. Does not know: time; that is RxJS's.
 */
import { asyncScheduler, sampleTime as plain, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs';
import { carried } from './flowing/carried.ts';

/**
 * Looks every `period` milliseconds, and emits the last value if there has been one since; the others are dropped.
 *
 * In plain words: RxJS's `sampleTime`. It keeps one value, holds nobody, and emits in the name of whom that value came from.
 *
 * ```marbles
 * ab---c----|
 * sampleTime(3)
 * ---b--c---|
 * ```
 * An error passes at once; what has not been looked at yet is dropped, at the end too.
 *
 * ```ts
 * source.pipe(sampleTime(1_000), text().encode, sendTo(connection)).subscribe();
 * ```
 * Neighbours: `auditTime`, `debounceTime`, `throttleTime`.
 */
export function sampleTime<T>(period: number, scheduler: SchedulerLike = asyncScheduler): MonoTypeOperatorFunction<T> {
  return carried(plain(period, scheduler));
}
