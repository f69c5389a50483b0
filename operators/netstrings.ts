/**
 * Netstrings (D. J. Bernstein, 1997, https://cr.yp.to/proto/netstrings.txt): `5:hello,`.
 * Knows: the format, strictly. Does not know: what is in one.
 */
import { map } from 'rxjs';
import { bytes, concat, show, type Bytes } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { codec, type Codec } from '../src/Protocol.ts';
import { announced, type Head } from './framing/announced.ts';
import { announcedTooLong, checkedMax, checkSent } from './framing/limits.ts';

/**
 * Bytes to the strings of bytes in netstrings, and back.
 *
 * In plain words: a number, a colon, that many bytes of anything, a comma.
 *
 * ```text
 * bytes    --'5:he'--'llo,0:,'--|
 *         netstrings().decode
 * strings  ----------(hello '')-|
 * ```
 * ```ts
 * from(['5:he', 'llo,0:,']).pipe(map((part) => bytes(part)), netstrings().decode).subscribe((it) => console.log(show(it)));
 * // 'hello'
 * // ''
 * ```
 * In: chunks of any size. Out: strings of bytes, each a view of its chunk where it came in one; whoever is handed one may
 * keep it, and with it the chunk, and must not write into it.
 *
 * Limits: at most `max` bytes each way (99,999 when not said). A length is refused at its first digit too many, before
 * it is a number, and no memory is set aside for what is only announced.
 *
 * Errors: {@link LimitExceeded} for a length over the limit, received or to be sent; {@link ProtocolError} for anything
 * the format does not allow (leading zeros, a missing colon or comma), and when the stream ends in the middle of one.
 *
 * @see {@link lengthPrefixed} for lengths in binary
 */
export function netstrings({ max = 99999 }: { readonly max?: number } = {}): Codec<Bytes, Bytes> {
  const noun = 'a netstring';
  checkedMax(max, Number.MAX_SAFE_INTEGER);

  const head = (): Head => {
    let length = 0;
    let digits = 0;
    return (byte) => {
      if (byte === colon && digits > 0) {
        const announcedLength = length;
        length = digits = 0;
        return announcedLength;
      }
      // "Any leading zeros are prohibited": after a 0 there is only the colon.
      const expected = digits === 0 ? 'a digit' : length === 0 ? `':' after '0'` : `a digit or ':'`;
      if (byte < zero || byte > zero + 9 || (digits > 0 && length === 0)) {
        throw new ProtocolError(`receiving ${noun}: expected ${expected}, got ${show(Uint8Array.of(byte))}`, {
          side: 'remote',
        });
      }
      digits++;
      length = length * 10 + (byte - zero);
      if (length > max) throw announcedTooLong(noun, `at least ${length}`, max);
      return -1;
    };
  };

  const encode = (content: Bytes): Bytes => {
    checkSent(noun, content, max);
    return concat([bytes(`${content.length}:`), content, comma]);
  };

  return codec(announced({ noun, max, head, last: comma[0] }), map(encode));
}

const zero = 48;
const colon = 58;
const comma = bytes(',');
