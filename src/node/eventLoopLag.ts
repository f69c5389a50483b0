/**
 * How late the event loop runs: what everybody waits for when somebody computes.
 * Knows: Node's own histogram of delays. Does not know: who is to blame.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { asyncScheduler, interval, Observable, type SchedulerLike } from 'rxjs';

/** The delays of one period, in milliseconds: how much later than planned the loop came round. */
export interface EventLoopLag {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Emits how late the event loop ran, once every `every` milliseconds, each time for that period alone. Never completes.
 *
 * ```ts
 * eventLoopLag(1_000).subscribe(({ p99 }) => p99 > 50 && console.warn(`the loop is ${p99} ms late`));
 * ```
 * Measured by sampling every 10 ms: what is shorter is not seen.
 */
export function eventLoopLag(every = 1_000, scheduler: SchedulerLike = asyncScheduler): Observable<EventLoopLag> {
  return new Observable((subscriber) => {
    const histogram = monitorEventLoopDelay({ resolution });
    histogram.enable();
    subscriber.add(() => histogram.disable());
    return interval(every, scheduler).subscribe(() => {
      const [mean, p50, p99, max] = [
        histogram.mean,
        histogram.percentile(50),
        histogram.percentile(99),
        histogram.max,
      ].map(lateness);
      histogram.reset();
      subscriber.next({ mean, p50, p99, max });
    });
  });
}

/** Milliseconds between two looks. */
const resolution = 10;

/** The histogram counts nanoseconds from look to look, the pause that was meant to be included. */
function lateness(nanoseconds: number): number {
  const late = nanoseconds / 1e6 - resolution;
  return late > 0 ? Math.round(late * 100) / 100 : 0;
}
