/**
 * An iterable as a source that can be held.
 * Knows: drawing values while nobody holds, in turns. Does not know: what draws on the other end.
 */
import { asyncScheduler, Observable, type SchedulerLike } from 'rxjs';
import { feed, HoldGroup, joinSink } from './flow.ts';

/** How many values one turn of the event loop draws at most: an endless iterable leaves room for others. */
const perTurn = 1024;

/**
 * Emits what `iterable` yields, and draws no more while whoever takes it is full. Completes with the iterable.
 *
 * In plain words: RxJS's `from`, for iterables that never end. It draws in turns of the event loop (not in microtasks, as
 * `asapScheduler` would: a reader that keeps up would starve everybody else). A throwing iterator is an error; unsubscribing
 * returns the iterator.
 *
 * ```ts
 * function* numbers() {
 *   for (let n = 0; ; n++) yield bytes(`${n}\n`);
 * }
 * listen('tcp:8007').pipe(serve(() => pull(numbers())));
 * ```
 */
export function pull<T>(iterable: Iterable<T>, scheduler: SchedulerLike = asyncScheduler): Observable<T> {
  return new Observable((subscriber) => {
    const iterator = iterable[Symbol.iterator]();
    /** It said so, or threw: as in `for...of`, it is not returned then. */
    let ended = false;
    let scheduled = false;
    const later = (): void => {
      if (scheduled || subscriber.closed) return;
      scheduled = true;
      subscriber.add(scheduler.schedule(draw));
    };
    const group = new HoldGroup({
      pause() {},
      resume: later,
      now: () => scheduler.now(),
      toString: () => 'a pulled iterable',
    });
    const draw = (): void => {
      scheduled = false;
      for (let drawn = 0; drawn < perTurn; drawn++) {
        if (group.held || subscriber.closed) return;
        try {
          ended = true;
          const drawing = iterator.next();
          ended = drawing.done === true;
          if (drawing.done === true) {
            subscriber.complete();
            return;
          }
          feed(group, subscriber, drawing.value);
        } catch (error) {
          subscriber.error(error);
          return;
        }
      }
      later();
    };
    const sink = joinSink(group);
    subscriber.add(() => {
      sink?.leave(group);
      if (!ended) iterator.return?.();
    });
    later();
  });
}
