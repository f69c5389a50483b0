/**
 * RxJS's `delay`, which holds. Knows: how much is under way. Does not know: time; that is RxJS's.
 */
import { asyncScheduler, delay as plain, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs';
import { stored } from './flowing/carried.ts';

/**
 * Emits each value `due` milliseconds after it came, or at the date `due`.
 *
 * In plain words: RxJS's `delay`. Once 1 MiB or 16,384 values are under way, whoever feeds is held until half of it is through;
 * so no more than that passes in each `due` milliseconds. (A mark cannot be lower: the values wait for a time, not for room.)
 *
 * ```marbles
 * ab-c|
 * delay(2)
 * --ab-(c|)
 * ```
 * Each value is emitted in the name of whom it came from. An error passes at once.
 *
 * ```ts
 * listen('tcp:8007').pipe(serve(delay(200))).subscribe();
 * ```
 * Neighbours: `delayWhen`, `throttle` (so many bytes a second), `observeOn`.
 */
export function delay<T>(due: number | Date, scheduler: SchedulerLike = asyncScheduler): MonoTypeOperatorFunction<T> {
  return stored('delay', 'its values are not due', () => plain(due, scheduler));
}
