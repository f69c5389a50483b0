/**
 * The payload of a message as it comes, in however many pieces.
 * Knows: how much room to make. Does not know: frames, masks, limits.
 */
import { allocate, type Bytes } from '../../src/bytes.ts';

/** Room for a payload of up to this many bytes is made as soon as it is announced. */
export const roomAtOnce = 65536;

/** Bytes that come together. Room is made for what came and as much again, never for much that is only announced. */
export class Gathered {
  memory: Bytes = nothing;
  length = 0;

  /** Makes room for `added` bytes at the end, of which `expected` more will follow, and gives where that is. */
  grow(added: number, expected: number): number {
    const at = this.length;
    const needed = at + added;
    if (needed > this.memory.length) {
      const all = needed + expected;
      const memory = allocate(all <= roomAtOnce ? all : Math.min(all, Math.max(roomAtOnce, needed * 2)));
      memory.set(this.memory.subarray(0, at));
      this.memory = memory;
    }
    this.length = needed;
    return at;
  }

  take(): Bytes {
    const { memory, length } = this;
    this.memory = nothing;
    this.length = 0;
    return length === memory.length ? memory : memory.subarray(0, length);
  }
}

const nothing: Bytes = new Uint8Array(0);
