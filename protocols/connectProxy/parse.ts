/**
 * Bytes to the head of an HTTP response or request, and to what a CONNECT asks for.
 * Knows: RFC 9112 sections 2 to 5, strictly: CRLF ends lines, no folding. Does not know: bodies; a CONNECT has none, and
 * neither has the answer of a proxy that agrees.
 */
import { bytes, equal, indexOf, latin1, show, utf8, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { parseIp } from '../../src/ip.ts';
import { authorityForm, basic, fieldLine, requestLine, requestStart, statusLine } from './grammar.ts';
import type { ConnectProxyRequest, Credentials } from './messages.ts';

export type Fields = ConnectProxyRequest['fields'];

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** In their order; names in small letters. */
  readonly fields: Fields;
}

export interface RequestHead {
  readonly host: string;
  readonly port: number;
  /** In their order; names in small letters. */
  readonly fields: Fields;
}

/** The most bytes of a head, all of its lines together. */
export const maxHead = 16_384;
/** The most bytes of a request-line; RFC 9112 section 3 asks for at least 8,000. */
export const maxLine = 8192;

const lineEnd = bytes('\r\n');
const end = bytes('\r\n\r\n');

/**
 * The head that `content` begins with, and its length; `undefined` as long as it is not all there. `from` is where to look for
 * its end: what was looked at before needs no second look.
 * Throws {@link ProtocolError} for what is no head, {@link LimitExceeded} for one of more than {@link maxHead} bytes.
 */
export function parseHead(
  content: Bytes,
  from = 0,
): { readonly head: ResponseHead; readonly length: number } | undefined {
  const doing = 'reading the answer to CONNECT';
  // RFC 9112 section 2.3; whoever is no HTTP server is found out by its first bytes.
  const start = latin1(content.subarray(0, 5));
  if (!'HTTP/'.startsWith(start)) throw broken(doing, 'a response of HTTP/1', content);
  const read = readHead(doing, content, from);
  if (read === undefined) return undefined;
  const { first, fields, length } = read;
  const [, status, reason] = statusLine.exec(first) ?? [];
  if (status === undefined) throw broken(doing, 'a status line', bytes(first));
  return { head: { status: Number(status), reason, fields: fields() }, length };
}

/**
 * The same for a request to connect. The `hint` of a {@link ProtocolError} is the status to refuse it with;
 * {@link LimitExceeded} is for a request-line of more than {@link maxLine} bytes, too.
 */
export function parseRequest(
  content: Bytes,
  from = 0,
): { readonly head: RequestHead; readonly length: number } | undefined {
  const doing = 'reading a request to connect';
  // RFC 9112 section 2.2: a server "SHOULD ignore at least one empty line (CRLF) received prior to the request-line".
  const skipped = content[0] === 13 && (content.length < 2 || content[1] === 10) ? Math.min(content.length, 2) : 0;
  const rest = content.subarray(skipped);
  // Whoever is no HTTP client is found out by its first bytes.
  if (rest.length > 0 && !requestStart.test(latin1(rest.subarray(0, 33))))
    throw broken(doing, 'a request of HTTP/1', rest, 400);
  if (rest.length > maxLine) {
    const line = indexOf(rest, lineEnd);
    if (line < 0 || line > maxLine)
      throw new LimitExceeded(`${doing}: its first line has more than ${maxLine} bytes`, maxLine);
  }
  const read = readHead(doing, rest, from - skipped, 400);
  if (read === undefined) return undefined;
  const { first, length } = read;
  const [, method, target, version] = requestLine.exec(first) ?? [];
  if (method === undefined) throw broken(doing, 'a request line', bytes(first), 400);
  if (version !== '1') throw broken(doing, 'HTTP/1.1', bytes(first), 505);
  if (method !== 'CONNECT') throw broken(doing, 'CONNECT, which is all that is done here', bytes(first), 405);
  const fields = read.fields();
  checkFields(doing, fields, first.endsWith('.0'));
  return { head: { ...parseAuthority(doing, target), fields }, length: skipped + length };
}

/** RFC 9112 section 3.2.3: the host and the port, and no other form of target. */
function parseAuthority(doing: string, target: string): { host: string; port: number } {
  const [, literal, name, digits] = authorityForm.exec(target) ?? [];
  const port = Number(digits);
  const isHost = literal === undefined ? name !== undefined : parseIp(literal)?.length === 16;
  // RFC 9110 section 9.3.6: a server "MUST reject a CONNECT request that targets an empty or invalid port number".
  if (!isHost || port < 1 || port > 65_535) throw broken(doing, 'a host and a port to connect to', bytes(target), 400);
  return { host: literal ?? name, port };
}

function checkFields(doing: string, fields: Fields, old: boolean): void {
  const values = (name: string): string[] => fields.filter(([is]) => is === name).map(([, value]) => value);
  const hosts = values('host');
  // RFC 9112 section 3.2: 400 "to any HTTP/1.1 request message that lacks a Host header field", or has more than one.
  if (hosts.length > 1 || (hosts.length === 0 && !old))
    throw broken(doing, 'one Host field', bytes(hosts.join(', ')), 400);
  // RFC 9110 section 9.3.6: a CONNECT has no content. Who says that it has disagrees with us on where the tunnel begins.
  const [coding] = values('transfer-encoding');
  const length = values('content-length').find((value) => value !== '0');
  if (coding !== undefined || length !== undefined)
    throw broken(doing, 'a CONNECT without content', bytes(coding ?? length!), 400);
  const claims = values('proxy-authorization');
  if (claims.length > 1) throw broken(doing, 'one Proxy-Authorization field', bytes(`${claims.length} of them`), 400);
}

/**
 * Name and password of a Proxy-Authorization field (RFC 7617); `undefined` for another scheme, and for what is none: not
 * Base64, not UTF-8, no colon, control characters.
 */
export function parseBasic(value: string): Credentials | undefined {
  const [, encoded] = basic.exec(value) ?? [];
  const said = encoded === undefined ? undefined : decode(encoded);
  if (said === undefined) return undefined;
  const text = utf8(said);
  const colon = text.indexOf(':');
  if (colon < 0 || !equal(bytes(text), said) || /\p{Cc}/u.test(text)) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decode(encoded: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  } catch {
    // Too few or too many characters for Base64.
    return undefined;
  }
}

/** What heads have in common: their end, their lines. The fields are read once the first line is known to be good. */
function readHead(doing: string, content: Bytes, from: number, hint?: number) {
  const at = indexOf(content, end, Math.max(0, from - end.length + 1));
  if ((at < 0 ? content.length : at + end.length) > maxHead)
    throw new LimitExceeded(`${doing}: its head has more than ${maxHead} bytes`, maxHead);
  if (at < 0) return undefined;
  const [first, ...lines] = latin1(content.subarray(0, at)).split('\r\n');
  const fields = (): Fields =>
    lines.map((line) => {
      const [, name, value] = fieldLine.exec(line) ?? [];
      if (name === undefined) throw broken(doing, 'a field', bytes(line), hint);
      return [name.toLowerCase(), value] as const;
    });
  return { first, fields, length: at + end.length };
}

function broken(doing: string, expected: string, content: Bytes, hint?: number): ProtocolError {
  return new ProtocolError(`${doing}: expected ${expected}, got ${show(content)}`, { hint });
}
