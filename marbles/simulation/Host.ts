/**
 * One machine of a world: its name and address, its program, its ports and sockets, its lives.
 * Knows: starting, crashing, starting again, stopping. Does not know: links, what a program does.
 */
import { Observable, Subscription, type SchedulerLike, type Unsubscribable } from 'rxjs';
import type { ListenerEvents } from '../../src/Listener.ts';
import type { Clock, Owner } from './Clock.ts';
import type { SimulatedTransport } from './SimulatedTransport.ts';
import type { Trace } from './Trace.ts';

/** What runs on a host: an Observable is subscribed for as long as the host lives, a subscription or function ends with it. */
export type Running = Observable<unknown> | Unsubscribable | (() => void) | void;

/** A host, as a test sees it. */
export interface HostControls {
  readonly name: string;
  readonly up: boolean;
  /** Its program is no more: its connections are reset, its ports closed, what it had scheduled is dropped. */
  crash(): void;
  /** Its program begins anew, if it was crashed. */
  restart(): void;
}

export class Host implements Owner, HostControls {
  readonly index: number;
  readonly name: string;
  readonly ip: string;
  readonly scheduler: SchedulerLike;
  readonly sockets = new Set<SimulatedTransport>();
  /** Who listens, by port. */
  readonly ports = new Map<number, ListenerEvents>();
  life = 0;
  up = false;
  /** The next port that is free for who dials or does not care. */
  nextPort = 49152;
  private readonly clock: Clock;
  private readonly trace: Trace;
  private readonly program: () => Running;
  private readonly failed: (error: unknown) => void;
  private running = new Subscription();

  constructor(
    index: number,
    name: string,
    clock: Clock,
    trace: Trace,
    program: () => Running,
    failed: (error: unknown) => void,
  ) {
    this.index = index;
    this.name = name;
    this.ip = `10.0.${(index + 1) >> 8}.${(index + 1) & 255}`;
    this.clock = clock;
    this.trace = trace;
    this.program = program;
    this.failed = failed;
    this.scheduler = clock.schedulerOf(this);
  }

  note(text: string): void {
    this.trace.note(this.clock.frame, text);
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

  /** Its program ends in order. */
  stop(): void {
    this.note(`${this.name} stops`);
    this.clock.as(this, () => this.running.unsubscribe());
  }

  toString(): string {
    return this.name;
  }
}
