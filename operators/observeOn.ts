/**
 * RxJS's `observeOn`, which holds. Knows: how much is under way. Does not know: schedulers; they are RxJS's.
 */
import { observeOn as plain, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs';
import { stored } from './flowing/carried.ts';

/**
 * Emits each value, the error and the end on `scheduler`, `delay` milliseconds (0) later.
 *
 * In plain words: RxJS's `observeOn`. Once 1 MiB or 16,384 values are under way, whoever feeds is held until half of it is
 * through.
 *
 * ```marbles
 * a-b|
 * observeOn(asyncScheduler, 1)
 * -a-b|
 * ```
 * Each value is emitted in the name of whom it came from.
 *
 * ```ts
 * listen('tcp:8007').pipe(serve(observeOn(asapScheduler))).subscribe();
 * ```
 * Neighbours: `delay`. RxJS's `subscribeOn` stores nothing, but what it subscribes joins no sink.
 */
export function observeOn<T>(scheduler: SchedulerLike, delay = 0): MonoTypeOperatorFunction<T> {
  return stored('observeOn', 'its scheduler has not come to it', () => plain(scheduler, delay));
}
