/**
 * What a socket without a kernel sends: one datagram in each turn, as a kernel would take them.
 * Knows: their order, what waits, how long one may be. Does not know: where they go.
 */
import type { SchedulerLike } from 'rxjs';
import type { Destination } from '../Address.ts';
import type { Bytes } from '../bytes.ts';
import { DatagramTooLong } from '../errors.ts';

/** The most that UDP over IPv4 can carry: 65,535 less both headers (RFC 768, RFC 791). */
export const longestDatagram = 65_507;

/** What is said of one that is longer; `undefined` for one that is not. */
export function tooLong(data: Bytes, to: unknown, remote: Destination | undefined): DatagramTooLong | undefined {
  if (data.length <= longestDatagram) return undefined;
  const problem = `a datagram of ${data.length} bytes is too long, ${longestDatagram} are the most`;
  return new DatagramTooLong(`sending to ${to}: ${problem}`, { remote, code: 'EMSGSIZE' });
}

export class Posting<Parcel extends { readonly data: Bytes }> {
  /** Bytes that wait for their turn. */
  unsent = 0;
  private readonly scheduler: SchedulerLike;
  private readonly carry: (parcel: Parcel) => void;
  private readonly waiting: Parcel[] = [];
  private whenEmpty: (() => void) | undefined;

  /** `carry` takes each to where it goes, in a turn of its own. */
  constructor(scheduler: SchedulerLike, carry: (parcel: Parcel) => void) {
    this.scheduler = scheduler;
    this.carry = carry;
  }

  push(parcel: Parcel): void {
    this.waiting.push(parcel);
    this.unsent += parcel.data.length;
    if (this.waiting.length === 1) this.plan();
  }

  /** Nothing more comes: `whenEmpty` is called once all is on its way. */
  end(whenEmpty: () => void): void {
    this.whenEmpty = whenEmpty;
    if (this.waiting.length === 0) whenEmpty();
  }

  /** What waits is for nobody. */
  clear(): void {
    this.waiting.length = this.unsent = 0;
  }

  private plan(): void {
    this.scheduler.schedule(() => {
      const parcel = this.waiting.shift();
      if (parcel === undefined) return;
      this.unsent -= parcel.data.length;
      if (this.waiting.length > 0) this.plan();
      this.carry(parcel);
      if (this.waiting.length === 0) this.whenEmpty?.();
    });
  }
}
