/**
 * RxJS's `interval`, which can be held. Knows: its name. Does not know: time; that is timer.ts.
 */
import { asyncScheduler, type Observable, type SchedulerLike } from 'rxjs';
import { timer } from './timer.ts';

/**
 * Counts from 0 on, every `period` milliseconds (0).
 *
 * In plain words: RxJS's `interval`, as a source that can be held. While whoever takes its ticks is full, it does not tick; the
 * count has no gap. `timer` says exactly what becomes of the ticks meanwhile.
 *
 * ```marbles
 * |
 * () => interval(2), take(2)
 * --a-(b|)
 *
 * a = 0
 * b = 1
 * ```
 * ```ts
 * listen('tcp:8007').pipe(serve(() => interval(1_000).pipe(map((n) => bytes(`${n}\n`))))).subscribe();
 * ```
 * Neighbours: `timer`, `pull`, `loopingCall`.
 */
export function interval(period = 0, scheduler: SchedulerLike = asyncScheduler): Observable<number> {
  const spacing = Math.max(0, period);
  return timer(spacing, spacing, scheduler);
}
