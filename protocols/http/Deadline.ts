/**
 * One deadline after another, with one timer.
 * Knows: when to be called, that nearly every deadline is moved before it comes: moving it costs a look at the clock.
 * Does not know: what it is for.
 */
import type { SchedulerLike, Subscription } from 'rxjs';

export class Deadline {
  private readonly scheduler: SchedulerLike;
  private readonly expired: () => void;
  /** When it is; when the timer looks next. */
  private due = Infinity;
  private looksAt = Infinity;
  private timer: Subscription | undefined;

  constructor(scheduler: SchedulerLike, expired: () => void) {
    this.scheduler = scheduler;
    this.expired = expired;
  }

  /** In so many milliseconds from now. `Infinity` is never. */
  set(ms: number): void {
    this.due = this.scheduler.now() + ms;
    if (this.due >= this.looksAt || ms === Infinity) return;
    this.timer?.unsubscribe();
    this.look(ms);
  }

  /** There is none for now. */
  clear(): void {
    this.due = Infinity;
  }

  /** There will be none any more. */
  stop(): void {
    this.clear();
    this.timer?.unsubscribe();
  }

  private look(ms: number): void {
    this.looksAt = this.scheduler.now() + ms;
    this.timer = this.scheduler.schedule(() => {
      this.looksAt = Infinity;
      if (this.due === Infinity) return;
      const left = this.due - this.scheduler.now();
      if (left > 0) this.look(left);
      else {
        this.clear();
        this.expired();
      }
    }, ms);
  }
}
