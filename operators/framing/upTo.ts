/**
 * Messages that end with a delimiter.
 * Knows: where they end, whatever the chunking; that each byte is looked at once. Does not know: what is in them.
 */
import type { OperatorFunction } from 'rxjs';
import { indexOf, show, type Bytes } from '../../src/bytes.ts';
import { ByteQueue } from '../../src/ByteQueue.ts';
import { decoding, type Out } from './decoding.ts';
import { endedInside, tooLong } from './limits.ts';

/** What there is to know of messages that end with a delimiter. */
export interface Delimited<Message> {
  /** What to call a message in an error: `a line`. */
  readonly noun: string;
  readonly delimiter: Bytes;
  /** The most bytes a message may have, the delimiter not counted. */
  readonly max: number;
  /** Whether a message is a view of the bytes it is read from, so that they must last. */
  readonly views: boolean;
  /** The message in `content` from `start` up to `end`, which is where its delimiter begins. Throws when it is too long. */
  read(content: Bytes, start: number, end: number): Message;
  /** How many bytes at the end of an unfinished message may turn out to be no part of it. */
  spare(unfinished: Bytes): number;
  /** Hands on the messages that lie whole in `chunk` from `from` on; returns where the first unfinished one begins. */
  scan?(chunk: Bytes, from: number, out: Out<Message>): number;
}

/** Decodes messages up to each delimiter. In place in the chunk; only the unfinished end of a chunk is copied. */
export function upTo<Message>(form: Delimited<Message>): OperatorFunction<Bytes, Message> {
  const { noun, delimiter, max } = form;
  /** Reads a message that its delimiter follows. */
  const readWhole = (content: Bytes, start = 0, end = content.length): Message =>
    form.read(content, start, end - delimiter.length);
  return decoding((out) => {
    /** What came of a message whose delimiter has not come. */
    const tail = new ByteQueue();
    return {
      receive(chunk) {
        let from = 0;
        if (tail.length > 0) {
          from = firstEnd(tail, chunk, delimiter);
          tail.push(chunk, 0, from < 0 ? chunk.length : from);
          if (from < 0) return check();
          out.next(first());
          if (out.closed) return;
        }
        if (from === chunk.length) return;
        from = form.scan ? form.scan(chunk, from, out) : scanBytes(form, chunk, from, out);
        if (from === chunk.length || out.closed) return;
        tail.push(chunk, from);
        check();
      },
      end() {
        if (tail.length > 0) throw endedInside(noun, `${show(delimiter)} at its end`, tail.peek());
      },
    };

    /** The message in the tail, which is whole. */
    function first(): Message {
      if (form.views) return readWhole(tail.take(tail.length));
      const message = tail.inPlace(readWhole);
      tail.skip(tail.length);
      return message;
    }

    function check(): void {
      if (tail.length > max && tail.length - form.spare(tail.peek()) > max) throw tooLong(noun, tail.peek(), max);
    }
  });
}

/** The messages that lie whole in `chunk`, found by their bytes. */
export function scanBytes<Message>(
  { delimiter, read }: Pick<Delimited<Message>, 'delimiter' | 'read'>,
  chunk: Bytes,
  from: number,
  out: Out<Message>,
): number {
  let start = from;
  for (let end = indexOf(chunk, delimiter, start); end >= 0; end = indexOf(chunk, delimiter, start)) {
    out.next(read(chunk, start, end));
    start = end + delimiter.length;
    if (out.closed) break;
  }
  return start;
}

/** How many bytes at the end of `content` may be the beginning of `delimiter`. */
export function begun(content: Bytes, delimiter: Bytes): number {
  for (let count = Math.min(delimiter.length - 1, content.length); count > 0; count--) {
    if (matches(content, content.length - count, delimiter, 0, count)) return count;
  }
  return 0;
}

/**
 * Where in `chunk` the first delimiter after `tail` ends; -1 when it is not there.
 * The tail holds no whole delimiter, so only one that begins in its last bytes is looked for there.
 */
function firstEnd(tail: ByteQueue, chunk: Bytes, delimiter: Bytes): number {
  const { length } = delimiter;
  if (length > 1) {
    const seen = tail.peek();
    for (let before = Math.min(length - 1, seen.length); before > 0; before--) {
      const after = length - before;
      if (after > chunk.length || !matches(seen, seen.length - before, delimiter, 0, before)) continue;
      if (matches(chunk, 0, delimiter, before, after)) return after;
    }
  }
  const at = indexOf(chunk, delimiter);
  return at < 0 ? -1 : at + length;
}

function matches(a: Bytes, fromA: number, b: Bytes, fromB: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (a[fromA + i] !== b[fromB + i]) return false;
  return true;
}
