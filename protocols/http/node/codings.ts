/**
 * The content codings that Node's zlib knows, unpacked (RFC 9110 section 8.4.1; RFC 7932, RFC 8878).
 * Knows: which stream unpacks what. Does not know: messages.
 */
import type { Duplex } from 'node:stream';
import * as zlib from 'node:zlib';
import { Observable, Subject, type OperatorFunction } from 'rxjs';
import { show, type Bytes } from '../../../src/bytes.ts';
import { ProtocolError } from '../../../src/errors.ts';
import { throughStream } from '../../../src/node/streams/throughStream.ts';
import type { Codings } from '../client/codings.ts';

// Newer than the types, and than the oldest Node that is supported.
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Duplex };

/** `deflate` is zlib's format (RFC 1950), but some servers have always sent what is inside it (RFC 1951). */
const inflate = ([first]: Bytes): Duplex => ((first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw());

/**
 * `gzip`, `deflate`, `br`, and `zstd` where Node has it: for a client.
 *
 * Errors: {@link ProtocolError} for what is not in the format that was said, and for content that ends too early.
 */
export const codings: Codings = {
  gzip: () => unpacking('gzip', () => zlib.createGunzip()),
  deflate: () => unpacking('deflate', inflate),
  br: () => unpacking('br', () => zlib.createBrotliDecompress()),
  ...(createZstdDecompress && { zstd: () => unpacking('zstd', createZstdDecompress) }),
  // RFC 9110 section 8.4.1.3: the same.
  'x-gzip': () => unpacking('gzip', () => zlib.createGunzip()),
};

/** Unpacks by the stream that suits the first chunk. No content is no content, whatever it is said to be packed with. */
function unpacking(coding: string, streamFor: (first: Bytes) => Duplex): OperatorFunction<Bytes, Bytes> {
  const failure = (cause: Error | null | undefined): Error =>
    new ProtocolError(`unpacking content: expected ${show(coding)}, got ${cause?.message ?? 'an end'}`, {
      cause: cause ?? undefined,
    });
  return (source) =>
    new Observable((subscriber) => {
      const packed = new Subject<Bytes>();
      let begun = false;
      const begin = (first: Bytes): void => {
        begun = true;
        subscriber.add(packed.pipe(throughStream(() => streamFor(first), { failure })).subscribe(subscriber));
      };
      subscriber.add(
        source.subscribe({
          next(chunk) {
            if (!begun && chunk.length > 0) begin(chunk);
            packed.next(chunk);
          },
          error: (error: unknown) => (begun ? packed.error(error) : subscriber.error(error)),
          complete: () => (begun ? packed.complete() : subscriber.complete()),
        }),
      );
    });
}
