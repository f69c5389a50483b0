/**
 * Whether the peer takes what is said: who never reads what he asked for would keep it in memory for as long as he likes.
 * Knows: the platform's word that it is full, and whether anything has moved since. Does not know: what is being said.
 */
import type { Subscription } from 'rxjs';
import type { Connection } from '../../src/Connection.ts';

export class Standstill {
  private readonly connection: Connection;
  private readonly every: number;
  private readonly found: () => void;
  private timer: Subscription | undefined;
  private stopped = false;

  /** `found` is called once, when nothing was taken from one look to the next, `every` milliseconds later, and something waits. */
  constructor(connection: Connection, every: number, found: () => void) {
    this.connection = connection;
    this.every = every;
    this.found = found;
    if (every !== Infinity) connection.halves.onFilled(() => this.begin());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.unsubscribe();
  }

  /** Nobody looks while all is taken at once, as nearly always. */
  private begin(): void {
    if (this.stopped || this.timer !== undefined) return;
    const { halves } = this.connection;
    const { taken } = halves;
    this.timer = halves.transport.scheduler.schedule(() => {
      this.timer = undefined;
      if (halves.outbox.unsent === 0) return;
      if (halves.taken === taken) this.found();
      else this.begin();
    }, this.every);
  }
}
