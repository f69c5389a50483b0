/**
 * The layer of frames: each with its length in front, in four bytes.
 * Knows: how frames are told apart. Does not know: what they mean to each other (Machine.ts).
 */
import { map, type OperatorFunction } from 'rxjs';
import { lengthPrefixed } from '../../operators/lengthPrefixed.ts';
import type { Bytes } from '../../src/bytes.ts';
import { codec, type Codec } from '../../src/Protocol.ts';
import { formatFrame } from './format.ts';
import type { Frame } from './frames.ts';
import { parseFrame } from './parse.ts';

/** The most bytes of a frame, its length not counted, unless something else is said. */
export const defaultMax = 1 << 20;

/**
 * Bytes to the frames of remote calls and streams, and back.
 *
 * In plain words: what `expose` and `remote` speak, for whoever wants to look at it or to speak it otherwise.
 *
 * ```ts
 * of({ kind: 'cancel', id: 7 } as const).pipe(remoteFrames().encode, remoteFrames().decode).subscribe((frame) => console.log(frame));
 * // => { kind: 'cancel', id: 7 }
 * ```
 * Limits: a frame has at most `max` bytes (1 MiB), either way.
 *
 * Errors: {@link LimitExceeded} for a longer one, as soon as it is announced; {@link ProtocolError} for what is no frame.
 * Source: docs/remote.md.
 */
export function remoteFrames({ max = defaultMax }: { readonly max?: number } = {}): Codec<Bytes, Frame> {
  const framed = lengthPrefixed({ bytes: 4, max });
  const decode: OperatorFunction<Bytes, Frame> = (wire) => wire.pipe(framed.decode, map(parseFrame));
  return codec(
    decode,
    map((frame: Frame) => formatFrame(frame, max)),
  );
}
