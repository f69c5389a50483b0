/**
 * A duplex of bytes as a Node stream.
 * Knows: pressure and endings, both ways, told in Node's words. Does not know: who reads and writes the stream.
 */
import { Duplex as NodeDuplex } from 'node:stream';
import { Subscription } from 'rxjs';
import type { Bytes } from '../../bytes.ts';
import type { CloseReason } from '../../Connection.ts';
import type { Duplex } from '../../Duplex.ts';
import { ConnectionAborted } from '../../errors.ts';
import { Feeders } from '../../Feeders.ts';
import { feed, HoldGroup, subscribingFor, type Holder, type Pausable } from '../../flow.ts';
import { asError } from './toReadable.ts';

/** What a stream keeps for its reader before the connection is held, in bytes: one read of a socket. */
const readableHighWaterMark = 65536;

/**
 * The Node stream over a connection, or over a layer that carries bytes.
 *
 * In plain words: hand a connection to whatever wants a `stream.Duplex` (`tls.connect`, `http.request`, `pipeline`, `for await`).
 * Reading begins when the stream is first read; while 64 KiB wait in it, the connection is held. A write calls back once the
 * connection has room. `end()` half-closes, and 'finish' is told when the peer was told. `destroy(error)` aborts the connection
 * with that error, `destroy()` before the end aborts it, too; after 'finish' it closes in order. A loss destroys the stream
 * with {@link ConnectionLost}, an abort with its reason.
 *
 * ```ts
 * const [near, far] = pair();
 * const stream = toDuplex(near);
 * stream.on('data', (chunk) => console.log(utf8(chunk)));   // => hello
 * far.next(bytes('hello'));
 * ```
 *
 * Neighbours: {@link fromDuplex} is the way back; {@link toReadable} for any Observable.
 */
export function toDuplex(duplex: Duplex<Bytes>): NodeDuplex {
  return new StreamOver(duplex).stream;
}

class StreamOver implements Holder, Pausable {
  readonly stream: NodeDuplex;
  private readonly duplex: Duplex<Bytes>;
  /** Holds the connection while the stream's reader does not keep up. */
  private readonly feeders = new Feeders();
  private reading: Subscription | undefined;
  /** What is written into the stream can be held: its writer is told to go on when the connection has room. */
  private readonly group = new HoldGroup(this);
  private goOn: (() => void) | undefined;

  constructor(duplex: Duplex<Bytes>) {
    this.duplex = duplex;
    this.stream = new NodeDuplex({
      readableHighWaterMark,
      read: () => this.read(),
      write: (chunk: Bytes, _encoding, done) => this.write(chunk, done),
      final: (done) => this.finish(done),
      destroy: (error, done) => this.destroy(error, done),
    });
    duplex.connection.halves.onClosed(this.onClosed);
  }

  get backlog(): number {
    return this.stream.readableLength;
  }

  toString(): string {
    return `the stream over ${this.duplex}`;
  }

  pause(): void {}

  resume(): void {
    const { goOn } = this;
    this.goOn = undefined;
    goOn?.();
  }

  now(): number {
    return this.duplex.connection.halves.transport.now();
  }

  private read(): void {
    this.feeders.releaseAll();
    this.listen();
  }

  private listen(): void {
    if (this.reading !== undefined) return;
    const { stream, feeders } = this;
    const reading = (this.reading = new Subscription());
    const reader = {
      next: (chunk: Bytes): void => {
        if (!stream.push(chunk)) feeders.hold(this, 'its stream is not read');
      },
      error: (error: unknown): void => void stream.destroy(asError(error)),
      complete: (): void => void stream.push(null),
    };
    subscribingFor(feeders, () => reading.add(this.duplex.subscribe(reader)));
  }

  private write(chunk: Bytes, done: () => void): void {
    feed(this.group, this.duplex, chunk);
    if (this.group.held) this.goOn = done;
    else done();
  }

  /** 'finish' is the truth: everything is out. If it never will be, the stream is destroyed when the connection is. */
  private finish(done: () => void): void {
    // After our end, what arrives is discarded if nobody listens (rule 6); a stream keeps it for its reader.
    this.listen();
    this.duplex.complete();
    this.duplex.connection.halves.onEndSent(done);
  }

  private destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { duplex, stream, feeders } = this;
    const { halves } = duplex.connection;
    halves.offClosed(this.onClosed);
    this.reading?.unsubscribe();
    feeders.dismiss();
    if (error === null && stream.writableFinished) {
      // Ours is said. If the peer still speaks it is not waited for: lingering is the connection's own affair.
      halves.leave();
      if (!stream.readableEnded) {
        done(null);
        return;
      }
    } else duplex.error(error ?? new ConnectionAborted(`${String(this)} was destroyed before its end`));
    halves.onClosed(() => done(error));
  }

  private readonly onClosed = (reason: CloseReason): void => {
    const { stream } = this;
    if (reason.kind !== 'done') stream.destroy(asError(reason.error));
    // Somebody else has ended it: who writes from now on must not believe that it is sent.
    else if (!stream.writableEnded) stream.end();
  };
}
