/**
 * Masking (RFC 6455 section 5.3): each byte of a payload, xor a byte of a key of four.
 * Knows: how to do it fast. Does not know: frames. A key is a number here, its first byte the lowest.
 */
import type { Bytes } from '../../src/bytes.ts';

/** From this many bytes on, words are faster than bytes: measured on Node 20. */
const wordsFrom = 192;

/** The key for what comes `by` bytes later. */
export function rotate(key: number, by: number): number {
  const bits = (by & 3) << 3;
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}

/**
 * Copies `source` from `from` up to `to` into `target` at `at`, masked, or unmasked: it is the same. What arrived is others' to
 * read, so it is never changed in place. Tells whether all that came out is ASCII.
 */
export function maskInto(source: Bytes, from: number, to: number, key: number, target: Bytes, at: number): boolean {
  const length = to - from;
  if (length < wordsFrom) return bytewise(source, from, length, key, target, at);
  target.set(source.subarray(from, to), at);
  // Int32Array looks at every fourth byte of memory: what lies before and behind is done one by one.
  const before = -(target.byteOffset + at) & 3;
  const words = (length - before) >> 2;
  const first = at + before;
  const last = first + (words << 2);
  const end = at + length;
  const ascii = bytewise(target, at, before, key, target, at);
  const view = new Int32Array(target.buffer, target.byteOffset + first, words);
  const turned = littleEndian ? rotate(key, before) : swapped(rotate(key, before));
  let all = 0;
  for (let i = 0; i < words; i++) all |= view[i] ^= turned;
  return bytewise(target, last, end - last, rotate(key, last - at), target, last) && ascii && (all & 0x80808080) === 0;
}

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

const littleEndian = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

function swapped(key: number): number {
  return (key << 24) | ((key & 0xff00) << 8) | ((key >>> 8) & 0xff00) | (key >>> 24);
}
