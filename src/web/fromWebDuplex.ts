/**
 * A pair of web streams as a Connection.
 * Knows: names for both ends. Does not know: how the streams are driven (WebStreamTransport.ts).
 */
import { PathAddress, type Address } from '../Address.ts';
import type { Bytes } from '../bytes.ts';
import { Connection } from '../Connection.ts';
import type { WebDuplex } from './toWebDuplex.ts';
import { WebStreamTransport } from './WebStreamTransport.ts';

/** How the ends of a connection over web streams are named. */
export interface FromWebDuplexOptions {
  /** This end (unnamed). */
  readonly local?: Address;
  /** The other end (unnamed). */
  readonly remote?: Address;
}

/**
 * The {@link Connection} over a pair of web streams of bytes: a serial port, a WebTransport stream, a `WebSocketStream`,
 * a `TransformStream`, whatever has a `readable` and a `writable`.
 *
 * In plain words: what the readable stream gives arrives, what is written goes into the writable stream, with the whole
 * contract of docs/duplex.md. While reading is held nothing is read; while `writer.ready` is pending what is written
 * waits, and whoever feeds the connection is held from 64 KiB on. `complete()` closes the writable stream. An abort aborts
 * it and cancels the readable one, with the reason. An error of either stream is a {@link ConnectionLost} with that error as
 * its `cause`.
 *
 * Limits: both streams are locked, and belong to the connection from now on. A chunk may be any view of bytes, or an
 * `ArrayBuffer`; anything else ends the connection. A stream that hands on what it is given by transfer (a byte stream, a
 * port) takes the bytes away from others who share them: let a `TransformStream` copy them first.
 *
 * ```ts
 * const [toServer, toClient] = [new TransformStream<Bytes>(), new TransformStream<Bytes>()];
 * const server = fromWebDuplex({ readable: toServer.readable, writable: toClient.writable });
 * const client = fromWebDuplex({ readable: toClient.readable, writable: toServer.writable });
 * server.pipe(identity).subscribe(server);
 * client.subscribe((chunk) => console.log(utf8(chunk)));   // => hello
 * client.next(bytes('hello'));
 * ```
 *
 * Neighbours: {@link toWebDuplex} is the way back; {@link fromWeb} for a stream that is only read.
 */
export function fromWebDuplex(
  streams: WebDuplex<Bytes | ArrayBuffer | ArrayBufferView, Bytes>,
  options: FromWebDuplexOptions = {},
): Connection {
  const { local = new PathAddress(''), remote = new PathAddress('') } = options;
  return new Connection((events) => new WebStreamTransport(streams, local, remote, events));
}
