/**
 * What happened in a world, as a hash of all of it and as text of the last part.
 * Knows: lines with their times, and that most of them are never read. Does not know: what they mean.
 */
import type { Bytes } from '../../src/bytes.ts';

/** So many lines are shown of a world that failed. */
const tail = 40;

/** What happens often: words with two gaps, `#` for a number and `@` for a hash. They are filled once somebody reads it. */
export class Phrase {
  private readonly words: string;
  private hashed: number | undefined;

  constructor(words: string) {
    this.words = words;
  }

  get hash(): number {
    return (this.hashed ??= hashOf(this.words));
  }

  filled(number: number, hash: number): string {
    return this.words.replace('#', String(number)).replace('@', hexOf(hash));
  }
}

/** One line: a time, and words that may have gaps. */
interface Line {
  at: number;
  words: string | Phrase;
  number: number;
  hash: number;
}

export class Trace {
  /** The last lines, each in the place of what came `tail` lines before it; or all, to find out where two runs part. */
  private readonly lines: Line[] = [];
  private readonly keepAll: boolean;
  private count = 0;
  private one = start;
  private two = 0x9e3779b1 | 0;

  constructor(keepAll = false) {
    this.keepAll = keepAll;
  }

  /** What happens now and then, in words. */
  note(at: number, words: string): void {
    this.keep(at, words, 0, 0);
    this.mix(hashOf(words));
  }

  /** What happens all the time: nothing is put into words. */
  noteNumbers(at: number, phrase: Phrase, number: number, hash = 0): void {
    this.keep(at, phrase, number, hash);
    this.mix(phrase.hash);
    this.mix(number);
    this.mix(hash);
  }

  /** All lines that are kept, oldest first. */
  get all(): readonly string[] {
    const { lines, count } = this;
    const oldest = this.keepAll || count <= tail ? 0 : count % tail;
    return [...lines.slice(oldest), ...lines.slice(0, oldest)].map(textOf);
  }

  /** The last lines, oldest first. */
  get lastPart(): readonly string[] {
    return this.all.slice(-tail);
  }

  get hash(): string {
    return hexOf(this.one) + hexOf(this.two);
  }

  private keep(at: number, words: string | Phrase, number: number, hash: number): void {
    const place = this.keepAll ? this.count : this.count % tail;
    const line = this.lines[place];
    if (line === undefined) this.lines[place] = { at, words, number, hash };
    else {
      line.at = at;
      line.words = words;
      line.number = number;
      line.hash = hash;
    }
    this.count++;
    // What cannot be told apart in the text must not be in the hash: so microseconds.
    const time = Math.round(at * 1000);
    this.mix(time | 0);
    this.mix((time / 2 ** 32) | 0);
  }

  private mix(value: number): void {
    this.one = Math.imul(this.one ^ value, prime);
    this.two = Math.imul(this.two ^ value ^ (this.one >>> 13), 0x85ebca6b);
  }
}

/** A short name for what bytes say: FNV-1a of four at a time, wherever in memory they lie. */
export function digest(chunk: Bytes): number {
  const { length } = chunk;
  const inFours = length & ~3;
  let hash = start ^ length;
  for (let at = 0; at < inFours; at += 4) {
    const four = chunk[at] | (chunk[at + 1] << 8) | (chunk[at + 2] << 16) | (chunk[at + 3] << 24);
    hash = Math.imul(hash ^ four, prime);
    hash ^= hash >>> 15;
  }
  for (let at = inFours; at < length; at++) hash = Math.imul(hash ^ chunk[at], prime);
  return hash;
}

/** FNV-1a of 32 bits: where it begins, and what it multiplies by. */
const start = 0x811c9dc5 | 0;
const prime = 0x01000193;

function hashOf(words: string): number {
  let hash = start;
  for (let at = 0; at < words.length; at++) hash = Math.imul(hash ^ words.charCodeAt(at), prime);
  return hash;
}

/** For people, and as text is compared: the hash as eight digits. */
export function hexOf(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0');
}

function textOf({ at, words, number, hash }: Line): string {
  return `${(at / 1000).toFixed(6)} s  ${typeof words === 'string' ? words : words.filled(number, hash)}`;
}
