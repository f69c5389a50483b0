/**
 * Messages that all have one length.
 * Knows: the length. Does not know: what is in them.
 */
import { map } from 'rxjs';
import type { Bytes } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { codec, type Codec } from '../src/Protocol.ts';
import { announced } from './framing/announced.ts';

/**
 * Bytes to messages of `length` bytes each, and back.
 *
 * In plain words: cuts what arrives every `length` bytes.
 *
 * ```text
 * bytes     --'abc'--'de'--'f'--|
 *        fixedLength(2).decode
 * messages  --ab-----cd----ef---|
 * ```
 * ```ts
 * from(['abc', 'de', 'f']).pipe(map((part) => bytes(part)), fixedLength(2).decode).subscribe((it) => console.log(show(it)));
 * // 'ab'
 * // 'cd'
 * // 'ef'
 * ```
 * In: chunks of any size. Out: messages, each a view of its chunk where it came in one; whoever is handed one may keep it,
 * and with it the chunk, and must not write into it. At most one message is kept while the rest of it comes.
 *
 * Errors: {@link ProtocolError} when the stream ends in the middle of a message, and, with side `local`, when a message of
 * another length is to be sent.
 *
 * @see {@link lengthPrefixed} for messages that say how long they are
 */
export function fixedLength(length: number): Codec<Bytes, Bytes> {
  if (!Number.isInteger(length) || length < 1)
    throw new RangeError(`a length is a whole number from 1 on, not ${length}`);
  const noun = `a message of ${length} bytes`;

  const encode = (message: Bytes): Bytes => {
    if (message.length === length) return message;
    throw new ProtocolError(`sending ${noun}: got ${message.length} bytes`, { side: 'local' });
  };

  return codec(announced({ noun, max: length }), map(encode));
}
