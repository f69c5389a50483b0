/**
 * The content that arrives on a stream of HTTP/2.
 * Knows: that an end is one only if nobody has reset the stream: Node tells both alike. Does not know: which side this is.
 */
import { constants, type Http2Stream } from 'node:http2';
import { Observable } from 'rxjs';
import type { Bytes } from '../../../../src/bytes.ts';
import { reading } from '../../../../src/node/streams/fromReadable.ts';

/** It is read while somebody is subscribed; meanwhile its window fills, and the peer waits. `lost` is what an early end is. */
export function contentOf(stream: Http2Stream, lost: (cause?: Error | null) => unknown): Observable<Bytes> {
  const content = reading<Bytes>(stream, (cause) => lost(cause) as Error);
  return new Observable((subscriber) =>
    content.subscribe({
      next: (chunk) => subscriber.next(chunk),
      error: (error: unknown) => subscriber.error(error),
      complete() {
        const { rstCode = constants.NGHTTP2_NO_ERROR } = stream;
        if (rstCode === constants.NGHTTP2_NO_ERROR) subscriber.complete();
        else subscriber.error(lost());
      },
    }),
  );
}
