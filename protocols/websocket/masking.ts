/**
 * Masking (RFC 6455 section 5.3): each byte of a payload, xor a byte of a key of four.
 * Knows: how to do it fast. Does not know: frames. A key is a number here, its first byte the lowest.
 */
import { isAscii, type Bytes } from '../../src/bytes.ts';

/**
 * Who masks long payloads faster than this file does: the package `bufferutil` is one. Writes `length` bytes of `source`, each
 * xor a byte of the four of `mask`, to `output` from `offset` on.
 */
export interface Masker {
  mask(source: Uint8Array, mask: Uint8Array, output: Uint8Array, offset: number, length: number): void;
}

/** From so many bytes on words are faster than bytes, and from so many on a masker is worth its call: measured on Node 20. */
const wordsFrom = 192;
const maskerFrom = 1024;

/** The key for what comes `by` bytes later. */
export function rotate(key: number, by: number): number {
  const bits = (by & 3) << 3;
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}

/**
 * Copies `source` from `from` up to `to` into `target` at `at`, masked, or unmasked: it is the same. What arrived is others' to
 * read, so it is never changed in place.
 */
export function maskInto(
  source: Bytes,
  from: number,
  to: number,
  key: number,
  target: Bytes,
  at: number,
  masker?: Masker,
): void {
  const length = to - from;
  if (length < wordsFrom) bytewise(source, from, length, key, target, at);
  else if (masker === undefined || length < maskerFrom) wordwise(source, from, length, key, target, at);
  else {
    for (let i = 0; i < 4; i++) keyBytes[i] = key >>> (8 * i);
    masker.mask(source.subarray(from, to), keyBytes, target, at, length);
  }
}

/** The same, and tells whether all that came out is ASCII. */
export function maskText(
  source: Bytes,
  from: number,
  to: number,
  key: number,
  target: Bytes,
  at: number,
  masker?: Masker,
): boolean {
  const length = to - from;
  if (length < wordsFrom) return bytewise(source, from, length, key, target, at);
  maskInto(source, from, to, key, target, at, masker);
  return isAscii(target.subarray(at, at + length));
}

/** Memory is read in words where it can be, at every fourth byte; what lies before and behind is done one by one. */
function wordwise(source: Bytes, from: number, length: number, key: number, target: Bytes, at: number): void {
  const apart = (source.byteOffset + from - target.byteOffset - at) & 3;
  if (apart !== 0) {
    // Their words do not lie alike: then what is masked is a copy, in its place.
    target.set(source.subarray(from, from + length), at);
    wordwise(target, at, length, key, target, at);
    return;
  }
  const before = -(target.byteOffset + at) & 3;
  const words = (length - before) >> 2;
  const behind = before + (words << 2);
  const input = new Int32Array(source.buffer, source.byteOffset + from + before, words);
  const output = new Int32Array(target.buffer, target.byteOffset + at + before, words);
  bytewise(source, from, before, key, target, at);
  maskWords(input, output, littleEndian ? rotate(key, before) : swapped(rotate(key, before)));
  bytewise(source, from + behind, length - behind, rotate(key, behind), target, at + behind);
}

/** Eight at a time: twice as fast as one. */
function maskWords(input: Int32Array, output: Int32Array, key: number): void {
  const eights = input.length & ~7;
  let i = 0;
  for (; i < eights; i += 8) {
    output[i] = input[i] ^ key;
    output[i + 1] = input[i + 1] ^ key;
    output[i + 2] = input[i + 2] ^ key;
    output[i + 3] = input[i + 3] ^ key;
    output[i + 4] = input[i + 4] ^ key;
    output[i + 5] = input[i + 5] ^ key;
    output[i + 6] = input[i + 6] ^ key;
    output[i + 7] = input[i + 7] ^ key;
  }
  for (; i < input.length; i++) output[i] = input[i] ^ key;
}

/** For short payloads; tells whether all that came out is ASCII, which costs nothing here. */
function bytewise(source: Bytes, from: number, length: number, key: number, target: Bytes, at: number): boolean {
  const [a, b, c, d] = [key & 255, (key >>> 8) & 255, (key >>> 16) & 255, key >>> 24];
  const whole = length & ~3;
  let all = 0;
  let i = 0;
  for (; i < whole; i += 4) {
    all |= target[at + i] = source[from + i] ^ a;
    all |= target[at + i + 1] = source[from + i + 1] ^ b;
    all |= target[at + i + 2] = source[from + i + 2] ^ c;
    all |= target[at + i + 3] = source[from + i + 3] ^ d;
  }
  if (i < length) all |= target[at + i] = source[from + i] ^ a;
  if (++i < length) all |= target[at + i] = source[from + i] ^ b;
  if (++i < length) all |= target[at + i] = source[from + i] ^ c;
  return all < 128;
}

const keyBytes: Bytes = new Uint8Array(4);

const littleEndian = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

function swapped(key: number): number {
  return (key << 24) | ((key & 0xff00) << 8) | ((key >>> 8) & 0xff00) | (key >>> 24);
}
