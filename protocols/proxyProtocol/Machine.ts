/**
 * Reads one PROXY header off the front of a stream.
 * Knows: where it ends, however it is cut. Does not know: connections, time.
 */
import type { Bytes } from '../../src/bytes.ts';
import { ByteQueue } from '../../src/ByteQueue.ts';
import type { ProxyHeader } from './messages.ts';
import { parseHeader } from './parse.ts';

export class ProxyHeaderMachine {
  private readonly max: number;
  private readonly queue = new ByteQueue();

  /** `max`: the most bytes that a header may have. */
  constructor(max: number) {
    this.max = max;
  }

  /** Once the header is whole: it, and the bytes of this chunk that are not of it. Throws what {@link parseHeader} throws. */
  receive(chunk: Bytes): { readonly done?: { readonly result: ProxyHeader; readonly unread: Bytes } } {
    const { queue, max } = this;
    const before = queue.length;
    // A header nearly always comes whole: it is read where it lies.
    if (before > 0) queue.push(chunk);
    const parsed = parseHeader(before > 0 ? queue.peek() : chunk, max);
    if (parsed === undefined) {
      if (before === 0) queue.push(chunk);
      return {};
    }
    return { done: { result: parsed.header, unread: chunk.subarray(parsed.length - before) } };
  }
}
