/**
 * RxJS's `timer`, which can be held. Knows: the rhythm, the count, and what becomes of both while it is held.
 * Does not know: what the ticks are for.
 */
import { asyncScheduler, Observable, timer as plain, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { feed, HoldGroup, joinSink } from '../src/flow.ts';

/**
 * Counts from 0 on: first at `startDue` (milliseconds, or a date), then every `intervalDuration` milliseconds.
 *
 * In plain words: RxJS's `timer`, as a source that can be held. While whoever takes its ticks is full, it does not tick. Ticks
 * that fall into that time are not made up for: one comes as soon as it is let go if one had become due, the next a period
 * after that one. The count has no gap: it counts ticks, not time.
 *
 * ```marbles
 * |
 * () => timer(2, 3), take(3)
 * --a--b--(c|)
 *
 * a = 0
 * b = 1
 * c = 2
 * ```
 * Without `intervalDuration` it is RxJS's own, which nobody can hold: one tick fills nothing, and a deadline
 * (`takeUntil(timer(5_000))`) must come even if the pipeline that it stands in is held.
 *
 * ```ts
 * listen('tcp:8007').pipe(serve(() => timer(0, 1_000).pipe(map((n) => bytes(`${n}\n`))))).subscribe();
 * ```
 * Neighbours: `interval`, `pull`, `loopingCall`.
 */
export function timer(due: number | Date, scheduler?: SchedulerLike): Observable<0>;
export function timer(startDue: number | Date, intervalDuration: number, scheduler?: SchedulerLike): Observable<number>;
export function timer(
  due: number | Date,
  period?: number | SchedulerLike,
  scheduler: SchedulerLike = asyncScheduler,
): Observable<number> {
  if (typeof period === 'object') return plain(due, period);
  if (period === undefined || !(period >= 0)) return plain(due, scheduler);
  return new Observable((subscriber) => {
    let count = 0;
    /** The tick that became due while it was held. */
    let owed: SchedulerAction<unknown> | undefined;
    const group = new HoldGroup({
      pause() {},
      resume() {
        // Not now: whoever lets go is in the middle of something.
        owed?.schedule();
        owed = undefined;
      },
      now: () => scheduler.now(),
      toString: () => `timer(${due}, ${period})`,
    });
    const sink = joinSink(group);
    subscriber.add(() => sink?.leave(group));
    const first = due instanceof Date ? due.getTime() - scheduler.now() : due;
    subscriber.add(
      scheduler.schedule(
        function () {
          if (subscriber.closed) return;
          if (group.held) {
            owed = this;
            return;
          }
          feed(group, subscriber, count++);
          this.schedule(undefined, period);
        },
        Math.max(0, first),
      ),
    );
  });
}
