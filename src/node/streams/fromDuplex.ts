/**
 * A Node stream as a Connection.
 * Knows: names for both ends. Does not know: how streams are driven (StreamTransport.ts).
 */
import type { Duplex } from 'node:stream';
import { PathAddress, type Address } from '../../Address.ts';
import { Connection } from '../../Connection.ts';
import { pairOf, StreamTransport, type StreamPair } from '../StreamTransport.ts';

/** How the ends of a connection over Node streams are named. */
export interface FromDuplexOptions {
  /** This end (unnamed). */
  readonly local?: Address;
  /** The other end (unnamed). */
  readonly remote?: Address;
}

/**
 * The {@link Connection} over a Node stream of bytes: a Duplex, or `{ readable, writable }` that belong together.
 *
 * In plain words: what the stream gives arrives, what is written goes into the stream, with the whole contract of
 * docs/duplex.md. While reading is held the stream is paused; while the stream is full, whoever feeds the connection is held.
 * `complete()` ends the writable half, an abort destroys the stream with its reason, an error of the stream is a
 * {@link ConnectionLost} with that error as its `cause`. Text is taken for UTF-8 (or for the encoding that the stream says).
 *
 * Limits: a stream in object mode must carry bytes all the same; one that ends both halves together
 * (`allowHalfOpen: false`) does so here, too. The stream belongs to the connection from now on.
 *
 * ```ts
 * import { duplexPair } from 'node:stream';
 *
 * const [near, far] = duplexPair();
 * fromDuplex(far).pipe(lines().decode).subscribe((line) => console.log(line));   // => hello
 * near.end('hello\n');
 * ```
 *
 * Neighbours: {@link toDuplex} is the way back; {@link fromReadable} for a stream that is only read.
 */
export function fromDuplex(stream: Duplex | StreamPair, options: FromDuplexOptions = {}): Connection {
  const { local = new PathAddress(''), remote = new PathAddress('') } = options;
  return new Connection((events) => new StreamTransport(pairOf(stream), local, remote, events));
}
