/**
 * A stream that the peer has asked for: what is exposed here, sent as far as the peer's credit goes.
 * Knows: whom to hold when the credit is used up, what waits for more. Does not know: frames, codecs.
 */
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import { LimitExceeded } from '../../src/errors.ts';
import { currentGroup, feed, type HoldGroup } from '../../src/flow.ts';
import { HeldQueue } from '../../src/HeldQueue.ts';
import { whoIsWriting } from '../../src/origin.ts';
import { UnpressuredSink, warn } from '../../src/warnings.ts';
import { streamHeldAt } from './heldStreams.ts';

/** Past this many bytes that wait for credit, one warning says that nobody can be held. */
const warningMark = 1 << 20;
/** Past this many the stream is given up. */
const hardLimit = 16 << 20;

/** What a stream needs of the conversation that it is part of. */
export interface Sender {
  /** Whether there is credit. */
  mayNext(id: number): boolean;
  /** `wire` is the whole frame. */
  sendNext(id: number, wire: Bytes): void;
  sendComplete(id: number): void;
  sendError(id: number, error: unknown): void;
}

const noCredit = 'its peer gives no more credit';

export class SentStream extends HeldQueue<Bytes> {
  private readonly sender: Sender;
  private readonly connection: Connection;
  private readonly id: number;
  private ended: (() => void) | undefined;
  private warned = false;
  private sending = false;

  constructor(sender: Sender, connection: Connection, id: number, name: string) {
    super(`the stream ${name} to ${connection.remote}`, noCredit);
    this.sender = sender;
    this.connection = connection;
    this.id = id;
  }

  /** The stream at the other end, if that is in this process and held: then that is why there is no credit. */
  get waitsFor(): HoldGroup | undefined {
    return streamHeldAt(this.connection, this.id);
  }

  /** Sends a frame that has the next value, or keeps it. */
  next(wire: Bytes): void {
    if (this.backlog > 0 || !this.sender.mayNext(this.id)) this.keep(wire);
    else this.sender.sendNext(this.id, wire);
    this.holdWithoutCredit();
  }

  complete(): void {
    this.finish(() => this.sender.sendComplete(this.id));
  }

  error(error: unknown): void {
    this.finish(() => this.sender.sendError(this.id, error));
  }

  /** The peer takes more. */
  credited(): void {
    if (this.sending) return;
    this.sending = true;
    const out = { next: (wire: Bytes) => this.sender.sendNext(this.id, wire) };
    for (let { head } = this; head !== undefined && this.sender.mayNext(this.id); { head } = this) {
      feed(head.group, out, head.value);
      this.drop();
    }
    this.sending = false;
    if (this.backlog > 0) return;
    if (this.ended !== undefined) this.ended();
    else if (this.sender.mayNext(this.id)) this.releaseAll();
    else this.holdWithoutCredit();
  }

  private keep(wire: Bytes): void {
    this.push(wire);
    if (this.weight > hardLimit) {
      const message = `${this} has ${this.weight} bytes that wait for credit: the limit is ${hardLimit} bytes`;
      this.sender.sendError(this.id, new LimitExceeded(message, hardLimit));
    } else if (this.weight > warningMark && currentGroup() === undefined && !this.warned) {
      this.warned = true;
      warn(new UnpressuredSink(String(this), this.weight, whoIsWriting()));
    }
  }

  /** At once, and not at the next value: one chunk of a source may be many values. */
  private holdWithoutCredit(): void {
    if (!this.sender.mayNext(this.id)) this.hold(this, noCredit);
  }

  /** Values first, then the end. */
  private finish(end: () => void): void {
    if (this.backlog === 0) end();
    else this.ended = end;
  }
}
