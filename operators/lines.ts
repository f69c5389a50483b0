/**
 * Lines of text.
 * Knows: how lines end (RFC 5198 section 2 and what is met in the wild), that they are UTF-8 (RFC 3629).
 * Does not know: what is said in them.
 */
import { map } from 'rxjs';
import { bytes, indexOf, isAscii, latin1, show, utf8Part, type Bytes } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { codec, type Codec } from '../src/Protocol.ts';
import { checkedMax, tooLong } from './framing/limits.ts';
import { begun, scanBytes, upTo, type Delimited } from './framing/upTo.ts';

/** How lines end, and how long they may be. */
export interface LinesOptions {
  /** The most bytes a line that arrives may have, its ending not counted. */
  readonly max?: number;
  /** What ends a line, exactly, both ways. Without it LF and CRLF are understood and CRLF is sent. */
  readonly delimiter?: string;
}

/**
 * Bytes to lines of text, and back.
 *
 * In plain words: each line that arrives is one string, without its ending, however the network cut it; each string
 * that leaves is one line.
 *
 * ```marbles
 * -a-b-c-|
 * lines().decode
 * ---x-y-|
 *
 * a = bytes('GET')
 * b = bytes(' /\r\nHo')
 * c = bytes('st: x\n')
 * x = 'GET /'
 * y = 'Host: x'
 * ```
 * ```ts
 * from(['GET', ' /\r\nHo', 'st: x\n']).pipe(map((part) => bytes(part)), lines().decode).subscribe(console.log);
 * // => GET /
 * // => Host: x
 * of('hello').pipe(lines().encode).subscribe((wire) => console.log(show(wire)));
 * // => 'hello\r\n'
 * ```
 * In: chunks of any size, UTF-8; what is not UTF-8 becomes U+FFFD. Out: one chunk a line, its ending included.
 *
 * Limits: a line that arrives has at most `max` bytes (16,384 when not said), so that a peer who never ends its line
 * cannot fill the memory. What is sent is not limited: one peer's long line, passed on with a word added, must not
 * break off the others.
 *
 * Errors: {@link LimitExceeded} as soon as a line is known to be too long; {@link ProtocolError} when the stream ends
 * in the middle of a line, and, with side `local`, when a line to be sent contains what ends a line: nobody can smuggle
 * in a line of their own.
 *
 * @see {@link delimited} for bytes, {@link text} for text without lines, {@link json} to lay over it
 */
export function lines({ max = 16384, delimiter }: LinesOptions = {}): Codec<Bytes, string> {
  checkedMax(max);
  if (delimiter === '') throw new RangeError('a delimiter has at least one character');
  const either = delimiter === undefined;
  const ending = delimiter ?? '\n';
  const noun = 'a line';

  const form: Delimited<string> = {
    noun,
    delimiter: bytes(ending),
    max,
    views: false,
    read(content, start, end) {
      const stop = either && end > start && content[end - 1] === cr ? end - 1 : end;
      if (stop - start > max) throw tooLong(noun, content.subarray(start, stop), max);
      return utf8Part(content, start, stop);
    },
    spare: (unfinished) =>
      either ? Number(unfinished[unfinished.length - 1] === cr) : begun(unfinished, form.delimiter),
    // Cutting a string is three times as fast as making one out of bytes for each line.
    scan(chunk, from, out) {
      if (!isAscii(chunk)) return scanBytes(form, chunk, from, out);
      const all = latin1(chunk);
      let start = from;
      for (let end = all.indexOf(ending, start); end >= 0; end = all.indexOf(ending, start)) {
        const stop = either && end > start && all.charCodeAt(end - 1) === cr ? end - 1 : end;
        if (stop - start > max) throw tooLong(noun, chunk.subarray(start, stop), max);
        out.next(all.slice(start, stop));
        start = end + ending.length;
        if (out.closed) break;
      }
      return start;
    },
  };

  const sent = delimiter ?? '\r\n';
  const encode = (line: string): Bytes => {
    const wire = bytes(line + sent);
    if (indexOf(wire, form.delimiter) !== wire.length - form.delimiter.length) {
      throw new ProtocolError(`sending ${noun}: expected none of ${show(ending)} inside, got ${show(line)}`, {
        side: 'local',
      });
    }
    return wire;
  };

  return codec(upTo(form), map(encode));
}

const cr = 13;
