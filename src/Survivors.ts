/**
 * Notices that what arrives is kept: whatever stores it, be it an operator of rxjs or the program itself.
 * Knows: watching a few buffers without keeping them, the size of the heap, when the collector has had its say.
 * Does not know: who stores.
 *
 * One buffer of every MiB is watched, through a WeakRef to a small object that lives as long as the buffer does: V8's quick
 * collections keep whatever a WeakRef leads to, and 64 KiB out of each MiB kept so doubled the CPU time of a stream.
 *
 * That one is still there proves nothing, the collector may not have come by. So each round has a witness: an object older
 * than what is watched, let go of after the last one. Once the witness is gone, whatever is left is reachable.
 *
 * Text cannot be watched: no WeakRef takes a string. But it lies in the heap, and right after the collector came the heap
 * is what is reachable. A heap that has grown that much, while that much arrived here, is stored text, or objects made of
 * what arrived. (It may be something else in the program. The words of the warning say so.)
 */
import { StoredBytes, warn } from './warnings.ts';

/** One buffer of so many bytes is watched. */
export const sampleEvery = 1 << 20;
/** This many that survive are worth a warning: 64 MiB. */
const tooMany = 64;
/** A heap that grew by less than this part of what arrived meanwhile grew for another reason. */
const leastShare = 1 / 16;

export class Survivors {
  private readonly source: string;
  /** Whatever is kept by a buffer, and by nothing else. */
  private readonly marks = new WeakMap<ArrayBufferLike, object>();
  /** The marks that survived a visit of the collector, and those that are watched in this round. */
  private survived: WeakRef<object>[] = [];
  private watched: WeakRef<object>[] = [];
  /** Kept while the round goes on; then only looked at. */
  private witness: object | undefined = {};
  private trace: WeakRef<object> | undefined;
  private warned = false;
  /** The smallest heap that was seen, and how many bytes had been sampled by then. */
  private heap = heapSize();
  private sampled = 0;
  private sampledThen = 0;

  constructor(source: string) {
    this.source = source;
  }

  watch(buffer: ArrayBufferLike): void {
    if (this.warned || typeof WeakRef === 'undefined') return;
    this.sampled += sampleEvery;
    if (this.trace === undefined) this.add(buffer);
    else if (this.trace.deref() === undefined) this.judge();
  }

  private add(buffer: ArrayBufferLike): void {
    // A peer in this process may send one and the same buffer again and again.
    if (!this.marks.has(buffer)) {
      const mark = {};
      this.marks.set(buffer, mark);
      this.watched.push(new WeakRef(mark));
    }
    if (this.watched.length + this.survived.length < tooMany) return;
    this.trace = new WeakRef(this.witness!);
    this.witness = undefined;
  }

  private judge(): void {
    this.survived = [...this.survived, ...this.watched].filter((mark) => mark.deref() !== undefined);
    this.watched = [];
    this.witness = {};
    this.trace = undefined;
    if (this.survived.length >= tooMany) this.warn(this.survived.length * sampleEvery);
    else this.judgeHeap();
  }

  private judgeHeap(): void {
    const heap = heapSize();
    const grown = heap - this.heap;
    const arrived = this.sampled - this.sampledThen;
    heapTold = Math.min(heapTold, heap);
    const news = Math.min(grown, heap - heapTold);
    if (news >= tooMany * sampleEvery && grown >= arrived * leastShare) {
      heapTold = heap;
      this.warn(grown, arrived);
    }
    if (grown > 0) return;
    this.heap = heap;
    this.sampledThen = this.sampled;
  }

  private warn(stored: number, arrived?: number): void {
    this.warned = true;
    this.survived = [];
    warn(new StoredBytes(this.source, stored, arrived));
  }
}

/** The heap when a warning told of it: what one connection has said, the others need not say again. */
let heapTold = -Infinity;

/** Bytes of text and objects in memory, where the platform tells; else always the same. Looked up at run time, nothing is imported. */
function heapSize(): number {
  const { process } = globalThis as { process?: { memoryUsage?(): { heapUsed: number } } };
  // Not what is external: that of buffers is settled late, and looks like text meanwhile.
  return process?.memoryUsage?.().heapUsed ?? 0;
}
