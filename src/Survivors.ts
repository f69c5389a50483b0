/**
 * Notices that what arrives is kept: whatever stores it, be it an operator of rxjs or the program itself.
 * Knows: watching a few buffers without keeping them, when the collector has had its say. Does not know: who stores.
 *
 * One buffer of every MiB is watched, through a WeakRef to a small object that lives as long as the buffer does: V8's quick
 * collections keep whatever a WeakRef leads to, and 64 KiB out of each MiB kept so doubled the CPU time of a stream.
 *
 * That one is still there proves nothing, the collector may not have come by. So each round has a witness: an object older
 * than what is watched, let go of after the last one. Once the witness is gone, whatever is left is reachable.
 */
import { StoredBytes, warn } from './warnings.ts';

/** One buffer of so many bytes is watched. */
export const sampleEvery = 1 << 20;
/** This many that survive are worth a warning: 64 MiB. */
const tooMany = 64;

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

  constructor(source: string) {
    this.source = source;
  }

  watch(buffer: ArrayBufferLike): void {
    if (this.warned || typeof WeakRef === 'undefined') return;
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
    if (this.survived.length < tooMany) return;
    this.warned = true;
    warn(new StoredBytes(this.source, this.survived.length * sampleEvery));
    this.survived = [];
  }
}
