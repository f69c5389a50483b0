/**
 * A stream of the far side, as its subscriber here has it: a source that can be held.
 * Knows: what waits while it is held, how much credit to give for what was taken. Does not know: frames, codecs.
 */
import type { Subscriber } from 'rxjs';
import type { Connection } from '../../src/Connection.ts';
import { feed, HoldGroup, joinSink, type Pausable } from '../../src/flow.ts';
import type { Flushable } from '../../src/Transport.ts';
import { noteHeld, noteReleased } from './heldStreams.ts';

export class ReceivedStream implements Pausable, Flushable {
  /** What the conversation has called it; 0 until it was asked for. */
  id = 0;
  readonly group = new HoldGroup(this);
  private readonly name: string;
  private readonly connection: Connection;
  private readonly subscriber: Subscriber<unknown>;
  /** Bytes that may be on their way or wait here: half of it is given again when it was taken. */
  private readonly window: number;
  private readonly grant: (id: number, credit: number) => void;
  private taken = 0;
  private waiting: { readonly value: unknown; readonly cost: number }[] = [];
  private end: { readonly error?: unknown } | undefined;
  private handingOut = false;

  constructor(
    name: string,
    connection: Connection,
    subscriber: Subscriber<unknown>,
    window: number,
    grant: (id: number, credit: number) => void,
  ) {
    this.name = name;
    this.connection = connection;
    this.subscriber = subscriber;
    this.window = window;
    this.grant = grant;
    const sink = joinSink(this.group);
    subscriber.add(() => {
      sink?.leave(this.group);
      this.waiting = [];
    });
  }

  toString(): string {
    return `the stream ${this.name} of ${this.connection.remote}`;
  }

  now(): number {
    return this.connection.halves.now();
  }

  pause(): void {
    noteHeld(this.connection, this.id, this.group);
  }

  resume(): void {
    noteReleased(this.connection, this.id);
    // All of a window may have been taken by somebody who then held: there is nothing to hand out, but credit to give.
    if (this.waiting.length > 0 || this.owesCredit) this.connection.halves.transport.atTurnEnd(this);
  }

  /** The end of the turn in which the last hold was released. */
  flush(): void {
    this.handOut();
  }

  received(value: unknown, cost: number): void {
    if (this.waiting.length > 0 || this.handingOut || this.group.held) this.waiting.push({ value, cost });
    else {
      this.handingOut = true;
      this.give(value, cost);
      this.handingOut = false;
      this.settle();
    }
  }

  /** Values first, then the end. */
  finish(end: { readonly error?: unknown }): void {
    this.end ??= end;
    this.handOut();
  }

  /** Broken off here: what waits is for nobody, as with a connection that is aborted (rule 4). */
  breakOff(error: unknown): void {
    this.waiting = [];
    this.tellEnd({ error });
  }

  private handOut(): void {
    if (this.handingOut) return;
    this.handingOut = true;
    while (this.waiting.length > 0 && !this.group.held && !this.subscriber.closed) {
      const { value, cost } = this.waiting.shift()!;
      this.give(value, cost);
    }
    this.handingOut = false;
    this.settle();
  }

  private give(value: unknown, cost: number): void {
    feed(this.group, this.subscriber, value);
    this.taken += cost;
  }

  /** What follows a value: the next one, if it came meanwhile; the end; or more credit. */
  private settle(): void {
    if (this.waiting.length > 0 && !this.group.held && !this.subscriber.closed) this.handOut();
    else if (this.waiting.length === 0 && this.end !== undefined) this.tellEnd(this.end);
    else if (this.owesCredit && !this.group.held && !this.subscriber.closed) this.giveCredit();
  }

  private get owesCredit(): boolean {
    return this.taken >= this.window / 2;
  }

  private giveCredit(): void {
    const { taken } = this;
    this.taken = 0;
    this.grant(this.id, taken);
  }

  private tellEnd(end: { readonly error?: unknown }): void {
    if ('error' in end) this.subscriber.error(end.error);
    else this.subscriber.complete();
  }
}
