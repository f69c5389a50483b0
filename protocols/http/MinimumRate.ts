/**
 * Whether a content comes as fast as it must: who drips it out costs a server a connection, and himself nothing.
 * Knows: bytes and time. Does not know: whose content it is, what becomes of it.
 */
import type { SchedulerLike, Subscription } from 'rxjs';

/** What is looked at. */
export interface Arriving {
  /** Bytes of it that have come so far. */
  readonly arrived: number;
  /** Whether it is the reader, here, that it waits for: then its sender is not late. */
  readonly held: boolean;
}

export interface RateSettings {
  /** Bytes a second; 0 for any. */
  readonly rate: number;
  /** How often it is looked at, in milliseconds: a content has so long to begin, and may pause for a part of it. */
  readonly every: number;
}

export class MinimumRate {
  private readonly arriving: Arriving;
  private readonly least: number;
  private readonly tooSlow: () => void;
  private readonly timer: Subscription | undefined;
  private before = 0;
  private wasHeld: boolean;

  /** `tooSlow` is called once, when less than `rate` asks for came from one look to the next. */
  constructor(scheduler: SchedulerLike, { rate, every }: RateSettings, arriving: Arriving, tooSlow: () => void) {
    this.arriving = arriving;
    this.least = (rate * every) / 1000;
    this.tooSlow = tooSlow;
    this.wasHeld = arriving.held;
    if (rate === 0 || every === Infinity) return;
    const rateOf = this;
    this.timer = scheduler.schedule(function () {
      if (rateOf.look()) this.schedule(undefined, every);
    }, every);
  }

  stop(): void {
    this.timer?.unsubscribe();
  }

  /** Whether to look again. */
  private look(): boolean {
    const { arrived, held } = this.arriving;
    const came = arrived - this.before;
    const excused = held || this.wasHeld;
    this.before = arrived;
    this.wasHeld = held;
    if (excused || came >= this.least) return true;
    this.tooSlow();
    return false;
  }
}
