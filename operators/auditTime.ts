/**
 * RxJS's `auditTime`, with its context kept. Knows: in whose name. Does not know: time; that is RxJS's.
 */
import { asyncScheduler, auditTime as plain, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs';
import { carried } from './flowing/carried.ts';

/**
 * When a value comes, waits for `duration` milliseconds, and emits the last value that came meanwhile; the others are dropped.
 *
 * In plain words: RxJS's `auditTime`. It keeps one value, holds nobody, and emits in the name of whom that value came from.
 *
 * ```marbles
 * ab---c---|
 * auditTime(2)
 * --b----c-|
 * ```
 * An error passes at once, and drops what waits.
 *
 * ```ts
 * source.pipe(auditTime(100), text().encode, sendTo(connection)).subscribe();
 * ```
 * Neighbours: `debounceTime`, `sampleTime`, `throttleTime`.
 */
export function auditTime<T>(duration: number, scheduler: SchedulerLike = asyncScheduler): MonoTypeOperatorFunction<T> {
  return carried(plain(duration, scheduler));
}
