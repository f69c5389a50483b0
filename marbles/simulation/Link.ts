/**
 * What lies between two hosts: how long it takes, how much it carries, and what goes wrong on it.
 * Knows: both ways, what is stuck on them, the faults that are drawn for it. Does not know: sockets, but for breaking them off.
 */
import type { Clock } from './Clock.ts';
import { parseFaults, type Fault, type TimedFault } from './faults.ts';
import type { Host } from './Host.ts';
import { millisecondsOf, rateOf, type Duration, type Rate } from './quantities.ts';

/** Keeps what one socket sends in order: when the last of it arrives. */
export interface Order {
  last: number;
}

/** What may happen to a datagram, each as a probability from 0 to 1. */
export interface DatagramManners {
  /** It is lost; one of several pieces (see `mtu`) is, and so are all. */
  readonly loss?: number;
  /** It comes twice. */
  readonly doubled?: number;
  /** It is up to a second late, and others overtake it. */
  readonly reordered?: number;
  /** It travels in pieces of so many bytes (1500). */
  readonly mtu?: number;
}

/** How late a datagram can be that others overtake, in milliseconds. */
const overtaking = 1000;

/** One direction of a link. */
export class Way {
  latency = 0;
  jitter = 0;
  /** Bytes a millisecond. */
  rate = Infinity;
  /** Nothing arrives: what can be sent again waits, resets are lost. */
  cut = false;
  /** Nothing arrives, and nothing is lost. */
  held = false;
  private readonly clock: Clock;
  private readonly to: Host;
  private readonly random: () => number;
  /** What happens to datagrams. */
  manners: Required<DatagramManners> = { loss: 0, doubled: 0, reordered: 0, mtu: 1500 };
  private busyUntil = 0;
  private readonly stuck: (() => void)[] = [];

  constructor(clock: Clock, to: Host, random: () => number) {
    this.clock = clock;
    this.to = to;
    this.random = random;
  }

  /** `perishable` is what nobody sends a second time: on a way that is cut it is lost. */
  carry(order: Order, size: number, deliver: () => void, perishable = false): void {
    this.busyUntil = Math.max(this.busyUntil, this.clock.frame) + size / this.rate;
    const jitter = this.jitter === 0 ? 0 : this.random() * this.jitter;
    order.last = Math.max(order.last, this.busyUntil + this.latency + jitter);
    this.clock.arrive(this.to, order.last, () => {
      if (perishable && this.cut) return;
      if (this.cut || this.held || this.stuck.length > 0) this.stuck.push(deliver);
      else deliver();
    });
  }

  /** A datagram on its way: lost, doubled or overtaken as the dice say, and not at all in order with others. */
  toss(size: number, deliver: () => void): void {
    const { loss, doubled, reordered, mtu } = this.manners;
    if (doubled > 0 && this.random() < doubled) this.fly(size, deliver);
    // In as many pieces as it takes (RFC 791, 3.2): if one of them is lost, all are.
    for (let pieces = Math.max(1, Math.ceil(size / mtu)); loss > 0 && pieces > 0; pieces--)
      if (this.random() < loss) return;
    if (reordered > 0 && this.random() < reordered) this.fly(size, deliver, this.random() * overtaking);
    else this.fly(size, deliver);
  }

  private fly(size: number, deliver: () => void, late = 0): void {
    this.busyUntil = Math.max(this.busyUntil, this.clock.frame) + size / this.rate;
    const jitter = this.jitter === 0 ? 0 : this.random() * this.jitter;
    this.clock.arrive(this.to, this.busyUntil + this.latency + jitter + late, () => {
      if (this.cut) return;
      if (this.held) this.stuck.push(deliver);
      else deliver();
    });
  }

  /** What was stuck arrives now, in order, and before whatever comes after it. */
  free(): void {
    if (this.cut || this.held || this.stuck.length === 0) return;
    this.clock.arrive(this.to, this.clock.frame, () => {
      while (this.stuck.length > 0 && !this.cut && !this.held) this.stuck.shift()!();
    });
  }
}

/** What can be said of a link. All of it can be said again at any time, and returns the link. */
export interface LinkSettings {
  /** How long a byte is on its way, each way; `jitter` is how much longer it may be. */
  latency(latency: Duration, options?: { readonly jitter?: Duration }): LinkSettings;
  /** How much fits through, each way. */
  bandwidth(rate: Rate): LinkSettings;
  /** What a send or receive buffer at its ends can hold, in bytes: for connections that are opened from now on. */
  window(bytes: number): LinkSettings;
  /** Whether reads are cut and joined at random (they are): for connections that are opened from now on. */
  rechunk(on: boolean): LinkSettings;
  /** What happens to datagrams, each way. */
  datagrams(manners: DatagramManners): LinkSettings;
  /** Nothing arrives any more; with `from`, only of what that host sends. TCP sends again once it is healed. */
  cut(from?: string): LinkSettings;
  /** What is in flight, and whatever follows, stays on its way; with `from`, only of what that host sends. */
  hold(from?: string): LinkSettings;
  /** Lets go of what `hold` keeps. */
  release(): LinkSettings;
  /** Every connection on it is broken off at both ends. */
  reset(): LinkSettings;
  /** Dials are refused. */
  refuse(): LinkSettings;
  /** Undoes cut, hold and refuse. */
  heal(): LinkSettings;
  /**
   * Faults at exact times: each character takes a `frame` (one second). `-` is time, `x` cuts, `>` cuts what the first host
   * sends (the one named first when the link was first spoken of), `<` what the second sends, `o` heals; a word takes one frame, too: `(cut)`, `(heal)`, `(reset)`, `(hold)`,
   * `(release)`, `(refuse)`; a time between blanks (` 20s `) passes. Throws a `SyntaxError` for anything else.
   */
  faults(diagram: string, options?: { readonly frame?: Duration }): LinkSettings;
}

export class Link implements LinkSettings {
  /** What a buffer holds, in bytes. */
  buffers = 65536;
  cutsReads: boolean;
  refusing = false;
  /** What its profile has done to it, with the times in milliseconds. */
  readonly drawn: TimedFault[] = [];
  private readonly clock: Clock;
  private readonly first: Host;
  private readonly second: Host;
  private readonly ways: readonly [Way, Way];
  /** Faults that were planned before the last time the world was healed do not happen. */
  private peace = 0;

  constructor(clock: Clock, first: Host, second: Host, random: () => number, cutsReads: boolean) {
    this.clock = clock;
    this.first = first;
    this.second = second;
    this.cutsReads = cutsReads;
    this.ways = [new Way(clock, second, random), new Way(clock, first, random)];
  }

  joins(ends: ReadonlySet<Host>): boolean {
    return ends.has(this.first) && ends.has(this.second) && (ends.size === 2) === (this.first !== this.second);
  }

  wayFrom(host: Host): Way {
    return this.ways[host === this.first ? 0 : 1];
  }

  wayTo(host: Host): Way {
    return this.ways[host === this.first ? 1 : 0];
  }

  latency(latency: Duration, { jitter = 0 }: { readonly jitter?: Duration } = {}): this {
    for (const way of this.ways) {
      way.latency = millisecondsOf(latency);
      way.jitter = millisecondsOf(jitter);
    }
    return this;
  }

  bandwidth(rate: Rate): this {
    for (const way of this.ways) way.rate = rateOf(rate) / 1000;
    return this;
  }

  window(bytes: number): this {
    if (!(Number.isInteger(bytes) && bytes > 0))
      throw new RangeError(`expected a number of bytes above 0, got ${bytes}`);
    this.buffers = bytes;
    return this;
  }

  rechunk(on: boolean): this {
    this.cutsReads = on;
    return this;
  }

  datagrams(manners: DatagramManners): this {
    for (const [name, value] of Object.entries(manners) as [keyof DatagramManners, number][]) {
      const whole = name === 'mtu';
      if (whole ? !(Number.isInteger(value) && value > 0) : !(value >= 0 && value <= 1))
        throw new RangeError(
          `expected ${whole ? 'a number of bytes above 0' : 'a probability from 0 to 1'} for ${name}, got ${value}`,
        );
    }
    for (const way of this.ways) way.manners = { ...way.manners, ...manners };
    return this;
  }

  cut(from?: string): this {
    return this.change(
      from === undefined ? 'is cut' : `is cut from ${from}`,
      this.waysFrom(from),
      (way) => (way.cut = true),
    );
  }

  hold(from?: string): this {
    return this.change(
      from === undefined ? 'is held' : `is held from ${from}`,
      this.waysFrom(from),
      (way) => (way.held = true),
    );
  }

  release(): this {
    return this.change('is released', this.ways, (way) => (way.held = false));
  }

  heal(): this {
    this.refusing = false;
    return this.change('is healed', this.ways, (way) => (way.cut = way.held = false));
  }

  refuse(): this {
    this.refusing = true;
    return this.change('refuses', [], () => {});
  }

  reset(): this {
    this.first.note(`${this} breaks off its connections`);
    for (const [host, other] of [
      [this.first, this.second],
      [this.second, this.first],
    ]) {
      const sockets = [...host.sockets].filter(({ remote }) => remote?.host === other.ip);
      for (const socket of sockets)
        this.clock.arrive(host, this.clock.frame, () => socket.reset('was broken off by the network'));
    }
    return this;
  }

  faults(diagram: string, { frame = 1000 }: { readonly frame?: Duration } = {}): this {
    for (const { at, fault } of parseFaults({ diagram, frame })) this.plan(at, () => this.suffer(fault));
    return this;
  }

  /** Something that happens to this link so much later, unless the world is healed before. */
  plan(after: number, happen: () => void): void {
    const { peace } = this;
    this.clock.arrive(undefined, this.clock.frame + after, () => {
      if (peace === this.peace) happen();
    });
  }

  suffer(fault: Fault): void {
    this.sufferFrom(this.first, fault);
  }

  /** A fault as it is drawn by who calls `first` the first. */
  sufferFrom(first: Host, fault: Fault): void {
    if (fault === 'cutFirst') this.cut(first.name);
    else if (fault === 'cutSecond') this.cut((first === this.first ? this.second : this.first).name);
    else this[fault]();
  }

  /** What chance does to it. */
  strike(fault: Fault): void {
    this.drawn.push({ at: this.clock.frame, fault });
    this.suffer(fault);
  }

  /** Heals, and nothing that was planned goes wrong any more. */
  pacify(): void {
    this.peace++;
    this.heal();
  }

  get name(): string {
    return `${this.first.name}-${this.second.name}`;
  }

  toString(): string {
    return `the link ${this.name}`;
  }

  /** All that a seed or the test has decided of it. */
  describe(): string {
    const [{ latency, jitter, rate, manners }] = this.ways;
    const { loss, doubled, reordered, mtu } = manners;
    const datagrams =
      loss + doubled + reordered === 0
        ? ''
        : `, datagrams lost ${percent(loss)}, doubled ${percent(doubled)}, overtaken ${percent(reordered)}, mtu ${mtu}`;
    const drawn = this.drawn.map(({ at, fault }) => `${fault} at ${(at / 1000).toFixed(3)} s`).join(', ');
    const carries = rate === Infinity ? 'any bandwidth' : `${Math.round(rate * 1000)} B/s`;
    return (
      `${this}: latency ${latency.toFixed(3)} ms, jitter ${jitter.toFixed(3)} ms, ${carries}, ` +
      `window ${this.buffers}, ${this.cutsReads ? 'reads cut at random' : 'reads whole'}${datagrams}` +
      (drawn === '' ? '' : `\n    drawn for it: ${drawn}`)
    );
  }

  private change(what: string, ways: readonly Way[], how: (way: Way) => void): this {
    this.first.note(`${this} ${what}`);
    ways.forEach(how);
    for (const way of this.ways) way.free();
    return this;
  }

  private waysFrom(from: string | undefined): readonly Way[] {
    if (from === undefined) return this.ways;
    if (from === this.first.name) return [this.ways[0]];
    if (from === this.second.name) return [this.ways[1]];
    throw new Error(`${this} has no host ${from}`);
  }
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(1)} %`;
}
