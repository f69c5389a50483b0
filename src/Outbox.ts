/**
 * What is to be sent: gathered through one turn of the event loop, bounded by holding whoever feeds it.
 * Knows: the bytes that wait, the marks, the holds it took, the transport's `write`.
 * Does not know: what arrives, how the connection ends.
 */
import { show, type Bytes } from './bytes.ts';
import { LimitExceeded } from './errors.ts';
import { Feeders } from './Feeders.ts';
import { currentGroup, type Holder } from './flow.ts';
import { whoIsWriting } from './origin.ts';
import type { Flushable, Transport } from './Transport.ts';
import { UnpressuredSink, warn } from './warnings.ts';

/** From this many unsent bytes on, whoever feeds the connection is held, and what is gathered leaves at once. */
export const highWaterMark = 65536;
/** At this many unsent bytes the holds are released. */
export const lowWaterMark = 16384;
/** Past this many unsent bytes, with nobody there to hold, one warning says so. */
export const warningMark = 1 << 20;
/** The same mark while somebody is held: what was on its way when the hold came (in a delay, in a buffer) may still arrive. */
export const heldMark = 16 << 20;
/** Bytes that come when this many are unsent already end the connection: memory is bounded even then. */
export const hardLimit = 64 << 20;

/** Whose outbox it is: named in holds and warnings, and told when the connection must not go on. */
export interface OutboxOwner extends Holder {
  abort(reason: unknown): void;
  /** The platform takes no more for now. */
  filled(): void;
}

export class Outbox extends Feeders implements Flushable {
  private transport: Transport;
  private readonly owner: OutboxOwner;
  private parts: Bytes[] = [];
  private gathered = 0;
  /** Since when the platform takes nothing, on its own clock. */
  fullSince: number | undefined;
  /** What the transport had not taken at its last word: good enough for each write, and cheap. */
  private inTransport = 0;
  private full = false;
  private state: 'open' | 'ending' | 'over' = 'open';
  private warned = false;
  /** Bytes handed to the transport. */
  sent = 0;
  /** Values that came after the end, and were ignored (rule 2). */
  dropped = 0;

  constructor(transport: Transport, owner: OutboxOwner) {
    super();
    this.transport = transport;
    this.owner = owner;
  }

  /** Bytes accepted and not yet taken by the platform. */
  get unsent(): number {
    return this.state === 'over' ? 0 : this.gathered + this.transport.unsent;
  }

  get open(): boolean {
    return this.state === 'open';
  }

  next(chunk: Bytes): void {
    if (this.state !== 'open') {
      this.dropped++;
      return;
    }
    if (!(chunk instanceof Uint8Array)) {
      this.owner.abort(
        new TypeError(
          `a connection takes bytes (a Uint8Array), not ${describe(chunk)}; text() or lines() turn text into bytes`,
        ),
      );
      return;
    }
    const unsent = this.gathered + this.inTransport;
    if (unsent >= hardLimit) {
      this.owner.abort(
        new LimitExceeded(`${unsent} bytes wait to be sent: the limit is ${hardLimit} bytes`, hardLimit),
      );
      return;
    }
    if (chunk.length === 0) return;
    if (this.parts.length === 0) this.transport.atTurnEnd(this);
    this.parts.push(chunk);
    this.gathered += chunk.length;
    if (this.gathered + this.inTransport >= highWaterMark) this.crowded();
  }

  /** Sends what was gathered, unless the platform is full: then it waits for `drained`. */
  flush(): void {
    if (this.parts.length > 0 && !this.full) this.write();
    if (this.holding && this.unsent <= lowWaterMark) this.releaseAll();
  }

  /** The platform takes bytes again. */
  drained(): void {
    this.full = false;
    this.fullSince = undefined;
    this.inTransport = this.transport.unsent;
    this.flush();
    // It takes more, and may say so only once: what lies further down is its own matter.
    if (!this.full) this.releaseAll();
  }

  /** Hands what was gathered to the transport there is, and whatever comes later to the one that `make` gives. */
  changeTransport(make: () => Transport): void {
    if (this.parts.length > 0) this.write();
    this.transport = make();
    this.full = false;
    this.fullSince = undefined;
    this.inTransport = this.transport.unsent;
  }

  /** No more to say: sends all, then the end. Whoever was held may go on: nobody listens to it here. */
  complete(): void {
    if (this.state !== 'open') return;
    this.state = 'ending';
    if (this.parts.length > 0) this.write();
    this.transport.end();
    this.releaseAll();
  }

  /** Nothing can be sent any more: forgets what waits, lets go of everyone. */
  stop(): void {
    this.state = 'over';
    this.parts = [];
    this.gathered = this.inTransport = 0;
    this.dismiss();
  }

  private write(): void {
    const { parts, gathered } = this;
    this.parts = [];
    this.gathered = 0;
    this.sent += gathered;
    this.full = !this.transport.write(parts, gathered);
    this.inTransport = this.transport.unsent;
    if (!this.full || this.fullSince !== undefined) return;
    this.fullSince = this.transport.now();
    this.owner.filled();
  }

  /** Over the high-water mark: sends now; what still does not fit holds whoever feeds. */
  private crowded(): void {
    if (!this.full) this.write();
    if (this.unsent < highWaterMark) return;
    this.hold(this.owner, 'its send buffer is full');
    if (this.unsent <= warningMark || this.warned) return;
    // Whoever feeds right now is held, or it comes from nobody: out of what was stored before the hold, or of a timer.
    if (this.holding && (currentGroup() !== undefined || this.unsent <= heldMark)) return;
    this.warned = true;
    warn(new UnpressuredSink(String(this.owner), this.unsent, whoIsWriting()));
  }
}

function describe(value: unknown): string {
  return typeof value === 'string'
    ? `the text ${show(value)}`
    : value === null
      ? 'null'
      : `a value of type ${typeof value}`;
}
