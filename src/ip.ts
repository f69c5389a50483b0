/**
 * Addresses of the Internet, as text and as bytes: four of them, or sixteen.
 * Knows: dotted decimal without leading zeroes, RFC 4291 section 2.2 and its canonical form (RFC 5952 section 4).
 * Does not know: names, ports, zones (`%eth0`).
 */
import type { Bytes } from './bytes.ts';

/** The bytes of an address; `undefined` when it is none. */
export function parseIp(text: string): Bytes | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Throws a `RangeError` for anything but 4 or 16 bytes. */
export function formatIp(address: Bytes): string {
  if (address.length === 4) return address.join('.');
  if (address.length !== 16) throw new RangeError(`an address has 4 or 16 bytes, not ${address.length}`);
  const groups = groupsOf(address);
  const { from, length } = longestRun(groups);
  // RFC 5952 section 5: what was made of an IPv4 address shows it.
  if (from === 0 && length === 5 && groups[5] === 0xffff) return `::ffff:${address.subarray(12).join('.')}`;
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`;
}

function parseIpv4(text: string): Bytes | undefined {
  // No leading zeroes: some read them as octal.
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  const numbers = match?.slice(1).map(Number);
  return numbers?.every((number) => number <= 255) ? Uint8Array.from(numbers) : undefined;
}

function parseIpv6(text: string): Bytes | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map((half, i) => bytesOfGroups(half, i === halves.length - 1));
  if (front === undefined || (halves.length === 2 && back === undefined)) return undefined;
  const length = front.length + (back?.length ?? 0);
  // "::" stands for one group at least.
  if (back === undefined ? length !== 16 : length > 14) return undefined;
  const address = new Uint8Array(16);
  address.set(front);
  if (back !== undefined) address.set(back, 16 - back.length);
  return address;
}

/** The bytes of `a:b:c`; the last group may be an IPv4 address. */
function bytesOfGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const found: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (/^[\da-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      found.push(value >> 8, value & 255);
      continue;
    }
    const dotted = last && i === groups.length - 1 ? parseIpv4(group) : undefined;
    if (dotted === undefined) return undefined;
    found.push(...dotted);
  }
  return found;
}

function groupsOf(address: Bytes): number[] {
  return Array.from({ length: 8 }, (_, i) => (address[2 * i] << 8) | address[2 * i + 1]);
}

/** Of zeroes; the first one where two are as long. */
function longestRun(groups: readonly number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 };
  let from = 0;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) from = i + 1;
    else if (i + 1 - from > best.length) best = { from, length: i + 1 - from };
  }
  return best;
}
