/**
 * One machine of a world: its name and address, its program, its ports and sockets, its clock, its lives.
 * Knows: starting, crashing, starting again, overload, stopping. Does not know: links, what a program does.
 */
import { Observable, Subscription, type SchedulerLike, type Unsubscribable } from 'rxjs';
import type { IpAddress } from '../../src/Address.ts';
import type { ListenerEvents } from '../../src/Listener.ts';
import type { Clock, Owner } from './Clock.ts';
import { offsetOf, type Duration } from './quantities.ts';
import type { SimulatedDatagrams } from './SimulatedDatagrams.ts';
import type { Phrase, Trace } from './Trace.ts';

/** What runs on a host: an Observable is subscribed for as long as the host lives, a subscription or function ends with it. */
export type Running = Observable<unknown> | Unsubscribable | (() => void) | void;

/** What a machine is like. */
export interface HostOptions {
  /** By how much its clock goes before that of the world (0): what `now()` of its schedulers tells, for better or worse. */
  readonly ahead?: Duration | `-${Duration}`;
  /** How fast its clock runs (1): at 1.01 its timers come a hundredth too early. */
  readonly rate?: number;
}

/** A host, as a test sees it. */
export interface HostControls {
  readonly name: string;
  readonly up: boolean;
  /** Its program is no more: its connections are reset, its ports closed, what it had scheduled is dropped. */
  crash(): void;
  /** Its program begins anew, if it was crashed. */
  restart(): void;
  /** The backlogs of its ports are full: dials are not answered, and the dialling kernel tries again, until `accept()`. */
  overload(): void;
  /** Dials are answered again. */
  accept(): void;
}

/** What a host is made of. */
export interface HostSetting extends HostOptions {
  readonly index: number;
  readonly name: string;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly failed: (error: unknown) => void;
}

/** What a crash takes along: one end of a connection, a datagram socket. */
export interface Socket {
  readonly remote: IpAddress | undefined;
  orphan(): void;
  reset(why: string): void;
}

export class Host implements Owner, HostControls {
  readonly index: number;
  readonly name: string;
  readonly ip: string;
  readonly ahead: number;
  readonly rate: number;
  readonly scheduler: SchedulerLike;
  readonly sockets = new Set<Socket>();
  /** Who listens, by port. */
  readonly ports = new Map<number, ListenerEvents>();
  /** Who hears datagrams, by port. */
  readonly mailboxes = new Map<number, SimulatedDatagrams>();
  life = 0;
  up = false;
  overloaded = false;
  /** The next port that is free for who dials or does not care. */
  nextPort = 49152;
  private readonly clock: Clock;
  private readonly trace: Trace;
  private readonly program: () => Running;
  private readonly failed: (error: unknown) => void;
  private running = new Subscription();

  constructor({ index, name, clock, trace, failed, ahead = 0, rate = 1 }: HostSetting, program: () => Running) {
    if (!(rate > 0)) throw new RangeError(`expected a rate above 0 for the clock of ${name}, got ${rate}`);
    this.index = index;
    this.name = name;
    this.ip = `10.0.${(index + 1) >> 8}.${(index + 1) & 255}`;
    this.ahead = offsetOf(ahead);
    this.rate = rate;
    this.clock = clock;
    this.trace = trace;
    this.program = program;
    this.failed = failed;
    this.scheduler = clock.schedulerOf(this);
  }

  note(text: string): void {
    this.trace.note(this.clock.frame, text);
  }

  /** What happens all the time. */
  noteNumbers(phrase: Phrase, number: number, hash?: number): void {
    this.trace.noteNumbers(this.clock.frame, phrase, number, hash);
  }

  start(): void {
    this.up = true;
    this.note(`${this.name} starts at ${this.ip}`);
    this.running = new Subscription();
    this.clock.as(this, () => {
      const running = this.program();
      if (running instanceof Observable) this.running.add(running.subscribe({ error: this.failed }));
      else this.running.add(running ?? undefined);
    });
  }

  crash(): void {
    if (!this.up) return;
    this.note(`${this.name} crashes`);
    this.up = false;
    this.life++;
    this.ports.clear();
    this.mailboxes.clear();
    this.clock.as(this, () => {
      // All programs of a world share one memory, so what this one holds must be let go of. It is heard nowhere: there is
      // no way from here to the network, and whatever is scheduled by who is down is dropped.
      this.running.unsubscribe();
      for (const socket of this.sockets) socket.orphan();
    });
  }

  restart(): void {
    if (!this.up) this.start();
  }

  overload(): void {
    this.note(`${this.name} is overloaded`);
    this.overloaded = true;
  }

  accept(): void {
    this.note(`${this.name} accepts again`);
    this.overloaded = false;
  }

  /** All that a seed or the test has decided of it. */
  describe(): string {
    const { name, ip, life, ahead, rate } = this;
    const clock = ahead === 0 && rate === 1 ? '' : `, its clock ${ahead} ms ahead, at rate ${rate}`;
    return `host ${name}: ${ip}${clock}${life > 0 ? `, crashed ${life} times` : ''}`;
  }

  /** Its program ends in order. */
  stop(): void {
    this.note(`${this.name} stops`);
    this.clock.as(this, () => this.running.unsubscribe());
  }

  toString(): string {
    return this.name;
  }
}
