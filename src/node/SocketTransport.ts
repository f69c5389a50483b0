/**
 * A `net.Socket` as a Transport: TCP and Unix sockets, accepted or dialled.
 * Knows: Node's stream events, writev, reset. The one file that touches sockets; public API of Node only.
 * Does not know: how they are made (tcp.ts, unix.ts), what the bytes mean.
 */
import { Socket } from 'node:net';
import { asyncScheduler } from 'rxjs';
import { IpAddress, PathAddress, type Address } from '../Address.ts';
import type { Bytes } from '../bytes.ts';
import { Connection } from '../Connection.ts';
import type { StartTls } from '../tls.ts';
import type { Flushable, Transport, TransportEvents } from '../Transport.ts';
import { loss } from './failures.ts';
import { startTls } from './tls/startTls.ts';
import { atTurnEnd } from './turn.ts';
import { writeParts } from './writeParts.ts';

/** The connection of a socket that is connected. Reading begins at once, one chunk ahead. */
export function connectionOf(socket: Socket, local: (socket: Socket) => Address, remote: Address): Connection {
  return new Connection((events) => new SocketTransport(socket, local, remote, events));
}

const transport = Symbol('transport');
type Carrier = Socket & {
  [transport]: SocketTransport;
  /** Not documented: it may be missing, or have none of these. */
  _handle?: { readonly bytesWritten: number; readonly writeQueueSize?: number } | null;
};

class SocketTransport implements Transport {
  readonly scheduler = asyncScheduler;
  readonly remote: Address;
  events: TransportEvents;
  error: Error | undefined;
  private readonly socket: Socket;
  private readonly findLocal: (socket: Socket) => Address;
  private foundLocal: Address | undefined;
  private watchesDrain = false;

  constructor(socket: Socket, local: (socket: Socket) => Address, remote: Address, events: TransportEvents) {
    this.socket = socket;
    this.findLocal = local;
    this.remote = remote;
    this.events = events;
    (socket as Carrier)[transport] = this;
    // Listeners shared by all sockets, and no more than an idle one needs: with ten thousand of them it is felt.
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  }

  get local(): Address {
    return (this.foundLocal ??= this.findLocal(this.socket));
  }

  get unsent(): number {
    return this.socket.writableLength;
  }

  /**
   * Node counts a write as one, until all of it is gone: that of 20 MB to a slow reader takes minutes. libuv, where the socket
   * shows it, counts bytes; Node's own socket timeouts look at the same.
   */
  get taken(): number | undefined {
    const { _handle: handle } = this.socket as Carrier;
    return handle?.writeQueueSize === undefined ? undefined : handle.bytesWritten - handle.writeQueueSize;
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

  resume(): void {
    this.socket.resume();
  }

  pause(): void {
    this.socket.pause();
  }

  write(parts: readonly Bytes[], length: number): boolean {
    const { socket } = this;
    writeParts(socket, parts, length);
    // Most writes are taken by the kernel at once, and then nothing is left here.
    if (socket.writableLength === 0 || !socket.writableNeedDrain) return true;
    if (!this.watchesDrain) socket.on('drain', onDrain);
    this.watchesDrain = true;
    return false;
  }

  end(): void {
    this.socket.on('finish', onFinish).end();
  }

  abort(): void {
    const { socket } = this;
    if (socket.destroyed) return;
    // The system refuses to reset while it sends the end, and Node would then never close: all is said, so let go of it.
    const sendingEnd = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
    if (sendingEnd || this.remote instanceof PathAddress) socket.destroy();
    else socket.resetAndDestroy();
  }

  close(): void {
    this.socket.destroy();
  }
}

const nothing: Bytes = new Uint8Array(0);

function onData(this: Socket, chunk: Bytes): void {
  (this as Carrier)[transport].events.received(chunk);
}

function onEnd(this: Socket): void {
  const { events, remote } = (this as Carrier)[transport];
  // libuv tells a reset that comes together with the last bytes as an end. An empty write knows better; on a Unix socket
  // it would also refuse a peer that has simply closed.
  if (this.writable && remote instanceof IpAddress) this.write(nothing);
  if (!this.errored) events.receivedEnd();
}

function onDrain(this: Socket): void {
  (this as Carrier)[transport].events.drained();
}

function onFinish(this: Socket): void {
  (this as Carrier)[transport].events.sentEnd();
}

function onError(this: Socket, error: Error): void {
  (this as Carrier)[transport].error = error;
}

function onClose(this: Socket): void {
  const { events, error, remote } = (this as Carrier)[transport];
  events.closed(error && loss(String(remote), error));
}
