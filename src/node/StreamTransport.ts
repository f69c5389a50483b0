/**
 * Node streams as a Transport: one Duplex, or a Readable and a Writable that belong together.
 * Knows: Node's stream events, flowing and paused, when a stream is really gone. Public API of Node only.
 * Does not know: sockets (SocketTransport.ts), where the streams come from, what the bytes mean.
 * Relies on streams that emit 'close', as Node's do unless they are told not to.
 */
import { Buffer } from 'node:buffer';
import type { Duplex, Readable, Writable } from 'node:stream';
import { asyncScheduler } from 'rxjs';
import type { Address } from '../Address.ts';
import type { Bytes } from '../bytes.ts';
import { ConnectionAborted } from '../errors.ts';
import type { StartTls } from '../tls.ts';
import type { Flushable, Transport, TransportEvents } from '../Transport.ts';
import { loss } from './failures.ts';
import { startTls } from './tls/startTls.ts';
import { atTurnEnd } from './turn.ts';
import { writeParts } from './writeParts.ts';

/** What arrives in larger pieces is handed on in pieces of this size: each may be the last one before a hold. */
const largestPiece = 65536;
/** With more than this in the stream it is full, whatever its own mark says: our holds are let go when it has room again. */
const fullFrom = 65536;
/** A full stream takes bytes again from here on. */
const roomFrom = 16384;

/** The streams of one connection; for a Duplex both are the same. */
export interface StreamPair {
  readonly readable: Readable;
  readonly writable: Writable;
}

export class StreamTransport implements Transport, Flushable {
  readonly scheduler = asyncScheduler;
  readonly local: Address;
  readonly remote: Address;
  private readonly readable: Readable;
  private readonly writable: Writable;
  events: TransportEvents;
  private readonly isPair: boolean;
  private readonly open: Set<Readable | Writable>;
  private error: Error | undefined;
  private paused = false;
  private handingOut = false;
  /** What arrived, and is more than one piece. */
  private rest: Bytes | undefined;
  /** `write` has said so, and `drained` was not told yet. */
  private full = false;
  /** Nothing comes after `rest`: a stream may say so while it is paused. */
  private ended = false;
  private toldEnd = false;
  private toldSent = false;
  private toldClosed = false;

  constructor({ readable, writable }: StreamPair, local: Address, remote: Address, events: TransportEvents) {
    this.readable = readable;
    this.writable = writable;
    this.local = local;
    this.remote = remote;
    this.events = events;
    this.open = new Set<Readable | Writable>([readable, writable]);
    this.isPair = this.open.size === 2;
    readable.on('data', this.onData).on('end', this.onEnd);
    writable.on('finish', this.onFinish);
    for (const stream of this.open) stream.on('error', this.onError);
    readable.on('close', this.onReadableClose);
    if (this.isPair) writable.on('close', this.onWritableClose);
    // What has happened before we came is told by no event.
    if (readable.readableEnded || readable.destroyed || writable.writableFinished || writable.destroyed) {
      atTurnEnd({ flush: () => this.tellPast() });
    }
  }

  get unsent(): number {
    return this.writable.writableLength;
  }

  get startTls(): StartTls {
    return startTls;
  }

  now(): number {
    return Date.now();
  }

  atTurnEnd(flushable: Flushable): void {
    atTurnEnd(flushable);
  }

  pause(): void {
    this.paused = true;
    this.readable.pause();
  }

  resume(): void {
    this.paused = false;
    if (this.rest === undefined) this.readable.resume();
    else if (!this.handingOut) atTurnEnd(this);
  }

  /** The end of the turn in which reading went on: what is left of the last chunk comes first. */
  flush(): void {
    this.handOut();
    if (!this.paused && this.rest === undefined) this.readable.resume();
  }

  write(parts: readonly Bytes[], length: number): boolean {
    const { writable } = this;
    if (!writable.writable) return true;
    writeParts(writable, parts, length, this.onWritten);
    const unsent = writable.writableLength;
    this.full = unsent > 0 && (writable.writableNeedDrain || unsent >= fullFrom);
    return !this.full;
  }

  end(): void {
    if (this.writable.writable) this.writable.end();
  }

  abort(reason: unknown): void {
    const error =
      reason instanceof Error
        ? reason
        : new ConnectionAborted(`the connection was aborted: ${String(reason)}`, { cause: reason });
    this.destroy(error);
  }

  close(): void {
    const { readable, writable, isPair } = this;
    // A half that is over may be one end of a stream whose other end is somebody else's.
    if (isPair && this.toldEnd && 'writable' in readable && readable.writable) this.isGone(readable);
    if (isPair && this.toldSent && 'readable' in writable && writable.readable) this.isGone(writable);
    this.destroy();
  }

  private destroy(error?: Error): void {
    this.rest = undefined;
    for (const stream of this.open) stream.destroy(error);
    if (this.open.size === 0) atTurnEnd({ flush: () => this.tellClosed() });
  }

  private handOut(): void {
    if (this.handingOut) return;
    this.handingOut = true;
    while (this.rest !== undefined && !this.paused) {
      const { rest } = this;
      this.rest = rest.length > largestPiece ? rest.subarray(largestPiece) : undefined;
      this.events.received(this.rest === undefined ? rest : rest.subarray(0, largestPiece));
    }
    this.handingOut = false;
    if (this.rest !== undefined) return;
    if (this.ended) this.tellEnd();
    if (this.open.size === 0) this.tellClosed();
  }

  private tellEnd(): void {
    if (this.toldEnd) return;
    this.toldEnd = true;
    this.events.receivedEnd();
  }

  private tellClosed(): void {
    if (this.toldClosed) return;
    this.toldClosed = true;
    this.events.closed(this.error && loss(String(this.remote), this.error));
  }

  private tellPast(): void {
    if (this.readable.readableEnded) this.onEnd();
    if (this.writable.writableFinished) this.onFinish();
    for (const stream of this.open) {
      if (stream.errored) this.error ??= stream.errored;
      if (stream.closed) this.isGone(stream);
    }
  }

  private readonly onData = (chunk: unknown): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, this.readable.readableEncoding ?? 'utf8') : chunk;
    if (!(bytes instanceof Uint8Array)) {
      this.destroy(
        new TypeError(`a connection carries bytes, and this stream has given a value of type ${typeof chunk}`),
      );
      return;
    }
    if (bytes.length === 0) return;
    this.rest = bytes;
    this.handOut();
  };

  private readonly onEnd = (): void => {
    this.ended = true;
    if (this.rest === undefined) this.tellEnd();
  };

  private readonly onWritten = (error?: Error | null): void => {
    if (error || !this.full || this.writable.writableLength > roomFrom) return;
    this.full = false;
    this.events.drained();
  };

  private readonly onFinish = (): void => {
    if (this.toldSent) return;
    this.toldSent = true;
    this.events.sentEnd();
  };

  private readonly onError = (error: Error): void => {
    this.error ??= error;
    // A stream that does not destroy itself would never close.
    this.destroy();
  };

  // A stream says that it is closed before it tells its error: only the event is the end.
  private readonly onReadableClose = (): void => this.isGone(this.readable);

  private readonly onWritableClose = (): void => this.isGone(this.writable);

  private isGone(stream: Readable | Writable): void {
    const { readable, writable, open } = this;
    if (!open.delete(stream)) return;
    if (stream === readable) readable.off('data', this.onData).off('end', this.onEnd);
    if (stream === writable) writable.off('finish', this.onFinish);
    stream.off('error', this.onError).off('close', this.onReadableClose).off('close', this.onWritableClose);
    if (open.size > 0) {
      if (!(stream === readable ? this.ended : this.toldSent)) this.destroy();
    } else if (this.rest === undefined || !this.ended || this.error) this.tellClosed();
  }
}

/** The two directions of what a program may hand us. */
export function pairOf(streams: Duplex | StreamPair): StreamPair {
  return 'pipe' in streams ? { readable: streams, writable: streams } : streams;
}
