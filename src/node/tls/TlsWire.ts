/**
 * What TLS reads and writes: the transport below as a stream of Node's.
 * Knows: pressure both ways, both ends, and when the end below was heard above. Does not know: TLS.
 * It is a stream, and not the socket itself, because Node does not tell the end that the peer has said under TLS from the
 * one that anybody on the way can make; between what is read here and what comes out of TLS they can be told apart.
 */
import { Duplex } from 'node:stream';
import type { Bytes } from '../../bytes.ts';
import type { Transport, TransportEvents } from '../../Transport.ts';

type Done = (error?: Error | null) => void;

export class TlsWire extends Duplex {
  /** What the transport below tells. */
  readonly events: TransportEvents;
  readonly below: Transport;
  /** Whether all has been read, the end included. */
  endRead = false;
  /** Whether the end below has come, and whether this side's has gone. */
  private endReceived = false;
  private endSent = false;
  /** Whether the transport below has let go of everything. */
  belowClosed = false;
  /** Told when the end below has come. */
  onBelowEnded: () => void = () => {};
  /** Told when the transport below takes bytes again. */
  onBelowDrained: () => void = () => {};
  /** Told when the transport below is closed. */
  onBelowClosed: (error?: Error) => void = () => {};
  private belowHeld = false;
  private writing: Done | undefined;
  private finishing: Done | undefined;

  constructor(below: Transport) {
    // Nothing is read ahead here: TLS reads ahead itself, and the transport below has its chunk.
    super({ allowHalfOpen: true, readableHighWaterMark: 1 });
    this.below = below;
    this.once('end', () => (this.endRead = true));
    this.events = {
      received: (chunk) => this.received(chunk),
      receivedEnd: () => {
        this.endReceived = true;
        this.push(null);
        this.onBelowEnded();
      },
      drained: () => {
        this.wrote();
        this.onBelowDrained();
      },
      sentEnd: () => {
        this.endSent = true;
        this.finishing?.();
        this.finishing = undefined;
      },
      closed: (error) => {
        this.belowClosed = true;
        this.onBelowClosed(error);
      },
    };
  }

  get bothEnded(): boolean {
    return this.endReceived && this.endSent;
  }

  /** Whether this side's end has gone below, and the other's has not come. */
  get endAwaited(): boolean {
    return this.endSent && !this.endReceived;
  }

  /** Bytes arrived below. */
  received(chunk: Bytes): void {
    if (this.push(chunk) || this.belowHeld || this.destroyed) return;
    this.belowHeld = true;
    this.below.pause();
  }

  override _read(): void {
    if (!this.belowHeld) return;
    this.belowHeld = false;
    this.below.resume();
  }

  override _write(chunk: Bytes, _encoding: string, done: Done): void {
    this.send([chunk], chunk.length, done);
  }

  override _writev(chunks: { chunk: Bytes }[], done: Done): void {
    const parts = chunks.map(({ chunk }) => chunk);
    this.send(
      parts,
      parts.reduce((sum, { length }) => sum + length, 0),
      done,
    );
  }

  override _final(done: Done): void {
    if (this.belowClosed) return done();
    this.finishing = done;
    this.below.end();
  }

  override _destroy(_error: Error | null, done: Done): void {
    // Why it is over is known above; who owns the transport below lets go of it.
    this.writing = this.finishing = undefined;
    done();
  }

  private wrote(): void {
    const done = this.writing;
    this.writing = undefined;
    done?.();
  }

  private send(parts: readonly Bytes[], length: number, done: Done): void {
    if (this.belowClosed || this.below.write(parts, length)) done();
    else this.writing = done;
  }
}
