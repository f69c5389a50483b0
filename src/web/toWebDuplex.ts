/**
 * A duplex as a pair of web streams (WHATWG Streams Standard).
 * Knows: what a `WritableStream` is told, when it may go on, endings in both vocabularies.
 * Does not know: how the readable half works (toWeb.ts), what is carried.
 */
import type { CloseReason } from '../Connection.ts';
import type { Duplex } from '../Duplex.ts';
import { ConnectionDone } from '../errors.ts';
import { feed, HoldGroup, type Pausable } from '../flow.ts';
import type { Halves } from '../Halves.ts';
import { Reading } from './toWeb.ts';

/** Two streams that belong together: what arrives, and what leaves. */
export interface WebDuplex<In, Out = In> {
  readonly readable: ReadableStream<In>;
  readonly writable: WritableStream<Out>;
}

export interface ToWebDuplexOptions<In, Out> {
  /** How much the readable stream keeps ready (nothing: `highWaterMark: 0`). */
  readonly readableStrategy?: QueuingStrategy<In>;
  /** How much may be written without waiting for room (one value). */
  readonly writableStrategy?: QueuingStrategy<Out>;
}

/**
 * The pair of web streams over a connection, or over any layer.
 *
 * In plain words: hand a connection to code that knows only web streams. Reading begins with the first read, and is held
 * while nobody reads. A write is done once the duplex has room, so `await writer.ready`, `writer.desiredSize` and `pipeTo`
 * keep pressure. `close()` half-closes, and is done once the peer has been told; the answer waits for the first read. `abort(reason)` aborts the connection with that
 * reason. Cancelling the readable stream leaves it: nobody listens any more. Whatever ends the connection otherwise errors
 * both streams, with what the duplex says of it: {@link ConnectionLost}, {@link ConnectionAborted}.
 *
 * ```ts
 * const [near, far] = pair();
 * far.pipe(map((chunk) => bytes(utf8(chunk).toUpperCase()))).subscribe(far);
 * const { readable, writable } = toWebDuplex(near);
 * const writer = writable.getWriter();
 * await writer.write(bytes('hello'));
 * await writer.close();
 * await new globalThis.Response(readable).text()                           // => HELLO
 * ```
 *
 * Neighbours: {@link fromWebDuplex} is the way back; {@link toWeb} for any Observable.
 */
export function toWebDuplex<In, Out>(
  duplex: Duplex<In, Out>,
  { readableStrategy = { highWaterMark: 0 }, writableStrategy }: ToWebDuplexOptions<In, Out> = {},
): WebDuplex<In, Out> {
  const reading = new Reading(duplex, readableStrategy);
  return {
    readable: new ReadableStream(reading, readableStrategy),
    writable: new WritableStream(new Writing(duplex, reading), writableStrategy),
  };
}

/** Every platform has the signal; the types of Node 20 do not. */
type WithSignal = WritableStreamDefaultController & { readonly signal: AbortSignal };

/** What is written through one stream: what the standard calls its underlying sink. It can be held like any other source. */
class Writing<In, Out> implements Pausable {
  private readonly duplex: Duplex<In, Out>;
  private readonly halves: Halves;
  private readonly reading: Reading<In>;
  private readonly group = new HoldGroup(this);
  private goOn: (() => void) | undefined;

  constructor(duplex: Duplex<In, Out>, reading: Reading<In>) {
    this.duplex = duplex;
    this.reading = reading;
    this.halves = duplex.connection.halves;
  }

  toString(): string {
    return `the web stream written to ${this.duplex}`;
  }

  pause(): void {}

  resume(): void {
    const { goOn } = this;
    this.goOn = undefined;
    goOn?.();
  }

  now(): number {
    return this.halves.now();
  }

  start(controller: WritableStreamDefaultController): void {
    const { duplex, halves, group } = this;
    // What a layer encodes later is not written in our name: then we are held as one who joined.
    halves.outbox.join(group);
    halves.onClosed((reason) =>
      controller.error(reason.kind === 'done' ? new ConnectionDone(`${duplex} has ended`) : reason.error),
    );
    // The stream's own call of `abort` would wait until a write that waits for room is done.
    const { signal } = controller as WithSignal;
    signal.addEventListener('abort', () => duplex.error(signal.reason));
  }

  write(value: Out): Promise<void> | void {
    feed(this.group, this.duplex, value);
    if (this.group.held) {
      return new Promise((resolve) => {
        this.goOn = resolve;
      });
    }
  }

  async close(): Promise<void> {
    const { halves, group, duplex } = this;
    const told = new Promise<void>((resolve) => halves.onEndSent(resolve));
    const over = new Promise<CloseReason>((resolve) => halves.onClosed(resolve));
    halves.outbox.leave(group);
    // After our end nobody waits for a listener (rule 6), and the answer may be read later.
    this.reading.listen();
    duplex.complete();
    const reason = await Promise.race([told, over]);
    if (reason !== undefined && reason.kind !== 'done') throw reason.error;
  }
}
