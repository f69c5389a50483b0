/**
 * Frames of bytes, each up to a delimiter.
 * Knows: the delimiter, the limit. Does not know: what is in a frame; there is no escaping.
 */
import { map } from 'rxjs';
import { bytes, concat, indexOf, show, type Bytes } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { codec, type Codec } from '../src/Protocol.ts';
import { checkedMax, tooLong } from './framing/limits.ts';
import { begun, upTo } from './framing/upTo.ts';

/**
 * Bytes to frames that end with `delimiter`, and back.
 *
 * In plain words: cuts what arrives at each delimiter, and ends what leaves with one.
 *
 * ```text
 * bytes   --'a;b'--'c;'--|
 *      delimited(';').decode
 * frames  --a------bc----|
 * ```
 * ```ts
 * from(['a;b', 'c;']).pipe(map((part) => bytes(part)), delimited(';').decode).subscribe((frame) => console.log(show(frame)));
 * // 'a'
 * // 'bc'
 * ```
 * In: chunks of any size. Out: frames without the delimiter, each a view of its chunk where it came in one; whoever is
 * handed one may keep it, and with it the chunk, and must not write into it.
 *
 * Limits: a frame that arrives has at most `max` bytes (65,536 when not said), so that a peer who never sends the
 * delimiter cannot fill the memory.
 *
 * Errors: {@link LimitExceeded} as soon as a frame is known to be too long; {@link ProtocolError} when the stream ends
 * in the middle of a frame, and, with side `local`, when a frame to be sent would be cut early by a delimiter in it.
 *
 * @see {@link lines} for text, {@link lengthPrefixed} and {@link netstrings} for frames that may hold anything
 */
export function delimited(
  delimiter: Bytes | string,
  { max = 65536 }: { readonly max?: number } = {},
): Codec<Bytes, Bytes> {
  const noun = 'a frame';
  const mark = Uint8Array.from(typeof delimiter === 'string' ? bytes(delimiter) : delimiter);
  if (mark.length === 0) throw new RangeError('a delimiter has at least one byte');

  const decode = upTo<Bytes>({
    noun,
    delimiter: mark,
    max: checkedMax(max),
    read(content, start, end) {
      const frame = content.subarray(start, end);
      if (frame.length > max) throw tooLong(noun, frame, max);
      return frame;
    },
    spare: (unfinished) => begun(unfinished, mark),
  });

  const encode = (frame: Bytes): Bytes => {
    const wire = concat([frame, mark]);
    // Looked for in the whole, because a frame's last bytes and the delimiter's first can make one as well.
    if (indexOf(wire, mark) !== frame.length) {
      throw new ProtocolError(`sending ${noun}: expected none of ${show(mark)} inside, got ${show(frame)}`, {
        side: 'local',
      });
    }
    return wire;
  };

  return codec(decode, map(encode));
}
