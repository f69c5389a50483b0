/**
 * The connections to one origin: those with room, those that are dialled, those who wait for one.
 * Knows: who gets which connection. Does not know: other origins, clocks.
 */
import { QueueOverflow } from '../../../src/errors.ts';
import type { Carrier } from './Carrier.ts';
import type { Opener, Pool, Waiter } from './Pool.ts';

/** A connection of the pool. */
export class Member {
  readonly carrier: Carrier;
  /** How many exchanges it was given. */
  uses = 0;
  restsSince = 0;
  private readonly origin: OriginPool;

  constructor(origin: OriginPool, carrier: Carrier) {
    this.origin = origin;
    this.carrier = carrier;
  }

  get rests(): boolean {
    return this.carrier.busy === 0;
  }

  close(): void {
    this.origin.remove(this);
    this.carrier.end();
  }
}

interface Dial {
  /** On whose behalf: it is told how far the dial is. It may have been given another connection since. */
  waiter: Waiter;
  callOff(): void;
}

export class OriginPool {
  readonly key: string;
  private readonly opener: Opener;
  private readonly pool: Pool;
  private readonly members = new Set<Member>();
  /** Members with room; the last one was used last. */
  private free: Member[] = [];
  private readonly dials = new Set<Dial>();
  private readonly waiting = new Set<Waiter>();
  /** How many exchanges a new connection will take at a time, as far as one knows. */
  private expected: number;

  constructor(key: string, opener: Opener, pool: Pool) {
    this.key = key;
    this.opener = opener;
    this.pool = pool;
    this.expected = opener.shares ? Infinity : 1;
  }

  acquire(waiter: Waiter): (() => void) | undefined {
    if (this.waiting.size === 0 && this.grant(waiter)) return undefined;
    this.waiting.add(waiter);
    this.dialAsNeeded();
    const { waiting } = this.pool.limits;
    // Those that are dialled for do not wait for anybody else.
    if (this.waiting.size - this.dials.size > waiting && this.waiting.delete(waiter))
      waiter.failed(new QueueOverflow(`${waiting} requests wait for a connection to ${this.opener} already`, waiting));
    return this.waiting.has(waiter) ? () => this.leave(waiter) : undefined;
  }

  /** Those with nothing to do, longest first. */
  resting(): Member[] {
    return this.free.filter((member) => member.rests);
  }

  closeResting(): void {
    for (const member of this.resting()) member.close();
  }

  close(error: unknown): void {
    for (const waiter of [...this.waiting]) {
      this.waiting.delete(waiter);
      waiter.failed(error);
    }
    for (const dial of [...this.dials]) this.callOff(dial);
    this.closeResting();
    this.tidy();
  }

  /** Begins as many dials as those who wait need, and as there may be. */
  dialAsNeeded(): void {
    const { perOrigin } = this.pool.limits;
    while (
      this.waiting.size > this.takenBy(this.dials.size) &&
      this.members.size + this.dials.size < perOrigin &&
      this.pool.mayDial(this)
    )
      this.dial();
    this.tidy();
  }

  remove(member: Member): void {
    if (!this.members.delete(member)) return;
    this.free = this.free.filter((other) => other !== member);
    this.pool.gone();
    this.dialAsNeeded();
  }

  /** Hands the connection over that was used last, if there is one with room. */
  private grant(waiter: Waiter): boolean {
    for (let member = this.free.at(-1); member !== undefined; member = this.free.at(-1)) {
      if (member.carrier.room === 0) {
        this.free.pop();
        continue;
      }
      const reused = member.uses++ > 0;
      waiter.granted(member.carrier, reused);
      if (member.carrier.room === 0 && this.free.at(-1) === member) this.free.pop();
      return true;
    }
    return false;
  }

  /** Gives those who wait what there is. */
  private serve(): void {
    for (const waiter of this.waiting) {
      if (!this.free.some(({ carrier }) => carrier.room > 0)) return;
      // Before it begins: an exchange that is over at once comes back here.
      this.waiting.delete(waiter);
      this.grant(waiter);
    }
    this.pool.satisfied(this);
  }

  /** How many of those who wait so many dials will take. */
  private takenBy(dials: number): number {
    return dials === 0 ? 0 : dials * this.expected;
  }

  private dial(): void {
    const waiter = this.notDialledFor();
    let member: Member | undefined;
    const dial: Dial = { waiter, callOff: nothing };
    this.dials.add(dial);
    const callOff = this.opener.open(
      {
        phase: (phase) => {
          if (this.waiting.has(dial.waiter)) dial.waiter.phase(phase);
        },
        opened: (carrier) => {
          if (!this.dials.delete(dial)) return;
          member = new Member(this, carrier);
          this.members.add(member);
          this.expected = Math.max(1, carrier.room);
          this.changed(member);
          this.dialAsNeeded();
        },
        failed: (error) => {
          if (!this.dials.delete(dial)) return;
          this.pool.gone();
          this.fail(dial, error);
          this.dialAsNeeded();
        },
      },
      () => {
        if (member !== undefined) this.changed(member);
      },
    );
    // It may have failed, or succeeded, by now.
    if (this.dials.has(dial)) dial.callOff = callOff;
  }

  /** Whoever has waited longest without a dial of its own. */
  private notDialledFor(): Waiter {
    const dialledFor = new Set([...this.dials].map(({ waiter }) => waiter));
    for (const waiter of this.waiting) if (!dialledFor.has(waiter)) return waiter;
    throw new RangeError('a dial for nobody');
  }

  /** A failed dial fails whom it was for; one that was to be shared, all who wait for it. */
  private fail({ waiter }: Dial, error: unknown): void {
    if (this.expected === Infinity) {
      for (const each of [...this.waiting]) {
        this.waiting.delete(each);
        each.failed(error);
      }
      return;
    }
    const [first] = this.waiting;
    // It may have been given another connection: then the one that waits longest takes its place.
    const whom = this.waiting.has(waiter) ? waiter : first;
    if (whom === undefined) return;
    this.waiting.delete(whom);
    whom.failed(error);
  }

  private changed(member: Member): void {
    const { carrier } = member;
    if (!this.members.has(member)) return;
    if (!carrier.open) {
      this.remove(member);
      return;
    }
    if (carrier.room === 0) return;
    if (this.free.at(-1) !== member) {
      if (this.free.includes(member)) this.free = this.free.filter((other) => other !== member);
      this.free.push(member);
    }
    this.serve();
    if (this.members.has(member) && member.rests && carrier.room > 0) this.pool.rests(member);
  }

  /** Nobody waits here any more: a dial that nobody needs now is called off. */
  private leave(waiter: Waiter): void {
    if (!this.waiting.delete(waiter)) return;
    if (this.waiting.size === 0) this.pool.satisfied(this);
    for (const dial of [...this.dials]) {
      if (this.waiting.size > this.takenBy(this.dials.size - 1)) break;
      if (dial.waiter === waiter || !this.waiting.has(dial.waiter)) this.callOff(dial);
    }
    this.tidy();
  }

  private callOff(dial: Dial): void {
    this.dials.delete(dial);
    dial.callOff();
    this.pool.gone();
  }

  private tidy(): void {
    if (this.members.size + this.dials.size + this.waiting.size === 0) this.pool.forget(this);
  }
}

function nothing(): void {}
