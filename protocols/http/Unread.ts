/**
 * The bytes that came and were not taken yet, and the text of lines and heads in them.
 * Knows: that what is looked for may be cut anywhere, that lines end with CR and LF together (RFC 9112 section 2.2). Does not
 * know: what a line says, how long one may be.
 */
import { bytes, concat, latin1, standsAt, type Bytes } from '../../src/bytes.ts';
import { ByteQueue } from '../../src/ByteQueue.ts';

/** So many bytes are made text at once: a batch of pipelined heads, and not much of a long content. */
const windowLength = 16_384;

/** What ends a line, or a head: as text and as bytes. */
export interface Delimiter {
  readonly text: string;
  readonly bytes: Bytes;
}

export const lineEnd: Delimiter = { text: '\r\n', bytes: bytes('\r\n') };
export const headEnd: Delimiter = { text: '\r\n\r\n', bytes: bytes('\r\n\r\n') };

export class Unread {
  /** The beginning of a head or a line whose end has not come. */
  readonly partial = new ByteQueue();
  /** Whether that holds a whole line. */
  partialHasLine = false;
  /** So many bytes of it hold no end. */
  private looked = 0;
  private readonly wrongLineEnd: (text: string) => Error;
  /** `chunk` from `at` on, then `more`. */
  private chunk: Bytes = nothing;
  private at = 0;
  private more: Bytes[] = [];
  /** Text of `chunk` from `textFrom` on; '' if it was not needed yet. */
  private text = '';
  private textFrom = 0;

  /** `wrongLineEnd` makes the error for a CR or LF that stands alone, of the text up to it. */
  constructor(wrongLineEnd: (text: string) => Error) {
    this.wrongLineEnd = wrongLineEnd;
  }

  /** Takes bytes in; they are kept until they are asked for. */
  push(chunk: Bytes): void {
    if (this.isEmpty) this.turnTo(chunk);
    else this.more.push(chunk);
  }

  /** Whether nothing is here that was not asked for; a beginning without an end was asked for. */
  get isEmpty(): boolean {
    return this.at === this.chunk.length && this.more.length === 0;
  }

  /** How many bytes can be taken in one piece. */
  get here(): number {
    return this.chunk.length - this.at;
  }

  /** Whether there are bytes to go on with: if this chunk is used up, the next one comes to the front. */
  advance(): boolean {
    if (this.at < this.chunk.length) return true;
    if (this.more.length === 0) return false;
    this.turnTo(this.more.shift()!);
    return true;
  }

  /** The next bytes, no more than are {@link here}. */
  take(length: number): Bytes {
    const from = this.at;
    this.at += length;
    return this.chunk.subarray(from, this.at);
  }

  /** Uses up these bytes, if they are what comes next in one piece, and nothing had begun before. */
  takeIf(these: Bytes): boolean {
    if (this.partial.length > 0 || !standsAt(this.chunk, these, this.at)) return false;
    this.at += these.length;
    return true;
  }

  /** The last bytes that were used up, in memory of their own; `undefined` if not all of them lie in this chunk. */
  copyOfLast(length: number): Bytes | undefined {
    return this.at < length ? undefined : new Uint8Array(this.chunk.subarray(this.at - length, this.at));
  }

  /** All of it, taken out. */
  rest(): Bytes {
    const parts = [this.partial.take(this.partial.length), this.chunk.subarray(this.at), ...this.more];
    this.turnTo(nothing);
    this.more = [];
    return concat(parts.filter((part) => part.length > 0));
  }

  /**
   * The text up to `delimiter`, which is used up, too; `undefined` when it is not here yet. Then all of this chunk, but never
   * much more than `max` bytes, is in `partial`.
   */
  upTo(delimiter: Delimiter, max: number): string | undefined {
    const { chunk, partial } = this;
    const { length } = delimiter.text;
    if (this.at === chunk.length) return undefined;
    if (partial.length === 0) {
      if (this.at >= this.textFrom + this.text.length) this.makeText();
      const start = this.at - this.textFrom;
      const end = this.text.indexOf(delimiter.text, start);
      if (end >= 0) {
        this.at += end - start + length;
        return this.text.slice(start, end);
      }
    }
    const before = partial.length;
    const taken = Math.max(0, Math.min(chunk.length - this.at, max + length - before));
    partial.push(chunk, this.at, this.at + taken);
    const end = partial.indexOf(delimiter.bytes, Math.max(0, this.looked - length + 1));
    this.checkLineEnds(before, end < 0 ? partial.length : end);
    if (end < 0) {
      this.at += taken;
      this.looked = partial.length;
      return undefined;
    }
    const text = latin1(partial.peek(end));
    this.at += end + length - before;
    partial.skip(partial.length);
    this.looked = 0;
    this.partialHasLine = false;
    return text;
  }

  /** A lone CR or LF ends no line, and must not stand in one. `from` is where nobody has looked. */
  private checkLineEnds(from: number, to: number): void {
    const { partial } = this;
    let previous = from === 0 ? 0 : partial.at(from - 1)!;
    for (let index = from; index < to; index++) {
      const byte = partial.at(index)!;
      if ((byte === 10) !== (previous === 13))
        throw this.wrongLineEnd(latin1(partial.peek()).slice(Math.max(0, index - 30)));
      // The empty lines before a head are no line of it.
      if (byte === 10 && index > lineEnd.text.length) this.partialHasLine = true;
      previous = byte;
    }
  }

  private makeText(): void {
    this.textFrom = this.at;
    this.text = latin1(this.chunk.subarray(this.at, this.at + windowLength));
  }

  private turnTo(chunk: Bytes): void {
    this.chunk = chunk;
    this.at = this.textFrom = 0;
    this.text = '';
  }
}

const nothing: Bytes = new Uint8Array(0);
