/**
 * The content that arrives on a stream of HTTP/2.
 * Knows: that an end is one only if the peer has said so (END_STREAM): Node ends a stream that is reset just like one that is whole.
 * Does not know: which side this is.
 */
import type { Http2Stream } from 'node:http2';
import { Observable } from 'rxjs';
import type { Bytes } from '../../../../src/bytes.ts';
import { reading } from '../../../../src/node/streams/fromReadable.ts';

export class ArrivingContent {
  private readonly stream: Http2Stream;
  private whole: boolean;

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
    return new Observable((subscriber) =>
      content.subscribe({
        next: (chunk) => subscriber.next(chunk),
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          if (this.whole) subscriber.complete();
          else subscriber.error(lost());
        },
      }),
    );
  }
}
