/**
 * What arrives on one connection, pulled out of its machine one event at a time, and only while somebody has use for it; what is
 * not pulled holds the connection. So a body is read as fast as its reader reads.
 * Knows: the machine, whether the peer has ended, the hold. Does not know: what is done with an event, either side of HTTP.
 */
import type { Bytes } from '../../src/bytes.ts';
import type { Hold, Holder, HoldGroup } from '../../src/flow.ts';
import { IncomingBody } from './IncomingBody.ts';
import type { MessageMachine } from './MessageMachine.ts';
import type { Framing, MessageEvent } from './messages.ts';

/** Whose intake it is. */
export interface Taker<H> extends Holder {
  /** Whether whatever comes next has somebody who wants it. */
  wants(): boolean;
  take(event: MessageEvent<H>): void;
  /** What comes next cannot be understood, or is too much. */
  refuse(error: unknown): void;
  /** All that was wanted is taken, for now. */
  taken(): void;
  /** Why what is here is not wanted. */
  readonly reason: string;
}

/** The content of a message whose head has come: all of it, if it came with the head, or what is still to come. */
export interface Announced {
  readonly content: Bytes | undefined;
  readonly body: IncomingBody | undefined;
}

export class Intake<H extends { readonly framing: Framing }> {
  readonly machine: MessageMachine<H>;
  /** Whether the peer has no more to say. */
  ended = false;
  /** Whether events are being taken right now: whoever is called meanwhile need not ask for more. */
  pulling = false;
  private readonly group: HoldGroup;
  private readonly taker: Taker<H>;
  private hold: Hold | undefined;

  constructor(machine: MessageMachine<H>, group: HoldGroup, taker: Taker<H>) {
    this.machine = machine;
    this.group = group;
    this.taker = taker;
  }

  /** Whether the peer has no more to say, and all that it said is taken. */
  get over(): boolean {
    return this.ended && !this.machine.hasUnread;
  }

  receive(chunk: Bytes): void {
    this.machine.receive(chunk);
    this.pull();
  }

  end(): void {
    this.ended = true;
    this.machine.end();
    this.pull();
  }

  /** Takes out of the machine what somebody has use for. */
  pull(): void {
    if (this.pulling) return;
    const { machine, taker } = this;
    this.pulling = true;
    try {
      while (taker.wants()) {
        const event = machine.next();
        if (event === undefined) break;
        taker.take(event);
      }
    } catch (error) {
      taker.refuse(error);
    }
    this.pulling = false;
    taker.taken();
  }

  /** The content that a head has just announced. `readersChanged` is that of an {@link IncomingBody}. */
  announced({ framing }: H, name: () => string, readersChanged: () => void): Announced {
    if (framing === 'none' || framing === 0) return none;
    const content = this.machine.whole();
    if (content !== undefined) return { content, body: undefined };
    return { content, body: new IncomingBody(name(), this.group, readersChanged) };
  }

  /** Holds the connection if something is here that nobody wants, and lets go of it if not. */
  holdOrLetGo(): void {
    const { taker } = this;
    if (this.machine.hasUnread && !taker.wants()) this.hold ??= this.group.hold(taker, taker.reason);
    else this.letGo();
  }

  letGo(): void {
    const { hold } = this;
    this.hold = undefined;
    hold?.release();
  }
}

const none: Announced = { content: undefined, body: undefined };
