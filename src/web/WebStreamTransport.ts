/**
 * A pair of web streams as a Transport (WHATWG Streams Standard).
 * Knows: readers, writers, their promises; when a stream is full, when it is over. The one file here that waits for promises
 * between a byte arriving and a byte leaving: they are this platform's events.
 * Does not know: where the streams come from, what the bytes mean.
 */
import { asapScheduler, asyncScheduler, type SchedulerLike } from 'rxjs';
import type { Address } from '../Address.ts';
import { concat, type Bytes } from '../bytes.ts';
import { ConnectionAborted, ConnectionLost } from '../errors.ts';
import { highWaterMark, lowWaterMark } from '../Outbox.ts';
import type { Flushable, Transport, TransportEvents } from '../Transport.ts';
import { readsPerTurn } from './fromWeb.ts';
import type { WebDuplex } from './toWebDuplex.ts';

/** What arrives in larger pieces is handed on in pieces of this size: each may be the last one before a hold. */
const largestPiece = 65536;

type Chunk = Bytes | ArrayBuffer | ArrayBufferView;
type ReadResult = Awaited<ReturnType<ReadableStreamDefaultReader<Chunk>['read']>>;

export class WebStreamTransport implements Transport {
  readonly scheduler: SchedulerLike = asyncScheduler;
  readonly local: Address;
  readonly remote: Address;
  unsent = 0;
  private readonly reader: ReadableStreamDefaultReader<Chunk>;
  private readonly writer: WritableStreamDefaultWriter<Bytes>;
  events: TransportEvents;
  /** `write` has said so, and `drained` was not told yet. */
  private full = false;
  private paused = false;
  private reading = false;
  private reads = 0;
  /** What was read and not handed on yet. */
  private rest: Bytes | undefined;
  private handingOut = false;
  private ended = false;
  private over = false;

  constructor(
    { readable, writable }: WebDuplex<Chunk, Bytes>,
    local: Address,
    remote: Address,
    events: TransportEvents,
  ) {
    this.reader = readable.getReader();
    this.writer = writable.getWriter();
    this.local = local;
    this.remote = remote;
    this.events = events;
    // Whatever a write, a close or `ready` fails with fails this, too: it is told once, here.
    this.writer.closed.catch(this.onFailure);
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
    if (this.reading || this.handingOut || this.ended || this.over) return;
    // Whoever resumes is not told anything before it has returned.
    this.reading = true;
    asapScheduler.schedule(this.goOn);
  }

  write(parts: readonly Bytes[], length: number): boolean {
    const { writer } = this;
    if (this.over) return true;
    this.unsent += length;
    writer.write(concat(parts, length)).then(() => {
      this.unsent -= length;
      this.lookForRoom();
    }, toldByClosed);
    // A stream with a large mark of its own takes more than this: then whoever feeds us is held, and is let go by `drained`.
    if (this.hasRoom && this.unsent < highWaterMark) return true;
    this.full = true;
    writer.ready.then(this.lookForRoom, toldByClosed);
    return false;
  }

  end(): void {
    this.writer.close().then(() => {
      if (!this.over) this.events.sentEnd();
    }, toldByClosed);
  }

  abort(reason: unknown): void {
    this.breakOff(reason);
  }

  close(): void {
    this.breakOff(new ConnectionAborted('the connection was closed before its peer had ended'));
  }

  /** Both streams are let go of; one that is over already does not mind. */
  private breakOff(reason: unknown, error?: Error): void {
    if (this.over) return;
    this.over = true;
    this.unsent = 0;
    this.rest = undefined;
    // The connection ends with its own reason: that its streams cannot even be broken off changes nothing.
    this.writer.abort(reason).catch(toldByClosed);
    this.reader.cancel(reason).catch(toldByClosed);
    asapScheduler.schedule(() => this.events.closed(error));
  }

  private get hasRoom(): boolean {
    // Null when the stream has failed: `closed` tells.
    return (this.writer.desiredSize ?? 1) > 0;
  }

  private readonly lookForRoom = (): void => {
    if (this.over || !this.full || !this.hasRoom || this.unsent > lowWaterMark) return;
    this.full = false;
    this.events.drained();
  };

  private readonly goOn = (): void => {
    this.reading = false;
    this.handOut();
    if (this.rest !== undefined || this.paused || this.over) return;
    this.reading = true;
    // A stream that always has something ready answers in microtasks: now and then others have their turn.
    if (++this.reads % readsPerTurn > 0) this.readOne();
    else this.scheduler.schedule(this.readOne);
  };

  private readonly readOne = (): void => {
    if (!this.over) this.reader.read().then(this.onRead, this.onFailure);
  };

  private readonly onRead = ({ done, value }: ReadResult): void => {
    this.reading = false;
    if (this.over) return;
    if (done) {
      this.ended = true;
      this.events.receivedEnd();
      return;
    }
    const bytes = bytesIn(value);
    if (bytes === undefined) {
      this.onFailure(
        new TypeError(`a connection carries bytes, and this stream has given a value of type ${typeof value}`),
      );
      return;
    }
    if (bytes.length > 0) this.rest = bytes;
    this.goOn();
  };

  private handOut(): void {
    this.handingOut = true;
    while (this.rest !== undefined && !this.paused) {
      const { rest } = this;
      this.rest = rest.length > largestPiece ? rest.subarray(largestPiece) : undefined;
      this.events.received(this.rest === undefined ? rest : rest.subarray(0, largestPiece));
    }
    this.handingOut = false;
  }

  private readonly onFailure = (cause: unknown): void => {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.breakOff(cause, new ConnectionLost(`the connection with ${this.remote} was lost: ${why}`, { cause }));
  };
}

/** For the promises of one writer that fail together: `closed` has told. */
function toldByClosed(): void {}

function bytesIn(chunk: Chunk): Bytes | undefined {
  if (chunk instanceof Uint8Array) return chunk;
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  return ArrayBuffer.isView(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : undefined;
}
