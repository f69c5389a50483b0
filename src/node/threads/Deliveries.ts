/**
 * What threads say is handed on in turns that do not last.
 * Knows: how long this turn of the event loop has lasted. Does not know: what is said.
 *
 * A port hands over a thousand messages in one turn, and those that come meanwhile: a stream whose consumer takes its time with each
 * value kept timers and sockets waiting until it had ended.
 */

/** When a turn has lasted for so many milliseconds, what else has come waits for the next one. */
const longest = 5;

export class Deliveries {
  /** What waits, in order: no more than threads may be ahead of who takes their results and values. */
  private readonly waiting: (() => void)[] = [];
  /** When the first of this turn was handed on. */
  private began: number | undefined;
  private readonly now: () => number;
  private readonly nextTurn: (work: () => void) => void;

  constructor(now = (): number => performance.now(), nextTurn: (work: () => void) => void = setImmediate) {
    this.now = now;
    this.nextTurn = nextTurn;
  }

  /** Calls `work`, now or in a turn to come, after all that was to be called before. */
  deliver(work: () => void): void {
    if (this.waiting.length > 0 || !this.inTime()) this.waiting.push(work);
    else work();
  }

  private inTime(): boolean {
    if (this.began === undefined) {
      this.began = this.now();
      this.nextTurn(() => this.turn());
      return true;
    }
    return this.now() - this.began < longest;
  }

  private turn(): void {
    this.began = undefined;
    while (this.waiting.length > 0 && this.inTime()) this.waiting.shift()!();
  }
}
