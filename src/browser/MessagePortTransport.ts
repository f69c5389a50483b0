/**
 * One MessagePort as a Transport: a stream of bytes with a window, half-close and reset, told in messages.
 * Knows: what is said over the port, credit, whose memory is handed over. Does not know: how two ends found each other
 * (messagePort.ts), threads.
 *
 *     message = Uint8Array             ; bytes, never more than the receiver has given credit for
 *             / number                 ; credit: so many bytes more may be sent; the first word of each side
 *             / "end"                  ; no more comes (rule 3)
 *             / "reset"                ; broken off (rule 4)
 *             / { "closed": number }   ; let go of in order, after so many bytes were read
 *
 * A message cannot be taken back, and an answer comes late: a boolean that says "stop" would cross what is on its way. Credit
 * is given before anything is sent, so what is on its way is bounded by the receiver, whatever the sender does.
 */
import { asapScheduler, asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Address } from '../Address.ts';
import { show, type Bytes } from '../bytes.ts';
import { ChunkQueue } from '../ChunkQueue.ts';
import { ConnectionLost, ProtocolError } from '../errors.ts';
import type { Flushable, Transport, TransportEvents } from '../Transport.ts';
import type { OwnPort, PortMessage } from './MessagePortLike.ts';

/** What a peer may have sent and we have not read, in bytes. */
export const portWindow = 262_144;
/** No message carries more, so that no read does. */
const largestPiece = 65_536;
/** More credit than this is no honest offer, and we would fill the peer's memory for it. */
const mostCredit = 16 << 20;

export class MessagePortTransport implements Transport {
  readonly scheduler: SchedulerLike = asyncScheduler;
  readonly local: Address;
  readonly remote: Address;
  events: TransportEvents;
  private readonly port: OwnPort;
  private readonly outgoing = new ChunkQueue();
  /** How much the peer has room for. */
  private credit: number;
  private sent = 0;
  private ending = false;
  private endPosted = false;
  /** What arrived while reading was held. */
  private readonly incoming = new ChunkQueue();
  /** How much the peer may still send, how much was handed on, and how much of that it was not given credit for again. */
  private granted = portWindow;
  private handedOn = 0;
  private ungranted = 0;
  private peerEnded = false;
  private endTold = false;
  /** Nobody reads at the other end any more. */
  private peerGone = false;
  private paused = false;
  private handingOut = false;
  private over = false;

  /** `credit` is what the peer has given already, if its first word was heard. */
  constructor(port: OwnPort, local: Address, remote: Address, events: TransportEvents, credit = 0) {
    this.port = port;
    this.local = local;
    this.remote = remote;
    this.events = events;
    this.credit = credit;
    port.addEventListener('message', this.onMessage);
    port.addEventListener('messageerror', this.onMessageError);
    port.addEventListener('close', this.onClose);
    port.postMessage(portWindow, []);
  }

  get unsent(): number {
    return this.outgoing.length;
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
    // Nothing comes before it is started, and whoever resumes first is ready to be told.
    this.port.start?.();
    // Whoever resumes is not told anything before it has returned.
    if (this.incoming.length > 0 || this.peerEnded) asapScheduler.schedule(this.handOut);
  }

  write(parts: readonly Bytes[]): boolean {
    if (this.over) return true;
    for (const part of parts) this.outgoing.push(part);
    this.send();
    return this.unsent === 0;
  }

  end(): void {
    this.ending = true;
    this.send();
  }

  abort(): void {
    if (this.over) return;
    this.port.postMessage('reset', []);
    this.letGo();
    asapScheduler.schedule(() => this.events.closed());
  }

  close(): void {
    if (this.over) return;
    // What it has sent beyond this was read by nobody: the peer knows how much it was.
    this.port.postMessage({ closed: this.handedOn }, []);
    this.letGo();
    asapScheduler.schedule(() => this.events.closed());
  }

  /** Posts what the peer has room for, then the end. */
  private send(): void {
    if (this.over) return;
    if (this.peerGone && this.unsent > 0) {
      // As a kernel does: bytes for somebody who has closed are answered by a reset. Not within the call that wrote them.
      asapScheduler.schedule(() => this.lose('was closed by the peer while there was more to send'));
      return;
    }
    while (this.unsent > 0 && this.credit > 0) this.post(Math.min(this.unsent, this.credit, largestPiece));
    if (!this.ending || this.endPosted || this.unsent > 0) return;
    this.endPosted = true;
    this.port.postMessage('end', []);
    asapScheduler.schedule(() => {
      if (!this.over) this.events.sentEnd();
    });
  }

  /**
   * Posts a copy, in memory of its own, which is handed over. What was written may be shared: sent to others, a part of
   * something larger, a constant. Handing that over would take it away from all of them.
   */
  private post(length: number): void {
    const piece = new Uint8Array(length);
    this.outgoing.fill(piece);
    this.credit -= length;
    this.sent += length;
    this.port.postMessage(piece, [piece.buffer as never]);
  }

  private readonly onMessage = ({ data }: PortMessage): void => {
    if (this.over) return;
    if (data instanceof Uint8Array) this.received(data);
    else if (typeof data === 'number') this.gotCredit(data);
    else if (data === 'end') this.receivedEnd();
    else if (data === 'reset') this.lose('was reset by the peer');
    else if (isClosed(data)) this.peerClosed(data.closed);
    else this.refuse(`expected bytes, credit, end, reset or closed, and got ${told(data)}`);
  };

  private received(chunk: Bytes): void {
    if (this.peerEnded) {
      this.refuse('got bytes after the end');
      return;
    }
    if (chunk.length > this.granted) {
      this.refuse(`expected ${this.granted} bytes at most, and got ${chunk.length}`);
      return;
    }
    this.granted -= chunk.length;
    this.incoming.push(chunk);
    this.handOut();
  }

  private receivedEnd(): void {
    this.peerEnded = true;
    this.handOut();
  }

  private gotCredit(count: number): void {
    if (!(Number.isSafeInteger(count) && count > 0 && this.credit + count <= mostCredit)) {
      this.refuse(`expected credit for at most ${mostCredit} bytes, and got ${count}`);
      return;
    }
    const waited = this.unsent > 0;
    this.credit += count;
    this.send();
    if (waited && this.unsent === 0) this.events.drained();
  }

  private peerClosed(read: number): void {
    this.peerGone = true;
    if (this.sent > read || this.unsent > 0) this.lose('was closed by the peer before it had read everything');
  }

  private readonly onMessageError = (): void => this.refuse('got a message that cannot be read here');

  private readonly onClose = (): void => {
    if (this.over || this.peerGone) return;
    this.peerGone = true;
    // After its end it may go away: what has arrived is still there to be heard.
    if (!this.peerEnded || this.unsent > 0) this.lose('is gone: its port was closed');
  };

  private readonly handOut = (): void => {
    if (this.handingOut) return;
    this.handingOut = true;
    while (this.incoming.length > 0 && !this.paused && !this.over) {
      const chunk = this.incoming.takeView(largestPiece);
      this.handedOn += chunk.length;
      this.ungranted += chunk.length;
      this.events.received(chunk);
      this.grant();
    }
    this.handingOut = false;
    if (this.over || this.incoming.length > 0 || !this.peerEnded || this.endTold) return;
    this.endTold = true;
    this.events.receivedEnd();
  };

  /** Not at every read: a sender that has most of its window left does not need to know. */
  private grant(): void {
    if (this.over || this.ungranted < portWindow / 4) return;
    const count = this.ungranted;
    this.ungranted = 0;
    this.granted += count;
    this.port.postMessage(count, []);
  }

  /** The peer does not speak as it should. */
  private refuse(problem: string): void {
    if (this.over) return;
    this.port.postMessage('reset', []);
    const cause = new ProtocolError(`on the port of ${this.remote}: ${problem}`, { side: 'remote' });
    this.lose(`was broken off: ${problem}`, cause);
  }

  private lose(how: string, cause?: ProtocolError): void {
    if (this.over) return;
    this.letGo();
    this.events.closed(new ConnectionLost(`the connection with ${this.remote} ${how}`, cause && { cause }));
  }

  private letGo(): void {
    const { port } = this;
    this.over = true;
    this.outgoing.clear();
    this.incoming.clear();
    port.removeEventListener('message', this.onMessage);
    port.removeEventListener('messageerror', this.onMessageError);
    port.removeEventListener('close', this.onClose);
    port.close();
  }
}

function isClosed(data: unknown): data is { readonly closed: number } {
  return typeof data === 'object' && data !== null && 'closed' in data && typeof data.closed === 'number';
}

/** For people: what came, shortened. */
function told(data: unknown): string {
  return typeof data === 'string'
    ? `the text ${show(data)}`
    : data === null
      ? 'null'
      : `a value of type ${typeof data}`;
}
