/**
 * Bytes to a PROXY header, both versions.
 * Knows: what a receiver must take and must refuse (proxy-protocol.txt, section 2). Does not know: connections, time.
 */
import { equal, indexOf, latin1, show, utf8, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { formatIp, parseIp } from '../../src/ip.ts';
import { checksumOf, readTlvs } from './frames.ts';
import { addressBytes, addressLine, commands, crlf, lineStart, signature, transports, unknownLine } from './grammar.ts';
import { fixedPart, maxLine, pathLength, tlvTypes, type ProxyEnd, type ProxyHeader, type Tlv } from './messages.ts';

/** A header, and how many bytes it took. */
export interface Parsed {
  readonly header: ProxyHeader;
  readonly length: number;
}

/**
 * The header that `content` begins with; `undefined` as long as it is not all there.
 * Throws {@link ProtocolError} as soon as it can be none, {@link LimitExceeded} when it says that it has more than `max` bytes.
 */
export function parseHeader(content: Bytes, max: number): Parsed | undefined {
  if (beginsLike(content, lineStart)) return parseLine(content);
  if (beginsLike(content, signature)) return content.length < fixedPart ? undefined : parseBlock(content, max);
  throw broken('expected "PROXY " or the signature of version 2', content);
}

/** Whether it may still become `start`, or has. */
function beginsLike(content: Bytes, start: Bytes): boolean {
  const length = Math.min(content.length, start.length);
  return equal(content.subarray(0, length), start.subarray(0, length));
}

/** Section 2.1. */
function parseLine(content: Bytes): Parsed | undefined {
  const end = indexOf(content.subarray(0, maxLine), crlf);
  if (end < 0) {
    if (content.length < maxLine) return undefined;
    throw broken(`expected CRLF in the first ${maxLine} bytes`, content);
  }
  const line = latin1(content.subarray(0, end));
  const length = end + crlf.length;
  if (unknownLine.test(line))
    return { header: { version: 1, command: 'PROXY', transport: 'unknown', tlvs: [] }, length };
  const [, family, ...parts] = addressLine.exec(line) ?? [];
  const [source, destination] = [lineEnd(family, parts[0], parts[2]), lineEnd(family, parts[1], parts[3])];
  if (source === undefined || destination === undefined)
    throw broken('expected two addresses of the family that is named, and two ports', content.subarray(0, end));
  return { header: { version: 1, command: 'PROXY', transport: 'stream', source, destination, tlvs: [] }, length };
}

function lineEnd(family: string | undefined, text = '', portText = ''): ProxyEnd | undefined {
  const address = parseIp(text);
  const port = Number(portText);
  if (address?.length !== (family === '4' ? 4 : 16) || port > 65535) return undefined;
  return { kind: 'ip', host: formatIp(address), port };
}

/** Section 2.2. */
function parseBlock(content: Bytes, max: number): Parsed | undefined {
  const [versionAndCommand, kind, high, low] = content.subarray(12, fixedPart);
  const command = commands[versionAndCommand & 15];
  if (versionAndCommand >> 4 !== 2 || command === undefined)
    throw broken('expected version 2 and the command LOCAL or PROXY', content);
  const length = fixedPart + ((high << 8) | low);
  if (length > max)
    throw new LimitExceeded(`reading a PROXY header: it has ${length} bytes, the limit is ${max} bytes`, max);
  const [family, transport] = [kind >> 4, transports[kind & 15]];
  // "Discard the protocol block including the family which is ignored."
  const local = command === 'LOCAL';
  if (!local && (family >= addressBytes.length || transport === undefined))
    throw broken('expected an address family from 0 to 3 and a transport from 0 to 2', content);
  if (content.length < length) return undefined;
  if (local) return { header: { version: 2, command, transport: 'unknown', tlvs: [] }, length };

  const block = content.subarray(0, length);
  const from = fixedPart + addressBytes[family];
  if (from > length) throw broken(`expected ${from - fixedPart} bytes of addresses`, block);
  const extras = tlvsOf(block, from, family === 0);
  // "The receiver should ignore address information."
  if (family === 0 || transport === 'unknown')
    return { header: { version: 2, command, transport: 'unknown', ...extras }, length };
  const [source, destination] = endsOf(block.subarray(fixedPart, from), family);
  return { header: { version: 2, command, transport, source, destination, ...extras }, length };
}

function endsOf(addresses: Bytes, family: number): [ProxyEnd, ProxyEnd] {
  if (family === 3)
    return [pathIn(addresses.subarray(0, pathLength)), pathIn(addresses.subarray(pathLength, 2 * pathLength))];
  const size = family === 1 ? 4 : 16;
  const end = (index: number): ProxyEnd => {
    const at = 2 * size + 2 * index;
    const host = formatIp(addresses.subarray(index * size, (index + 1) * size));
    return { kind: 'ip', host, port: (addresses[at] << 8) | addresses[at + 1] };
  };
  return [end(0), end(1)];
}

/** It ends at its first zero, if it has one; one that begins with a zero (Linux's abstract names) at its last ones. */
function pathIn(field: Bytes): ProxyEnd {
  const zero = field.indexOf(0);
  let end = zero < 0 ? field.length : zero;
  if (zero === 0) for (end = field.length; end > 0 && field[end - 1] === 0;) end--;
  return { kind: 'path', path: utf8(field.subarray(0, end)) };
}

/** `loose`: of an unspecified family, where nobody knows what the bytes are. */
function tlvsOf(block: Bytes, from: number, loose: boolean): { tlvs: readonly Tlv[]; checksum?: boolean } {
  const found = readTlvs(block, from);
  if (found === undefined) {
    if (loose) return { tlvs: [] };
    throw broken('expected type-length-values up to the end of the header', block);
  }
  const sums = found.filter(({ tlv }) => tlv.type === tlvTypes.CRC32C);
  const tlvs = found.map(({ tlv }) => tlv).filter(({ type }) => type !== tlvTypes.CRC32C);
  if (sums.length === 0) return { tlvs };
  const [{ tlv, at }] = sums;
  if (sums.length > 1 || tlv.value.length !== 4) throw broken('expected one checksum of 4 bytes', block);
  const [a, b, c, d] = tlv.value;
  const said = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const real = checksumOf(block, at);
  if (said !== real) throw broken(`expected the checksum ${hex(real)}, got ${hex(said)}`, block);
  return { tlvs, checksum: true };
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0');
}

function broken(problem: string, content: Bytes): ProtocolError {
  return new ProtocolError(`reading a PROXY header: ${problem}, got ${show(content)}`, { side: 'remote' });
}
