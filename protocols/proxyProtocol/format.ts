/**
 * A PROXY header to bytes, both versions; {@link parseHeader} gives the header back.
 * Source: proxy-protocol.txt, sections 2.1 and 2.2.
 */
import { bytes, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { parseIp } from '../../src/ip.ts';
import { checksumOf, tlvHead, writeTlv } from './frames.ts';
import { addressBytes, commands, signature, transports } from './grammar.ts';
import { fixedPart, pathLength, tlvTypes, type ProxyEnd, type ProxyHeader, type Tlv } from './messages.ts';

/**
 * What version 1 cannot say (paths, datagrams, two families) is `UNKNOWN` there. Throws {@link ProtocolError} (side `local`)
 * for what cannot be said at all, {@link LimitExceeded} for more than 65,535 bytes of addresses and TLVs.
 */
export function formatHeader(header: ProxyHeader): Bytes {
  return header.version === 1 ? formatLine(header) : formatBlock(header);
}

function formatLine({ command, transport, source, destination, tlvs, checksum }: ProxyHeader): Bytes {
  if (command === 'LOCAL' || tlvs.length > 0 || checksum)
    throw refused('version 1 has no LOCAL, no TLVs and no checksum');
  const family = familyOf(source, destination);
  if (transport !== 'stream' || (family !== 1 && family !== 2)) return bytes('PROXY UNKNOWN\r\n');
  const [from, to] = [source, destination] as (ProxyEnd & { kind: 'ip' })[];
  return bytes(`PROXY TCP${family === 1 ? 4 : 6} ${from.host} ${to.host} ${from.port} ${to.port}\r\n`);
}

function formatBlock({ command, transport, source, destination, tlvs, checksum }: ProxyHeader): Bytes {
  const family = transport === 'unknown' ? 0 : familyOf(source, destination);
  const from = fixedPart + addressBytes[family];
  const extras: readonly Tlv[] = checksum ? [...tlvs, { type: tlvTypes.CRC32C, value: new Uint8Array(4) }] : tlvs;
  if (command === 'LOCAL' && (family > 0 || extras.length > 0))
    throw refused('LOCAL carries no addresses and no TLVs: its receiver discards them');
  const length = extras.reduce((sum, { value }) => sum + tlvHead + value.length, from);
  if (length - fixedPart > 65535)
    throw new LimitExceeded(`writing a PROXY header: it has ${length} bytes, the limit is ${65535 + fixedPart}`, 65535);

  const block = new Uint8Array(length);
  const view = new DataView(block.buffer);
  block.set(signature);
  block[12] = 0x20 | commands.indexOf(command);
  block[13] = (family << 4) | (family === 0 ? 0 : transports.indexOf(transport));
  view.setUint16(14, length - fixedPart);
  if (family > 0) for (const [i, end] of [source!, destination!].entries()) writeEnd(block, view, i, end);
  let at = from;
  for (const tlv of extras) {
    if (!Number.isInteger(tlv.type) || tlv.type < 0 || tlv.type > 255) throw refused(`${tlv.type} is no type of a TLV`);
    if (tlv.type === tlvTypes.CRC32C && tlv.value !== extras.at(-1)?.value)
      throw refused('the checksum is asked for by `checksum`, not given as a TLV');
    at = writeTlv(block, at, tlv);
  }
  if (checksum) view.setUint32(at - 4, checksumOf(block, at - 4));
  return block;
}

function writeEnd(block: Uint8Array, view: DataView, index: number, end: ProxyEnd): void {
  if (end.kind === 'path') {
    block.set(bytes(end.path), fixedPart + index * pathLength);
    return;
  }
  const address = parseIp(end.host)!;
  block.set(address, fixedPart + index * address.length);
  view.setUint16(fixedPart + 2 * address.length + 2 * index, end.port);
}

/** The number of the family that both ends have; 0 when they have none in common, or one that fits. */
function familyOf(source: ProxyEnd | undefined, destination: ProxyEnd | undefined): 0 | 1 | 2 | 3 {
  const [one, other] = [source, destination].map(familyOfEnd);
  return one === other ? one : 0;
}

function familyOfEnd(end: ProxyEnd | undefined): 0 | 1 | 2 | 3 {
  if (end === undefined) return 0;
  if (end.kind === 'path') return bytes(end.path).length <= pathLength ? 3 : 0;
  const address = parseIp(end.host);
  return address === undefined ? 0 : address.length === 4 ? 1 : 2;
}

function refused(problem: string): ProtocolError {
  return new ProtocolError(`writing a PROXY header: ${problem}`, { side: 'local' });
}
