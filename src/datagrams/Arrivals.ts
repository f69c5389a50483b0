/**
 * Datagrams that arrived: shared by whoever listens, and kept for a while where nobody does, or while delivery is held.
 * Knows: the subscribers, a short queue, what had to be dropped. Does not know: sockets, how they end.
 * No platform can be told to stop receiving datagrams, so the queue is bounded by dropping the oldest (rule 2).
 */
import type { Subscriber, TeardownLogic } from 'rxjs';
import type { Datagram } from '../Datagrams.ts';
import { feed, HoldGroup, joinSink, type Pausable } from '../flow.ts';
import type { Flushable } from '../Transport.ts';
import type { DatagramTransport } from './DatagramTransport.ts';

/** This many datagrams may wait. */
export const mostWaiting = 1024;
/** This many bytes may wait. */
export const mostBytesWaiting = 1 << 20;

/** How what arrives came to an end. */
export interface End {
  readonly error?: unknown;
}

export class Arrivals implements Pausable, Flushable {
  readonly group = new HoldGroup(this);
  private readonly transport: Pick<DatagramTransport, 'now' | 'atTurnEnd'>;
  private readonly owner: { toString(): string };
  /** Replaced, never changed: who comes while a datagram is delivered does not hear that one. */
  private subscribers: readonly Subscriber<Datagram>[] = [];
  private waiting: Datagram[] = [];
  private bytesWaiting = 0;
  private paused = false;
  /** Whether the end of this turn has been asked for. */
  private planned = false;
  private end: End | undefined;
  /** Datagrams that arrived. */
  received = 0;
  /** Of these, the ones that were dropped because too many waited. */
  lost = 0;

  constructor(transport: Pick<DatagramTransport, 'now' | 'atTurnEnd'>, owner: { toString(): string }) {
    this.transport = transport;
    this.owner = owner;
  }

  /** How many datagrams wait. */
  get backlog(): number {
    return this.waiting.length;
  }

  toString(): string {
    return String(this.owner);
  }

  next(datagram: Datagram): void {
    if (this.end !== undefined) return;
    this.received++;
    if (this.flowing && this.waiting.length === 0) this.deliver(datagram);
    else this.keep(datagram);
  }

  subscribe(subscriber: Subscriber<Datagram>): TeardownLogic {
    if (this.end !== undefined) {
      tell(subscriber, this.end);
      return;
    }
    const sink = joinSink(this.group);
    this.subscribers = [...this.subscribers, subscriber];
    this.plan();
    return () => {
      sink?.leave(this.group);
      this.subscribers = this.subscribers.filter((other) => other !== subscriber);
    };
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.plan();
  }

  now(): number {
    return this.transport.now();
  }

  /** The end of a turn in which somebody came, or let go: hands out what waited. */
  flush(): void {
    this.planned = false;
    while (this.flowing && this.waiting.length > 0) this.deliver(this.take());
  }

  /** Nothing more arrives; what still waits is dropped. */
  finish(end: End): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.lost += this.waiting.length;
    this.waiting = [];
    this.bytesWaiting = 0;
    for (const subscriber of this.subscribers) tell(subscriber, end);
  }

  private get flowing(): boolean {
    return this.subscribers.length > 0 && !this.paused;
  }

  private deliver(datagram: Datagram): void {
    for (const subscriber of this.subscribers) feed(this.group, subscriber, datagram);
  }

  private keep(datagram: Datagram): void {
    this.waiting.push(datagram);
    this.bytesWaiting += datagram.data.length;
    while (this.waiting.length > mostWaiting || this.bytesWaiting > mostBytesWaiting) {
      this.take();
      this.lost++;
    }
  }

  private take(): Datagram {
    const datagram = this.waiting.shift()!;
    this.bytesWaiting -= datagram.data.length;
    return datagram;
  }

  /** In a turn of its own: several may subscribe in this one, and a sink that lets go has more to do first. */
  private plan(): void {
    if (this.planned || !this.flowing || this.waiting.length === 0) return;
    this.planned = true;
    this.transport.atTurnEnd(this);
  }
}

function tell(subscriber: Subscriber<Datagram>, end: End): void {
  if ('error' in end) subscriber.error(end.error);
  else subscriber.complete();
}
