/**
 * What happened in a world, as a hash of all of it and as text of the last part.
 * Knows: lines with their times. Does not know: what they mean.
 */
import type { Bytes } from '../../src/bytes.ts';

/** So many lines are shown of a world that failed. */
const tail = 40;

export class Trace {
  /** All lines, where they are wanted: to find out where two runs part. */
  readonly all: string[] | undefined;
  private readonly last: string[] = [];
  private one = 0x811c9dc5;
  private two = 0x9e3779b1;

  constructor(keepAll = false) {
    if (keepAll) this.all = [];
  }

  note(at: number, text: string): void {
    const line = `${(at / 1000).toFixed(6)} s  ${text}`;
    for (let i = 0; i < line.length; i++) this.mix(line.charCodeAt(i));
    this.all?.push(line);
    this.last.push(line);
    if (this.last.length > 2 * tail) this.last.splice(0, tail);
  }

  /** The last lines, oldest first. */
  get lastPart(): readonly string[] {
    return this.last.slice(-tail);
  }

  get hash(): string {
    return [this.one, this.two].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  private mix(value: number): void {
    this.one = Math.imul(this.one ^ value, 0x01000193);
    this.two = Math.imul(this.two ^ value ^ (this.one >>> 13), 0x85ebca6b);
  }
}

/** A short name for what bytes say: FNV-1a. */
export function digest(chunk: Bytes): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < chunk.length; at++) hash = Math.imul(hash ^ chunk[at], 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
