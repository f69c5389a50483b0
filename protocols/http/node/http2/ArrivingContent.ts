/**
 * The content that arrives on a stream of HTTP/2.
 * Knows: that an end is one only if the peer has said so (END_STREAM): Node ends a stream that is reset just like one that is whole.
 * Does not know: which side this is.
 */
import type { Http2Stream } from 'node:http2';
import { Observable, type Subscriber } from 'rxjs';
import type { Bytes } from '../../../../src/bytes.ts';
import { reading } from '../../../../src/node/streams/fromReadable.ts';
import type { Arriving } from '../../MinimumRate.ts';

export class ArrivingContent implements Arriving {
  /** Bytes of it that were read. */
  arrived = 0;
  private readonly stream: Http2Stream;
  private whole: boolean;
  private readonly readers = new Set<Subscriber<Bytes>>();

  /** To be made as soon as the stream is there: before anything more of it is read. */
  constructor(stream: Http2Stream) {
    this.stream = stream;
    this.whole = stream.state.remoteClose === 1;
    // Node pushes the end that the peer has said while the stream is open, and that of a reset (whatever its code) when it is closed.
    const { push } = stream;
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null && !stream.closed) this.whole = true;
      return push.call(stream, chunk, encoding);
    };
  }

  /** It is read while somebody is subscribed; meanwhile its window fills, and the peer waits. `lost` is what an early end is. */
  read(lost: (cause?: Error | null) => unknown): Observable<Bytes> {
    const content = reading<Bytes>(this.stream, (cause) => lost(cause) as Error);
    return new Observable((subscriber) => {
      this.readers.add(subscriber);
      subscriber.add(() => this.readers.delete(subscriber));
      return content.subscribe({
        next: (chunk) => {
          this.arrived += chunk.length;
          subscriber.next(chunk);
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          if (this.whole) subscriber.complete();
          else subscriber.error(lost());
        },
      });
    });
  }

  /** Whether it waits for a reader: nobody has begun to read, or whoever does is full. */
  get held(): boolean {
    return this.stream.readableFlowing !== true;
  }

  /** Whoever reads it is told that it does not come to its end. */
  fail(error: unknown): void {
    for (const reader of this.readers) reader.error(error);
  }
}
