/**
 * What SOCKS clients and servers say, to bytes; parse.ts reads them back.
 * Source: RFC 1928, RFC 1929, SOCKS 4 and 4A.
 */
import { bytes, concat, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { parseIp } from '../../src/ip.ts';
import { addressTypes, maxText, type SocksCredentials, type SocksPlace } from './messages.ts';

/** RFC 1928 section 3. */
export function formatGreeting(methods: readonly number[]): Bytes {
  return bytes([5, methods.length, ...methods]);
}

/** RFC 1928 section 3. */
export function formatMethod(method: number): Bytes {
  return bytes([5, method]);
}

/** RFC 1929 section 2. Throws {@link LimitExceeded} for more than 255 bytes, {@link ProtocolError} for none. */
export function formatLogin({ username, password }: SocksCredentials): Bytes {
  return concat([bytes([1]), counted(username, 'user name'), counted(password, 'password')]);
}

/** RFC 1929 section 2: "A STATUS field of X'00' indicates success." */
export function formatLoginReply(status: number): Bytes {
  return bytes([1, status]);
}

/** RFC 1928 section 4. */
export function formatRequest5(command: number, place: SocksPlace): Bytes {
  return formatAddressed(command, place);
}

/** RFC 1928 section 6. */
export function formatReply5(reply: number, bound: SocksPlace = nowhere): Bytes {
  return formatAddressed(reply, bound);
}

const nowhere: SocksPlace = { host: '0.0.0.0', port: 0 };

function formatAddressed(code: number, { host, port }: SocksPlace): Bytes {
  const address = parseIp(host);
  const type = address === undefined ? addressTypes.name : address.length === 4 ? addressTypes.ipv4 : addressTypes.ipv6;
  return concat([bytes([5, code, 0, type]), address ?? counted(host, 'name'), portOf(port)]);
}

/** SOCKS 4, and 4A for a name. Throws {@link ProtocolError} for what it has no bytes for: an IPv6 address, a zero in a text. */
export function formatRequest4(command: number, { host, port }: SocksPlace, user = ''): Bytes {
  const address = parseIp(host);
  if (address?.length === 16) throw unsayable('SOCKS 4 has no addresses of IPv6');
  const head = concat([bytes([4, command]), portOf(port), address ?? bytes([0, 0, 0, 1]), ended(user, 'user')]);
  return address === undefined ? concat([head, ended(host, 'name')]) : head;
}

/** SOCKS 4. */
export function formatReply4(reply: number): Bytes {
  return bytes([0, reply, 0, 0, 0, 0, 0, 0]);
}

function portOf(port: number): Bytes {
  return bytes([port >> 8, port & 255]);
}

function counted(text: string, what: string): Bytes {
  const content = limited(text, what);
  if (content.length === 0) throw unsayable(`the ${what} is empty`);
  return concat([bytes([content.length]), content]);
}

function ended(text: string, what: string): Bytes {
  if (text.includes('\0')) throw unsayable(`there is a zero in the ${what}`);
  return concat([limited(text, what), bytes([0])]);
}

function limited(text: string, what: string): Bytes {
  const content = bytes(text);
  if (content.length <= maxText) return content;
  throw new LimitExceeded(`writing to a SOCKS proxy: a ${what} has at most ${maxText} bytes`, maxText);
}

function unsayable(problem: string): ProtocolError {
  return new ProtocolError(`writing to a SOCKS proxy: ${problem}`, { side: 'local' });
}
