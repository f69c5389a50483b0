/**
 * TLS as a Transport, over any other transport.
 * Knows: what waits for the handshake, close_notify and the end without it (RFC 8446 section 6.1), how both layers close.
 * Does not know: certificates, who is client and who is server (startTls.ts), sockets.
 */
import type { TLSSocket } from 'node:tls';
import type { SchedulerLike, Subscription } from 'rxjs';
import type { Address } from '../../Address.ts';
import { concat, type Bytes } from '../../bytes.ts';
import type { StartTls, TlsDetails } from '../../tls.ts';
import { ConnectionTruncated, TlsError } from '../../tlsErrors.ts';
import type { Flushable, Transport, TransportEvents } from '../../Transport.ts';
import { tlsLoss } from './tlsFailures.ts';
import { TlsWire } from './TlsWire.ts';

/** How long the end below may take once both ends were said under TLS, in milliseconds. */
const endsBelowWithin = 1_000;

const transport = Symbol('transport');
type Carrier = TLSSocket & { [transport]: TlsTransport };

export class TlsTransport implements Transport {
  readonly startTls: StartTls;
  tls: TlsDetails | undefined;
  events: TransportEvents;
  readonly wire: TlsWire;
  private readonly below: Transport;
  private socket: TLSSocket | undefined;
  private phase: 'handshake' | 'secure' | 'over' = 'handshake';
  private error: Error | undefined;
  private paused = false;
  /** What was written before the peer had proved who it is. */
  private early: Bytes[] = [];
  private earlyLength = 0;
  private endsEarly = false;
  /** Whether the peer has said its end under TLS. */
  private orderly = false;
  private watchesDrain = false;
  private told = false;
  /** Set while all that is missing is the end below. */
  private parting: Subscription | undefined;

  /** `again` begins TLS in TLS. */
  constructor(below: Transport, events: TransportEvents, again: StartTls) {
    this.below = below;
    this.events = events;
    this.startTls = again;
    this.wire = new TlsWire(below);
    // What waits below counts as unsent here: that it has gone is news here, too.
    this.wire.onBelowDrained = () => {
      if (this.phase === 'secure' && !this.socket?.writableNeedDrain) this.events.drained();
    };
    this.wire.onBelowClosed = (error) => this.belowClosed(error);
    this.wire.once('end', () => this.endedEarly());
    below.events = this.wire.events;
    // Whoever held what came in the clear does not hold this.
    below.resume();
  }

  get local(): Address {
    return this.below.local;
  }

  get remote(): Address {
    return this.below.remote;
  }

  get scheduler(): SchedulerLike {
    return this.below.scheduler;
  }

  /** What waits above is the same, encrypted, as what waits below. */
  get unsent(): number {
    return this.phase === 'over'
      ? 0
      : Math.max(this.earlyLength + (this.socket?.writableLength ?? 0), this.below.unsent);
  }

  get taken(): number | undefined {
    return this.below.taken;
  }

  now(): number {
    return this.below.now();
  }

  atTurnEnd(flushable: Flushable): void {
    this.below.atTurnEnd(flushable);
  }

  pause(): void {
    this.paused = true;
    if (this.phase === 'secure') this.socket?.pause();
  }

  resume(): void {
    this.paused = false;
    if (this.phase === 'secure') this.socket?.resume();
  }

  write(parts: readonly Bytes[], length: number): boolean {
    const { socket } = this;
    if (this.phase === 'over') return true;
    if (socket === undefined || this.phase === 'handshake') {
      this.early.push(...parts);
      this.earlyLength += length;
      return false;
    }
    // One piece: records are filled, and to encrypt is to copy anyway.
    socket.write(parts.length === 1 ? parts[0] : concat(parts, length));
    if (socket.writableLength === 0 || !socket.writableNeedDrain) return true;
    if (!this.watchesDrain) socket.on('drain', onDrain);
    this.watchesDrain = true;
    return false;
  }

  /** Says the end under TLS (close_notify), then ends what is below. */
  end(): void {
    if (this.phase === 'handshake') this.endsEarly = true;
    else if (this.phase === 'secure') this.socket?.on('finish', onFinish).end();
  }

  abort(reason: unknown): void {
    this.release();
    if (this.wire.belowClosed) this.tellClosedLater();
    else this.below.abort(reason);
  }

  close(): void {
    this.release();
    if (this.wire.belowClosed) this.tellClosedLater();
    else if (this.orderly && this.error === undefined && this.wire.endAwaited) this.part();
    else this.below.close();
  }

  /** The client's socket, before its handshake: from now on its failures are told here. */
  begin(socket: TLSSocket): void {
    this.adopt(socket);
    socket.on('error', onError);
  }

  /** The peer has proved who it is: what has waited leaves, what arrives is told. */
  secured(socket: TLSSocket, details: TlsDetails): void {
    if (this.phase !== 'handshake') {
      socket.destroy();
      return;
    }
    if (this.socket === undefined) this.begin(socket);
    this.phase = 'secure';
    this.tls = details;
    if (this.paused) socket.pause();
    socket.on('data', onData).on('end', onEnd);
    const { early, earlyLength } = this;
    this.early = [];
    this.earlyLength = 0;
    const full = early.length > 0 && !this.write(early, earlyLength);
    if (this.endsEarly) this.end();
    else if (!full) this.events.drained();
  }

  /** The handshake has failed, or what comes is no longer TLS. What TLS has told the peer of it still leaves. */
  fail(error: Error): void {
    if (this.phase === 'over') return;
    this.error ??= error;
    this.close();
  }

  private adopt(socket: TLSSocket): void {
    this.socket = socket;
    (socket as Carrier)[transport] = this;
    const { push } = socket;
    socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      // The end under TLS comes out before the end below has gone in.
      if (chunk === null && !this.wire.endRead) this.orderly = true;
      return push.call(socket, chunk, encoding);
    };
  }

  receivedEnd(): void {
    if (this.orderly) this.events.receivedEnd();
    else
      this.fail(
        new ConnectionTruncated(
          `the connection with ${this.remote} was cut: it ended, and the peer has not said so under TLS (no close_notify)`,
        ),
      );
  }

  socketFailed(error: Error): void {
    this.fail(this.phase === 'handshake' ? error : tlsLoss(String(this.remote), error));
  }

  /** All has been read; in a handshake that is not the end of anything. */
  private endedEarly(): void {
    if (this.phase !== 'handshake') return;
    this.fail(new TlsError(`TLS with ${this.remote}: the peer went away in the middle of the TLS handshake`));
  }

  private belowClosed(error: Error | undefined): void {
    if (this.phase === 'over') return this.tellClosed();
    const during = this.phase === 'handshake';
    // Both ends were in order; some of what came may wait above still, and what is above closes when it was read.
    if (error === undefined && !during && this.wire.bothEnded) return;
    this.error ??= during
      ? new TlsError(`the connection with ${this.remote} was lost in the middle of the TLS handshake`, { cause: error })
      : error;
    this.release();
    this.tellClosed();
  }

  private release(): void {
    this.phase = 'over';
    this.early = [];
    this.earlyLength = 0;
    this.socket?.destroy();
    this.wire.destroy();
  }

  /**
   * Both ends were said under TLS, and the one below is on its way: a child process that is let go of before it would be
   * ended, and a stream that waits for its end to be read would wait for ever.
   */
  private part(): void {
    if (this.parting !== undefined) return;
    const close = (): void => {
      this.parting?.unsubscribe();
      this.below.close();
    };
    this.parting = this.scheduler.schedule(close, endsBelowWithin);
    this.wire.onBelowEnded = close;
    // Whoever holds what comes under TLS does not hold this.
    this.below.resume();
  }

  private tellClosedLater(): void {
    if (this.socket === undefined || this.socket.closed) this.tellClosed();
    else this.socket.once('close', () => this.tellClosed());
  }

  private tellClosed(): void {
    if (this.told) return;
    this.told = true;
    this.parting?.unsubscribe();
    this.events.closed(this.error);
  }
}

function onData(this: TLSSocket, chunk: Bytes): void {
  (this as Carrier)[transport].events.received(chunk);
}

function onEnd(this: TLSSocket): void {
  (this as Carrier)[transport].receivedEnd();
}

function onDrain(this: TLSSocket): void {
  (this as Carrier)[transport].events.drained();
}

function onFinish(this: TLSSocket): void {
  (this as Carrier)[transport].events.sentEnd();
}

function onError(this: TLSSocket, error: Error): void {
  (this as Carrier)[transport].socketFailed(error);
}
