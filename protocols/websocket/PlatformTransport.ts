/**
 * A WebSocket of the platform's own as a Transport: in a browser there is no other way.
 * Knows: its events, its close codes, what it cannot do. Does not know: how it was opened (endpoint.ts), frames.
 *
 * What it cannot do: be paused (what arrives is kept here, up to a limit), tell when there is room (`bufferedAmount` is looked at
 * by a timer, as long as it is too much), end one half (RFC 6455 has no half-close), reset (a close code says that it was none in order).
 */
import { asapScheduler, asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import type { Address } from '../../src/Address.ts';
import { utf8, utf8Part, type Bytes } from '../../src/bytes.ts';
import { ChunkQueue } from '../../src/ChunkQueue.ts';
import type { Connection } from '../../src/Connection.ts';
import { ConnectionLost, LimitExceeded } from '../../src/errors.ts';
import { highWaterMark, lowWaterMark } from '../../src/Outbox.ts';
import { isTextual, textual } from '../../src/textual.ts';
import type { Flushable, Transport, TransportEvents } from '../../src/Transport.ts';
import { farewellFor } from './farewellFor.ts';
import { formatClose } from './format.ts';
import { closeCodes, inOrder, type Farewell } from './frames.ts';
import { WebSocketClosed } from './WebSocketClosed.ts';
import type { WebSocketEventLike, WebSocketLike } from './WebSocketLike.ts';

/** The first look after so many milliseconds, and as long as nothing moves each one after twice as many, up to the last. */
const [firstLook, lastLook] = [4, 64];

/** What is settled about it before its first message. */
export interface PlatformTransportOptions {
  readonly local: Address;
  readonly remote: Address;
  /** The most bytes that may have arrived and wait, because nobody listens, or whoever does is held. */
  readonly maxUnread: number;
  /** The connection that this carries, once both are made. */
  connection(): Connection;
}

export class PlatformTransport implements Transport {
  readonly scheduler: SchedulerLike = asyncScheduler;
  readonly local: Address;
  readonly remote: Address;
  events: TransportEvents;
  private readonly socket: WebSocketLike;
  private readonly options: PlatformTransportOptions;
  private readonly outgoing = new ChunkQueue();
  private ending = false;
  private saidClose = false;
  /** While too much is unsent: the next look at how much it is. */
  private looking: Subscription | undefined;
  /** What arrived while reading was held. */
  private readonly incoming = new ChunkQueue();
  private paused = false;
  private handingOut = false;
  /** How the WebSocket was closed. It is told when all that came before is. */
  private closed: WebSocketEventLike | undefined;
  private over = false;

  constructor(socket: WebSocketLike, options: PlatformTransportOptions, events: TransportEvents) {
    this.socket = socket;
    this.options = options;
    this.local = options.local;
    this.remote = options.remote;
    this.events = events;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', this.onMessage);
    socket.addEventListener('close', this.onClose);
    // What is wrong is told by the close that follows; who emits errors in Node's way wants somebody to hear them.
    socket.addEventListener('error', () => {});
  }

  get subprotocol(): string | undefined {
    return this.socket.protocol || undefined;
  }

  get unsent(): number {
    return this.outgoing.length + this.socket.bufferedAmount;
  }

  now(): number {
    return this.scheduler.now();
  }

  atTurnEnd(flushable: Flushable): void {
    asapScheduler.schedule(() => flushable.flush());
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    // Whoever resumes is not told anything before it has returned.
    if (this.incoming.length > 0) asapScheduler.schedule(this.handOut);
  }

  /** Each part is one message: text, if it is marked so, else binary. */
  write(parts: readonly Bytes[]): boolean {
    if (this.over) return true;
    for (const part of parts) this.outgoing.push(part);
    this.send();
    if (!this.full) return true;
    this.look(firstLook);
    return false;
  }

  end(): void {
    this.ending = true;
    this.send();
  }

  abort(reason: unknown): void {
    if (this.over) return;
    const farewell = allowed(farewellFor(reason));
    this.options.connection().halves.judge(farewell);
    this.leave(farewell);
  }

  close(): void {
    if (!this.over) this.leave({ code: closeCodes.normal, text: '' });
  }

  /** The platform is given as much as keeps it busy, and no more: what it has, nobody can take back. */
  private send(): void {
    const { socket, outgoing } = this;
    try {
      while (outgoing.length > 0 && socket.bufferedAmount < highWaterMark && !this.saidClose) {
        const message = outgoing.takeView(Infinity);
        socket.send(isTextual(message) ? utf8(message) : message);
      }
      if (!this.ending || this.saidClose || outgoing.length > 0) return;
      this.saidClose = true;
      // It goes out behind all that was given to `send`.
      socket.close(closeCodes.normal);
    } catch (cause) {
      // Shared memory, say. Not within the call that wrote it.
      asapScheduler.schedule(() => this.options.connection().error(cause));
    }
  }

  private get full(): boolean {
    return !this.over && this.closed === undefined && this.unsent >= lowWaterMark;
  }

  private look(delay: number): void {
    const before = this.unsent;
    this.looking ??= this.scheduler.schedule(() => {
      this.looking = undefined;
      if (this.over || this.closed !== undefined) return;
      this.send();
      if (this.full) this.look(this.unsent < before ? firstLook : Math.min(2 * delay, lastLook));
      else this.events.drained();
    }, delay);
  }

  private readonly onMessage = ({ data }: WebSocketEventLike): void => {
    if (this.over) return;
    this.incoming.push(typeof data === 'string' ? textual(data) : new Uint8Array(data as ArrayBuffer));
    this.handOut();
    const { maxUnread, connection } = this.options;
    if (this.incoming.length <= maxUnread) return;
    connection().error(
      new LimitExceeded(
        `${this.incoming.length} bytes from ${this.remote} wait to be read, and a WebSocket of the platform cannot be held: ` +
          `the limit is ${maxUnread} bytes`,
        maxUnread,
      ),
    );
  };

  private readonly onClose = (event: WebSocketEventLike): void => {
    this.closed = event;
    this.looking?.unsubscribe();
    this.handOut();
  };

  private readonly handOut = (): void => {
    const { incoming } = this;
    if (this.handingOut) return;
    this.handingOut = true;
    while (incoming.length > 0 && !this.paused && !this.over) this.events.received(incoming.takeView(Infinity));
    this.handingOut = false;
    if (this.closed !== undefined && incoming.length === 0 && !this.over) this.finish(this.closed);
  };

  /** All that came was told, and now the end is. */
  private finish({ code = closeCodes.abnormal, reason: text = '', wasClean }: WebSocketEventLike): void {
    const { halves } = this.options.connection();
    halves.judge({ code, text });
    if (!inOrder(code) || !wasClean) {
      this.lose(
        code === closeCodes.abnormal
          ? new ConnectionLost(`${this.remote} broke off without a close frame`)
          : new WebSocketClosed(code, text),
      );
      return;
    }
    this.events.receivedEnd();
    if (this.over) return;
    // After the peer's close frame nobody listens there.
    if (!this.saidClose && halves.outbox.unsent > 0)
      this.lose(new ConnectionLost(`${this.remote} closed the WebSocket while there was more to send`));
    else this.events.sentEnd();
  }

  private lose(error: Error): void {
    this.letGo();
    this.events.closed(error);
  }

  private leave({ code, text }: Farewell): void {
    this.letGo();
    this.socket.close(code, text);
    asapScheduler.schedule(() => this.events.closed());
  }

  private letGo(): void {
    const { socket } = this;
    this.over = true;
    this.outgoing.clear();
    this.incoming.clear();
    this.looking?.unsubscribe();
    socket.removeEventListener('message', this.onMessage);
    socket.removeEventListener('close', this.onClose);
  }
}

/**
 * What a page may say at the end (WHATWG WebSockets Standard, `close()`): 1000, or 3000 to 4999; all other codes are the
 * browser's. As much of the text as fits, cut between characters.
 */
function allowed(farewell: Farewell): Farewell {
  const { code } = farewell;
  const payload = formatClose(farewell);
  return {
    code: code === closeCodes.normal || code >= 3000 ? code : closeCodes.brokenOff,
    text: utf8Part(payload, 2, payload.length),
  };
}
