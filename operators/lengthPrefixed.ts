/**
 * Messages with their length in front, in binary.
 * Knows: lengths of 1, 2 or 4 bytes, either end first, and varints. Does not know: what is in a message.
 */
import { map } from 'rxjs';
import { allocate, type Bytes } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { codec, type Codec } from '../src/Protocol.ts';
import { announced, type Head } from './framing/announced.ts';
import { checkedMax, checkSent } from './framing/limits.ts';

/** How the length is written, and how long a message may be. */
export interface LengthPrefixedOptions {
  /** How many bytes the length takes; `'varint'` is unsigned LEB128, as in Protocol Buffers: seven bits a byte, at most five bytes. */
  readonly bytes: 1 | 2 | 4 | 'varint';
  /** The lowest byte of the length comes first. Otherwise the highest does: network order. */
  readonly littleEndian?: boolean;
  /** The most bytes a message may have, either way. */
  readonly max?: number;
}

/**
 * Bytes to messages that come with their length in front, and back.
 *
 * In plain words: so many bytes that say how many follow, then the message.
 *
 * ```text
 * bytes     --'\x02h'--'i\x01!'--|
 *   lengthPrefixed({ bytes: 1 }).decode
 * messages  -----------(hi !)----|
 * ```
 * ```ts
 * from(['\x02h', 'i\x01!']).pipe(
 *   map((part) => bytes(part)),
 *   lengthPrefixed({ bytes: 1 }).decode,
 * ).subscribe((message) => console.log(show(message)));
 * // 'hi'
 * // '!'
 * ```
 * In: chunks of any size. Out: messages, each a view of its chunk where it came in one; whoever is handed one may keep
 * it, and with it the chunk, and must not write into it.
 *
 * Limits: at most `max` bytes each way; when not said 255, 65,535, and for 4 bytes and varints 1,048,576. Memory is set
 * aside for what came, never for what is only announced: four bytes from a peer cannot cost this side a gigabyte.
 *
 * Errors: {@link LimitExceeded} when a length over the limit is announced or a message over it is to be sent;
 * {@link ProtocolError} for a varint of more than 32 bits, and when the stream ends in the middle of a message.
 *
 * @see {@link netstrings} for lengths in digits, {@link fixedLength} for messages that are all of one length
 */
export function lengthPrefixed({ bytes, littleEndian = false, max }: LengthPrefixedOptions): Codec<Bytes, Bytes> {
  const noun = 'a message';
  const form = bytes === 'varint' ? varint : fixed(bytes, littleEndian);
  const limit = checkedMax(max ?? Math.min(form.top, 1 << 20), form.top);

  const encode = (message: Bytes): Bytes => {
    const { length } = message;
    if (length > limit) checkSent(noun, message, limit);
    const size = form.sizeOf(length);
    const wire = allocate(size + length);
    form.write(wire, length);
    wire.set(message, size);
    return wire;
  };

  return codec(announced({ noun, max: limit, head: form.head }), map(encode));
}

/** One way to write a length. */
interface LengthForm {
  /** The highest length that can be written. */
  readonly top: number;
  sizeOf(length: number): number;
  write(into: Bytes, length: number): void;
  head(): Head;
}

function fixed(size: number, littleEndian: boolean): LengthForm {
  return {
    top: 256 ** size - 1,
    sizeOf: () => size,
    write(into, length) {
      for (let i = 0; i < size; i++) into[littleEndian ? i : size - 1 - i] = length / 256 ** i;
    },
    head() {
      let count = 0;
      let value = 0;
      return (byte) => {
        // With multiplications, because shifts are signed from the thirty-second bit on.
        value = littleEndian ? value + byte * 256 ** count : value * 256 + byte;
        if (++count < size) return -1;
        const length = value;
        count = value = 0;
        return length;
      };
    },
  };
}

/** Unsigned LEB128: seven bits a byte, the lowest first; the eighth says that more follow. Padding within five bytes is read. */
const varint: LengthForm = {
  top: 2 ** 32 - 1,
  sizeOf(length) {
    let size = 1;
    for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) size++;
    return size;
  },
  write(into, length) {
    let at = 0;
    let rest = length;
    for (; rest > 127; rest = Math.floor(rest / 128)) into[at++] = (rest % 128) | 128;
    into[at] = rest;
  },
  head() {
    let unit = 1;
    let value = 0;
    return (byte) => {
      value += (byte & 127) * unit;
      unit *= 128;
      // The fifth byte ends it, and has room for four bits.
      if (value > varint.top || (unit > 2 ** 32 && byte > 127)) {
        throw new ProtocolError('receiving a message: expected a length of at most 32 bits, got a longer varint', {
          side: 'remote',
        });
      }
      if (byte > 127) return -1;
      const length = value;
      value = 0;
      unit = 1;
      return length;
    };
  },
};
