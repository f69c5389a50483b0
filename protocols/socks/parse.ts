/**
 * Bytes to what SOCKS clients and servers say: a message and its length, or `undefined` for "need more".
 * Knows: RFC 1928, RFC 1929, SOCKS 4 and 4A. Does not know: whose turn it is (the machines do).
 */
import { latin1, show, utf8, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { formatIp } from '../../src/ip.ts';
import { addressTypes, maxText, type SocksCredentials, type SocksPlace } from './messages.ts';

/** A message, and how many bytes it took. */
export interface Read<Message> {
  readonly message: Message;
  readonly length: number;
}

/** RFC 1928 section 3: `VER NMETHODS METHODS`. */
export function parseGreeting(content: Bytes): Read<readonly number[]> | undefined {
  if (content.length > 0) expectByte(content, 0, 5, 'SOCKS version 5');
  const offered = counted(content, 1);
  return offered && { message: [...offered.message], length: offered.length };
}

/** RFC 1928 section 3: `VER METHOD`. */
export function parseMethod(content: Bytes): Read<number> | undefined {
  if (content.length > 0) expectByte(content, 0, 5, 'SOCKS version 5');
  return content.length < 2 ? undefined : { message: content[1], length: 2 };
}

/** RFC 1929 section 2: `VER ULEN UNAME PLEN PASSWD`. */
export function parseLogin(content: Bytes): Read<SocksCredentials> | undefined {
  if (content.length > 0) expectByte(content, 0, 1, 'version 1 of the login');
  const username = counted(content, 1);
  const password = username && counted(content, username.length);
  if (username === undefined || password === undefined) return undefined;
  return {
    message: { username: utf8(username.message), password: utf8(password.message) },
    length: password.length,
  };
}

/** RFC 1929 section 2: `VER STATUS`. */
export function parseLoginReply(content: Bytes): Read<number> | undefined {
  if (content.length > 0) expectByte(content, 0, 1, 'version 1 of the login');
  return content.length < 2 ? undefined : { message: content[1], length: 2 };
}

/** What is wrong with a request is told by its reply: both numbers are what came. `place` is missing for an unknown type of address. */
export interface Request5 {
  readonly command: number;
  readonly place?: SocksPlace;
}

/** RFC 1928 section 4: `VER CMD RSV ATYP DST.ADDR DST.PORT`. */
export function parseRequest5(content: Bytes): Read<Request5> | undefined {
  const found = parseAddressed(content);
  return found && { message: { command: found.message.code, place: found.message.place }, length: found.length };
}

export interface Reply5 {
  readonly reply: number;
  /** Where the proxy dialled from; missing in a refusal, where it means nothing. */
  readonly bound?: SocksPlace;
}

/** RFC 1928 section 6: `VER REP RSV ATYP BND.ADDR BND.PORT`. Some servers end a refusal after the second byte. */
export function parseReply5(content: Bytes): Read<Reply5> | undefined {
  if (content.length >= 2 && content[0] === 5 && content[1] !== 0) return { message: { reply: content[1] }, length: 2 };
  const found = parseAddressed(content);
  if (found === undefined) return undefined;
  const { code, place } = found.message;
  if (place === undefined) throw new ProtocolError(`expected a type of address of 1, 3 or 4, got ${content[3]}`);
  return { message: { reply: code, bound: place }, length: found.length };
}

/** Requests and replies of SOCKS 5 look the same. */
function parseAddressed(content: Bytes): Read<{ code: number; place?: SocksPlace }> | undefined {
  if (content.length > 0) expectByte(content, 0, 5, 'SOCKS version 5');
  if (content.length > 2) expectByte(content, 2, 0, 'the reserved byte');
  if (content.length < 5) return undefined;
  const [, code, , type] = content;
  const size =
    type === addressTypes.ipv4 ? 4 : type === addressTypes.ipv6 ? 16 : type === addressTypes.name ? content[4] : -1;
  // Nobody knows how long an address of another type is.
  if (size < 0) return { message: { code }, length: content.length };
  const from = type === addressTypes.name ? 5 : 4;
  const end = from + size;
  if (content.length < end + 2) return undefined;
  const address = content.subarray(from, end);
  const host = type === addressTypes.name ? nameIn(address) : formatIp(address);
  return { message: { code, place: { host, port: (content[end] << 8) | content[end + 1] } }, length: end + 2 };
}

export interface Request4 extends SocksPlace {
  readonly command: number;
  readonly user: string;
}

/** SOCKS 4: `VN CD DSTPORT DSTIP USERID NULL`; SOCKS 4A: an address of `0.0.0.x`, x not 0, says that a name and a NULL follow. */
export function parseRequest4(content: Bytes): Read<Request4> | undefined {
  if (content.length > 0) expectByte(content, 0, 4, 'SOCKS version 4');
  const user = ended(content, 8, 'user');
  if (user === undefined) return undefined;
  const address = content.subarray(4, 8);
  const named = address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] !== 0;
  const name = named ? ended(content, user.length, 'name') : undefined;
  if (named && name === undefined) return undefined;
  return {
    message: {
      command: content[1],
      host: name === undefined ? formatIp(address) : nameIn(name.message),
      port: (content[2] << 8) | content[3],
      user: utf8(user.message),
    },
    length: name?.length ?? user.length,
  };
}

/** SOCKS 4: `VN CD DSTPORT DSTIP`, where "VN is the version of the reply code and should be 0". */
export function parseReply4(content: Bytes): Read<number> | undefined {
  if (content.length > 0) expectByte(content, 0, 0, 'version 0 of the reply');
  return content.length < 8 ? undefined : { message: content[1], length: 8 };
}

function expectByte(content: Bytes, at: number, expected: number, what: string): void {
  if (content[at] !== expected) throw new ProtocolError(`expected ${what} (${expected}), got ${show(content)}`);
}

/** A length of one byte, and so many bytes. */
function counted(content: Bytes, at: number): Read<Bytes> | undefined {
  if (content.length <= at) return undefined;
  const end = at + 1 + content[at];
  return content.length < end ? undefined : { message: content.subarray(at + 1, end), length: end };
}

/** Bytes up to a zero, at most {@link maxText} of them. */
function ended(content: Bytes, at: number, what: string): Read<Bytes> | undefined {
  const end = content.indexOf(0, at);
  if ((end < 0 ? content.length : end) - at > maxText)
    throw new LimitExceeded(`reading a SOCKS 4 request: a ${what} has at most ${maxText} bytes`, maxText);
  return end < 0 ? undefined : { message: content.subarray(at, end), length: end + 1 };
}

/** Visible ASCII: with anything else in it a name means one thing here and another to whoever looks it up. */
function nameIn(content: Bytes): string {
  const name = latin1(content);
  if (!/^[!-~]+$/.test(name)) throw new ProtocolError(`expected the name of a host, got ${show(content)}`);
  return name;
}
