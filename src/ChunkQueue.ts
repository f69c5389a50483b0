/**
 * Chunks that wait, as they came: first in, first out, without a copy where none is needed.
 * Knows: how many bytes wait, how to cut. Does not know: what they mean (ByteQueue.ts joins them, for what must be understood).
 */
import { concat, type Bytes } from './bytes.ts';

export class ChunkQueue {
  /** How many bytes wait. */
  length = 0;
  private chunks: Bytes[] = [];
  /** How many of `chunks` are taken already. */
  private taken = 0;

  push(chunk: Bytes): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  /** Removes a view of the first bytes: at most so many, and no more than lie in one chunk. An empty queue is a `RangeError`. */
  takeView(atMost: number): Bytes {
    const { chunks, taken } = this;
    if (this.length === 0) throw new RangeError('wanted a chunk of a queue that holds none');
    const first = chunks[taken];
    const view = first.length <= atMost ? first : first.subarray(0, atMost);
    this.length -= view.length;
    if (view !== first) chunks[taken] = first.subarray(atMost);
    else if (++this.taken === chunks.length) this.clear();
    else if (this.taken >= forgetAt) this.forget();
    return view;
  }

  /** Removes the first `count` bytes: a view if they lie in one chunk, a copy if not. Fewer than that waiting is a `RangeError`. */
  take(count: number): Bytes {
    this.check(count);
    const parts: Bytes[] = [];
    for (let missing = count; missing > 0; missing -= parts.at(-1)!.length) parts.push(this.takeView(missing));
    return concat(parts, count);
  }

  /** Moves the first bytes into `room`, which they must fill: fewer waiting is a `RangeError`. */
  fill(room: Bytes): void {
    this.check(room.length);
    for (let at = 0; at < room.length;) {
      const view = this.takeView(room.length - at);
      room.set(view, at);
      at += view.length;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.chunks = [];
    this.taken = this.length = 0;
  }

  private check(count: number): void {
    if (count > this.length) throw new RangeError(`wanted ${count} bytes of a queue that holds ${this.length}`);
  }

  /** Moving what is left is paid for by what was taken: linear, however many wait. */
  private forget(): void {
    if (this.taken * 2 < this.chunks.length) return;
    this.chunks.splice(0, this.taken);
    this.taken = 0;
  }
}

/** So many chunks must have been taken before the rest is moved up. */
const forgetAt = 32;
