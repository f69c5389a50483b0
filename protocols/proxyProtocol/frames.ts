/**
 * The parts of a version 2 header: type-length-values, and the checksum over all of it.
 * Source: proxy-protocol.txt sections 2.2 and 2.2.3; CRC32c is that of RFC 4960 appendix B.
 */
import type { Bytes } from '../../src/bytes.ts';
import type { Tlv } from './messages.ts';

/** Bytes of a type and a length. */
export const tlvHead = 3;

/** The vectors that fill `from` to the end; `undefined` when they do not fill it. `value` are views. */
export function readTlvs(header: Bytes, from: number): { readonly tlv: Tlv; readonly at: number }[] | undefined {
  const found = [];
  let at = from;
  while (at + tlvHead <= header.length) {
    const end = at + tlvHead + ((header[at + 1] << 8) | header[at + 2]);
    if (end > header.length) return undefined;
    found.push({ tlv: { type: header[at], value: header.subarray(at + tlvHead, end) }, at: at + tlvHead });
    at = end;
  }
  return at === header.length ? found : undefined;
}

/** Writes one at `at`, and tells where it ends. */
export function writeTlv(header: Uint8Array, at: number, { type, value }: Tlv): number {
  header[at] = type;
  header[at + 1] = value.length >> 8;
  header[at + 2] = value.length & 255;
  header.set(value, at + tlvHead);
  return at + tlvHead + value.length;
}

/** The checksum of a header whose checksum stands at `at`: those four bytes count as zeroes. */
export function checksumOf(header: Bytes, at: number): number {
  let crc = 0xffffffff;
  for (let i = 0; i < header.length; i++) {
    const byte = i >= at && i < at + 4 ? 0 : header[i];
    crc = (crc >>> 8) ^ table[(crc ^ byte) & 255];
  }
  return ~crc >>> 0;
}

/** The polynomial of Castagnoli, its bits turned around. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});
