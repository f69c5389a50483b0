/**
 * A function called again and again, on a grid of time.
 * Knows: the grid, and to wait for a result that is still to come. Does not know: what the function does.
 */
import { asyncScheduler, Subscription } from 'rxjs';
import type { SchedulerLike } from 'rxjs';
import { Deferred } from '../Deferred.ts';
import { maybeDeferred } from './constructors.ts';
import { follow } from './follow.ts';

export interface LoopingCallOptions {
  /** Milliseconds from one call to the next; 0 calls as often as the scheduler lets it. */
  readonly period: number;
  /** Whether the first call is made at once (as it is unless told), or after one period. */
  readonly now?: boolean;
  /** Call only when a period has passed since the last call, with the number of those that have. */
  readonly withCount?: boolean;
  readonly scheduler?: SchedulerLike;
}

/**
 * Calls the function every `period` milliseconds, and keeps to the grid: a call that is late, or whose result took
 * longer than a period, is followed by one at the next multiple of the period since the start. Missed ticks are skipped,
 * never queued. A function that throws, or whose result fails, ends the loop.
 * Throws `RangeError` for a negative period.
 *
 * ```ts
 * const clock = loopingCall(() => console.log('tick'), { period: 1_000 });
 * clock.whenDone().subscribe({ error: (error) => console.error(error) });
 * clock.stop();
 * ```
 */
export function loopingCall(fn: (count: number) => unknown, options: LoopingCallOptions): LoopingCall {
  return new LoopingCall(fn, options);
}

/** What `loopingCall` returns. */
export class LoopingCall {
  private readonly fn: (count: number) => unknown;
  private readonly period: number;
  private readonly withCount: boolean;
  private readonly scheduler: SchedulerLike;
  private readonly end = new Deferred<void>({ label: 'loopingCall' });
  private timer = Subscription.EMPTY;
  private busy = false;
  private stopped = false;
  /** Where the grid begins. */
  private start: number;
  /** The place on the grid of the last call that was counted. */
  private counted: number;

  constructor(fn: (count: number) => unknown, options: LoopingCallOptions) {
    const { period, now = true, withCount = false, scheduler = asyncScheduler } = options;
    if (!(period >= 0)) throw new RangeError(`a period cannot be ${period} ms`);
    this.fn = fn;
    this.period = period;
    this.withCount = withCount;
    this.scheduler = scheduler;
    this.start = scheduler.now();
    this.counted = now ? -1 : 0;
    if (now) this.call();
    else this.plan();
  }

  get running(): boolean {
    return !this.stopped;
  }

  /** Fires when the loop has been stopped and its last result is there; fails with what the function failed with. */
  whenDone(): Deferred<void> {
    return follow(this.end);
  }

  /** No call after this one. A result still to come is waited for. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.timer.unsubscribe();
    if (!this.busy) this.end.callback();
  }

  /** The grid begins now: the next call is one period away. */
  reset(): void {
    this.start = this.scheduler.now();
    this.counted = 0;
    if (this.busy || this.stopped) return;
    this.timer.unsubscribe();
    this.plan();
  }

  private call(): void {
    this.busy = true;
    maybeDeferred(() => this.tick()).addCallbacks(
      () => {
        this.busy = false;
        if (this.stopped) this.end.callback();
        else this.plan();
      },
      (reason) => {
        this.busy = false;
        this.stopped = true;
        this.end.errback(reason);
      },
    );
  }

  private tick(): unknown {
    if (!this.withCount) return this.fn(1);
    const place = this.period === 0 ? this.counted + 1 : Math.floor((this.scheduler.now() - this.start) / this.period);
    const count = place - this.counted;
    if (count <= 0) return undefined;
    this.counted = place;
    return this.fn(count);
  }

  private plan(): void {
    const late = this.period === 0 ? 0 : (this.scheduler.now() - this.start) % this.period;
    this.timer = this.scheduler.schedule(() => this.call(), this.period - late);
  }
}
