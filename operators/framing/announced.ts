/**
 * Messages whose length is known before they come.
 * Knows: how to wait for that many bytes, whatever the chunking, without believing a length that is only announced.
 * Does not know: how the length is written.
 */
import type { OperatorFunction } from 'rxjs';
import { show, type Bytes } from '../../src/bytes.ts';
import { ByteQueue } from '../../src/ByteQueue.ts';
import { ProtocolError } from '../../src/errors.ts';
import { decoding } from './decoding.ts';
import { announcedTooLong, endedInside } from './limits.ts';

/** Takes the bytes of a head one at a time: the length it announces, with the last of them; -1 before. Then begins anew. */
export type Head = (byte: number) => number;

/** What there is to know of messages of a known length. */
export interface Announced {
  /** What to call a message in an error: `a netstring`. */
  readonly noun: string;
  /** The most bytes a message may have; without a head, the bytes that each one has. */
  readonly max: number;
  /** Makes the reader of heads, one for each subscription. */
  readonly head?: () => Head;
  /** A byte that must follow each message, and is no part of it. */
  readonly last?: number;
}

/** Decodes messages of a known length: views of the chunk they came in; one that came in several is put together. */
export function announced({ noun, max, head, last }: Announced): OperatorFunction<Bytes, Bytes> {
  const unknown = head === undefined ? max : -1;
  const extra = last === undefined ? 0 : 1;
  return decoding((out) => {
    const read = head?.();
    /** What came of a message (or of its head) that is not all there. */
    const tail = new ByteQueue();
    /** The length of the message that is coming, -1 while its head is. */
    let length = unknown;
    return {
      receive(chunk) {
        const { length: end } = chunk;
        let at = 0;
        for (;;) {
          if (length < 0 && read !== undefined) {
            const from = at;
            while (length < 0 && at < end) length = read(chunk[at++]);
            if (length < 0) return tail.push(chunk, from, end);
            if (length > max) throw announcedTooLong(noun, length, max);
            if (tail.length > 0) tail.skip(tail.length);
          }
          const size = length + extra;
          let message: Bytes;
          if (tail.length === 0 && end - at >= size) {
            if (extra > 0 && chunk[at + length] !== last) throw unexpected(chunk[at + length]);
            message = chunk.subarray(at, at + length);
            at += size;
          } else {
            const missing = size - tail.length;
            const part = Math.min(missing, end - at);
            // Room is made for what came and as much again, never for what is only announced.
            tail.push(chunk, at, at + part, missing - part);
            at += part;
            if (part < missing) return;
            if (extra > 0 && tail.at(length) !== last) throw unexpected(tail.at(length));
            message = tail.take(length);
            tail.skip(extra);
          }
          length = unknown;
          out.next(message);
          if (out.closed) return;
        }
      },
      end() {
        if (length === unknown && tail.length === 0) return;
        throw endedInside(noun, length < 0 ? 'the rest of its length' : `${length + extra} bytes`, tail.peek());
      },
    };

    function unexpected(byte = 0): ProtocolError {
      return new ProtocolError(
        `receiving ${noun}: expected ${show(Uint8Array.of(last ?? 0))} after its ${length} bytes, got ${show(Uint8Array.of(byte))}`,
        { side: 'remote' },
      );
    }
  });
}
