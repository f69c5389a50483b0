/**
 * The connections of a client, and who waits for one.
 * Knows: limits in all, who may dial next, when a connection has rested too long. Does not know: one origin's affairs
 * (OriginPool.ts), what goes over a connection.
 */
import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import type { DialPhase } from '../../../src/dialPhases.ts';
import { Cancelled } from '../../../src/errors.ts';
import type { Carrier } from './Carrier.ts';
import { OriginPool, type Member } from './OriginPool.ts';

export interface PoolLimits {
  /** The most connections to one origin, those that are dialled included (64). */
  readonly perOrigin?: number;
  /** The most connections in all (256): beyond, those that rest make room for those that are needed. */
  readonly total?: number;
  /** How long a connection rests before it is closed, in milliseconds (4,000: many servers close after 5 s). */
  readonly idleTime?: number;
  /** The most requests that wait for a connection to one origin (1,024). */
  readonly waiting?: number;
}

/** What becomes of a dial. */
export interface OpenEvents {
  /** It has come so far. */
  phase(phase: DialPhase): void;
  opened(carrier: Carrier): void;
  failed(error: unknown): void;
}

/** How connections to one origin are made. */
export interface Opener {
  /** Whether one connection may carry many exchanges. */
  readonly shares: boolean;
  /** Dials; returns how to call it off. `changed` belongs to the carrier that comes of it. */
  open(events: OpenEvents, changed: () => void): () => void;
  toString(): string;
}

/** Whoever waits for a connection. */
export interface Waiter {
  /** Here it is: begin an exchange on it, at once. `reused`: it has carried others before. */
  granted(carrier: Carrier, reused: boolean): void;
  failed(error: unknown): void;
  /** How far the dial on its behalf has come. */
  phase(phase: DialPhase): void;
}

/**
 * A pool.
 *
 * In plain words: whoever asks gets the connection that was used last (LIFO), so that those that are too many grow old and are
 * closed; if there is none with room a new one is dialled; if there may be no more, it waits, first come first served.
 *
 * Limits: see {@link PoolLimits}. An origin costs nothing once it has no connection and nobody waits for one.
 */
export class Pool {
  readonly limits: Required<PoolLimits>;
  readonly scheduler: SchedulerLike;
  private readonly origins = new Map<string, OriginPool>();
  /** Origins that may not dial because there are too many connections, in the order in which they came to that. */
  private readonly starving = new Set<OriginPool>();
  private open = 0;
  private resting: Subscription | undefined;
  private closed = false;

  constructor(limits: PoolLimits = {}, scheduler: SchedulerLike = asyncScheduler) {
    const { perOrigin = 64, total = 256, idleTime = 4_000, waiting = 1_024 } = limits;
    this.limits = { perOrigin, total, idleTime, waiting };
    this.scheduler = scheduler;
  }

  /** Connections that are there or dialled. */
  get size(): number {
    return this.open;
  }

  /**
   * Asks for a connection; `opener` makes new ones. Returns how to stop waiting, if there is something to wait for: it may have
   * been granted, or have failed, before this returns.
   */
  acquire(key: string, opener: () => Opener, waiter: Waiter): (() => void) | undefined {
    if (this.closed) {
      waiter.failed(new Cancelled('the client was closed'));
      return undefined;
    }
    let origin = this.origins.get(key);
    if (origin === undefined) this.origins.set(key, (origin = new OriginPool(key, opener(), this)));
    return origin.acquire(waiter);
  }

  /** Something happened that makes all connections to this origin suspicious: those that rest are closed. */
  distrust(key: string): void {
    this.origins.get(key)?.closeResting();
  }

  /** Closes what rests, fails those who wait; what is being answered is finished. */
  close(): void {
    this.closed = true;
    this.resting?.unsubscribe();
    for (const origin of [...this.origins.values()]) origin.close(new Cancelled('the client was closed'));
  }

  /** An origin wants to dial. Whether it may now; if not, it is remembered. */
  mayDial(origin: OriginPool): boolean {
    if (this.open >= this.limits.total) this.oldestResting()?.close();
    if (this.open < this.limits.total) {
      this.open++;
      this.starving.delete(origin);
      return true;
    }
    this.starving.add(origin);
    return false;
  }

  /** A connection, or a dial, is over. */
  gone(): void {
    this.open--;
    const [next] = this.starving;
    if (next === undefined || this.open >= this.limits.total) return;
    this.starving.delete(next);
    next.dialAsNeeded();
  }

  /** Nobody needs this origin now. */
  forget(origin: OriginPool): void {
    this.starving.delete(origin);
    this.origins.delete(origin.key);
  }

  satisfied(origin: OriginPool): void {
    this.starving.delete(origin);
  }

  /** A connection has nothing to do. It may have to make room for somebody else. */
  rests(member: Member): void {
    if (this.closed || this.starving.size > 0) {
      member.close();
      return;
    }
    member.restsSince = this.scheduler.now();
    this.resting ??= this.scheduler.schedule(() => this.sweep(), this.limits.idleTime);
  }

  /** One timer for all: it looks who has rested long enough, and comes again for who rests longest then. */
  private sweep(): void {
    this.resting = undefined;
    const now = this.scheduler.now();
    const { idleTime } = this.limits;
    let next = Infinity;
    for (const origin of [...this.origins.values()]) {
      for (const member of [...origin.resting()]) {
        const left = member.restsSince + idleTime - now;
        if (left <= 0) member.close();
        else next = Math.min(next, left);
      }
    }
    if (next < Infinity) this.resting = this.scheduler.schedule(() => this.sweep(), next);
  }

  private oldestResting(): Member | undefined {
    let oldest: Member | undefined;
    for (const origin of this.origins.values()) {
      for (const member of origin.resting())
        if (oldest === undefined || member.restsSince < oldest.restsSince) oldest = member;
    }
    return oldest;
  }
}
