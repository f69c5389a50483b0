/**
 * Text that flows: no lines, no messages.
 * Knows: UTF-8 (RFC 3629), characters that are cut in two. Does not know: where anything begins or ends.
 */
import { map } from 'rxjs';
import { bytes, isAscii, latin1, type Bytes } from '../src/bytes.ts';
import { codec, type Codec } from '../src/Protocol.ts';
import { decoding } from './framing/decoding.ts';

/**
 * Bytes to text, as it comes, and back. UTF-8.
 *
 * In plain words: each chunk as a string; a character that came in two pieces is one character, in the later string.
 *
 * ```text
 * bytes  --'h\xc3'--'\xa9'--|
 *         text().decode
 * text   --h--------é-------|
 * ```
 * ```ts
 * from([[0x68, 0xc3], [0xa9]]).pipe(map((part) => bytes(part)), text().decode).subscribe(console.log);
 * // h
 * // é
 * ```
 * In: chunks of any size; what is not UTF-8 becomes U+FFFD, and so does half a character at the end. Out: strings, none
 * of them empty; where they are cut means nothing. Needs no limit: at most three bytes are kept.
 *
 * @see {@link lines} for lines
 */
export function text(): Codec<Bytes, string> {
  const decode = decoding<Bytes, string>((out) => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    /** Whether the last chunk ended in something else than ASCII: perhaps half a character. */
    let inside = false;
    const emit = (part: string): void => {
      if (part !== '') out.next(part);
    };
    return {
      receive(chunk) {
        if (chunk.length === 0) return;
        if (!inside && isAscii(chunk)) return emit(latin1(chunk));
        inside = chunk[chunk.length - 1] > 127;
        emit(decoder.decode(chunk, { stream: true }));
      },
      end() {
        emit(decoder.decode());
      },
    };
  });
  return codec(decode, map(bytes));
}
