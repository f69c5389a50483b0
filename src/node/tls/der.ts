/**
 * The little of DER that a certificate is written in (X.690).
 * Knows: tags and lengths. Does not know: what a certificate is.
 */
import { concat, type Bytes } from '../../bytes.ts';

/** A value with its tag; what is inside, in order. */
export function tagged(tag: number, ...parts: readonly Bytes[]): Bytes {
  const content = concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return concat([Uint8Array.of(tag, ...size), content]);
}

export const sequence = (...parts: readonly Bytes[]): Bytes => tagged(0x30, ...parts);
export const setOf = (...parts: readonly Bytes[]): Bytes => tagged(0x31, ...parts);
export const octets = (content: Bytes): Bytes => tagged(0x04, content);
export const bits = (content: Bytes, unused = 0): Bytes => tagged(0x03, Uint8Array.of(unused), content);
export const utf8String = (text: string): Bytes => tagged(0x0c, Buffer.from(text));
export const yes: Bytes = Uint8Array.of(0x01, 0x01, 0xff);

/** A whole number that is not negative, from its bytes. */
export function integer(magnitude: Bytes): Bytes {
  let from = 0;
  while (from < magnitude.length - 1 && magnitude[from] === 0) from++;
  const digits = magnitude.subarray(from);
  return tagged(0x02, digits[0] > 127 ? Uint8Array.of(0) : Uint8Array.of(), digits);
}

/** `2.5.29.17`, in base 128. */
export function objectId(dotted: string): Bytes {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const digits = [first * 40 + second, ...rest].flatMap((part) => {
    const base128 = [part & 127];
    for (let left = part >> 7; left > 0; left >>= 7) base128.unshift((left & 127) | 128);
    return base128;
  });
  return tagged(0x06, Uint8Array.from(digits));
}

/** A moment, to the second; with four digits for the year from 2050 on (RFC 5280 section 4.1.2.5). */
export function moment(date: Date): Bytes {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : tagged(0x18, Buffer.from(`${digits}Z`));
}
