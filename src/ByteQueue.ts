/**
 * Bytes waiting to be understood: what came at the back, what was read off the front.
 * Knows: one growing piece of memory, and where the unread part of it lies. Does not know: framing, connections, rxjs.
 * Linear in what passes through it, however small the pieces: each byte is copied once on its way in and,
 * amortised, once more when memory grows or the unread part is moved to the front.
 */
import { allocate, indexOf, type Bytes } from './bytes.ts';

/** From this size on, `take` of everything hands over the memory itself instead of a copy. */
const handOver = 4096;
/** Fewer bytes than this are copied one by one. */
const loopBelow = 64;
/** An empty queue keeps at most this much memory for what comes next. */
const keep = 65536;

export class ByteQueue {
  private memory: Bytes = nothing;
  private start = 0;
  private end = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.end - this.start;
  }

  /** Adds a copy of `chunk` (or of its part from `from` up to `to`) at the back. `expected` is how many more are known to come: room is made once. */
  push(chunk: Bytes, from = 0, to = chunk.length, expected = 0): void {
    const added = to - from;
    if (this.end + added > this.memory.length) this.makeRoom(added, expected);
    const { memory, end } = this;
    // Up to about a line of text a loop is faster than a call.
    if (added < loopBelow) for (let i = 0; i < added; i++) memory[end + i] = chunk[from + i];
    else memory.set(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), end);
    this.end = end + added;
  }

  /** Removes the first `count` bytes and hands them out; they belong to the caller. Fewer than that waiting is a `RangeError`. */
  take(count: number): Bytes {
    const front = this.peek(count);
    if (count === this.length && count >= handOver) {
      this.clear();
      return front;
    }
    const copy = allocate(count);
    copy.set(front);
    this.skip(count);
    return copy;
  }

  /** A view of the first `count` bytes, valid until the next `push`. Fewer than that waiting is a `RangeError`. */
  peek(count = this.length): Bytes {
    this.check(count);
    return this.memory.subarray(this.start, this.start + count);
  }

  /** Hands `read` the memory and where the bytes that wait lie in it, for what is made of them at once: no view is made. */
  inPlace<Result>(read: (memory: Bytes, start: number, end: number) => Result): Result {
    return read(this.memory, this.start, this.end);
  }

  /** The byte at `index`, counted from the front; `undefined` past the end. */
  at(index: number): number | undefined {
    return index < this.length ? this.memory[this.start + index] : undefined;
  }

  /** Forgets the first `count` bytes. Fewer than that waiting is a `RangeError`. */
  skip(count: number): void {
    this.check(count);
    this.start += count;
    if (this.start < this.end) return;
    this.start = this.end = 0;
    if (this.memory.length > keep) this.memory = nothing;
  }

  /** Where `needle` begins, counted from the front, looking from `from` on; -1 when it is not there (yet). */
  indexOf(needle: Bytes, from = 0): number {
    return indexOf(this.peek(), needle, from);
  }

  /** Forgets everything, and lets the memory go. */
  clear(): void {
    this.memory = nothing;
    this.start = this.end = 0;
  }

  private check(count: number): void {
    if (count > this.length) throw new RangeError(`wanted ${count} bytes of a queue that holds ${this.length}`);
  }

  private makeRoom(added: number, expected: number): void {
    const { length } = this;
    const needed = length + added;
    // Twice what is needed, so that moving stays linear; what is known to come is not overshot.
    const room = Math.max(64, expected > 0 ? Math.min(needed * 2, needed + expected) : needed * 2);
    const target = room <= this.memory.length ? this.memory : allocate(room);
    if (target === this.memory) target.copyWithin(0, this.start, this.end);
    else target.set(this.memory.subarray(this.start, this.end));
    this.memory = target;
    this.start = 0;
    this.end = length;
  }
}

const nothing: Bytes = new Uint8Array(0);
