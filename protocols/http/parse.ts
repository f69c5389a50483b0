/**
 * Text of a head to what it means.
 * Knows: RFC 9112 sections 2 to 7, strictly: whatever two readers could understand in two ways is refused, because that is
 * how a request is smuggled past one of them. Does not know: where a head ends (MessageMachine.ts), connections.
 */
import { fromLatin1, show } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { parseIp } from '../../src/ip.ts';
import { Fields } from './Fields.ts';
import {
  absoluteForm,
  authorityForm,
  contentLength,
  fieldName,
  fieldValue,
  host as hostPattern,
  originForm,
  requestLine,
  statusLine,
} from './grammar.ts';
import type { Framing, Limits, RequestHead, ResponseHead, Version } from './messages.ts';

/** A request-line, understood. */
export type RequestLine = Pick<RequestHead, 'method' | 'target' | 'scheme' | 'version'> & {
  /** Of an absolute target, and of CONNECT. */
  readonly authority: string | undefined;
};

/** The fields of a head, and those values that say where the message ends and what comes after it. */
export interface FieldBlock {
  readonly fields: Fields;
  readonly hosts: readonly string[];
  readonly lengths: readonly string[];
  /** Names of transfer codings, in small letters; `undefined` without the field. */
  readonly codings: readonly string[] | undefined;
  /** Options of Connection, in small letters. */
  readonly connection: readonly string[];
  readonly upgrade: string | undefined;
  readonly expect: string | undefined;
}

/** The `hint` of the error is the status to answer with. */
export function broken(doing: string, expected: string, got: string, hint?: number): ProtocolError {
  return new ProtocolError(`${doing}: expected ${expected}, got ${show(fromLatin1(got))}`, { hint });
}

const request = 'reading a request';

/** RFC 9112 section 3. */
export function parseRequestLine(line: string): RequestLine {
  const [, method, target, major, minor] = requestLine.exec(line) ?? [];
  if (method === undefined) throw broken(request, 'a request-line (RFC 9112 section 3)', line, 400);
  if (major !== '1') throw broken(request, 'HTTP/1.1', line, 505);
  const version: Version = minor === '0' ? '1.0' : '1.1';
  return { method, version, ...parseTarget(method, target) };
}

/** RFC 9112 section 3.2: which form of target goes with which method. */
function parseTarget(method: string, target: string): Omit<RequestLine, 'method' | 'version'> {
  if (method === 'CONNECT') return { ...parseAuthority(request, target), scheme: undefined };
  if (originForm.test(target)) return { target, scheme: undefined, authority: undefined };
  if (target === '*' && method === 'OPTIONS') return { target, scheme: undefined, authority: undefined };
  const [, scheme, authority, rest = '/'] = absoluteForm.exec(target) ?? [];
  // RFC 9110 section 4.2.4: user information is no part of a request, and "likely being used to obscure the authority".
  if (scheme === undefined || authority.startsWith(':') || !isHost(authority))
    throw broken(request, 'a target (RFC 9112 section 3.2)', target, 400);
  // RFC 9112 section 3.2.4: the authority alone with OPTIONS is about the server.
  const alone = method === 'OPTIONS' && absoluteForm.exec(target)![3] === undefined;
  const path = alone ? '*' : rest.startsWith('?') ? `/${rest}` : rest;
  return { target: path, scheme: scheme.toLowerCase(), authority };
}

/** RFC 9112 section 3.2.3, RFC 9110 section 9.3.6: the host and the port of a CONNECT. */
export function parseAuthority(
  doing: string,
  target: string,
): { readonly target: string; readonly authority: string; readonly host: string; readonly port: number } {
  const [, literal, name, digits] = authorityForm.exec(target) ?? [];
  const port = Number(digits);
  const known = literal === undefined ? name !== undefined : parseIp(literal)?.length === 16;
  // RFC 9110 section 9.3.6: a server "MUST reject a CONNECT request that targets an empty or invalid port number".
  if (!known || port < 1 || port > 65_535) throw broken(doing, 'a host and a port to connect to', target, 400);
  return { target, authority: target, host: literal ?? name, port };
}

function isHost(value: string): boolean {
  if (!hostPattern.test(value)) return false;
  if (Number(/:(\d+)$/.exec(value)?.[1] ?? 0) > 65_535) return false;
  return !value.startsWith('[') || parseIp(value.slice(1, value.indexOf(']')))?.length === 16;
}

/**
 * RFC 9112 section 5: `field-line = field-name ":" OWS field-value OWS`; no blank before the colon, no folding (section 5.2).
 * `lines` are separated by CRLF; `hint` is the status for a line that is none.
 */
export function parseFields(doing: string, lines: string, limits: Limits, hint?: number): FieldBlock {
  const parsed: [string, string][] = [];
  const hosts: string[] = [];
  const lengths: string[] = [];
  const connection: string[] = [];
  let codings: string[] | undefined;
  let upgrade: string | undefined;
  let expect: string | undefined;
  for (let start = 0; start < lines.length;) {
    const next = lines.indexOf('\r\n', start);
    const end = next < 0 ? lines.length : next;
    const colon = lines.indexOf(':', start);
    const name = lines.slice(start, colon);
    if (colon < 0 || colon > end || !fieldName.test(name))
      throw broken(doing, 'a field (RFC 9112 section 5)', lines.slice(start, end), hint);
    const value = withoutBlanks(lines, colon + 1, end);
    if (!fieldValue.test(value)) throw broken(doing, `a value for ${name} (RFC 9110 section 5.5)`, value, hint);
    if (parsed.length === limits.fields)
      throw new LimitExceeded(`${doing}: it has more than ${limits.fields} fields`, limits.fields, {
        hint: hint && 431,
      });
    parsed.push([name, value]);
    switch (name.length) {
      case 4:
        if (is(name, 'host')) hosts.push(value);
        break;
      case 6:
        if (is(name, 'expect')) expect = expect === undefined ? value : `${expect}, ${value}`;
        break;
      case 7:
        if (is(name, 'upgrade')) upgrade = upgrade === undefined ? value : `${upgrade}, ${value}`;
        break;
      case 10:
        if (is(name, 'connection')) connection.push(...members(value).filter((member) => member !== ''));
        break;
      case 14:
        if (is(name, 'content-length')) lengths.push(value);
        break;
      case 17:
        if (is(name, 'transfer-encoding')) codings = [...(codings ?? []), ...members(value)];
        break;
    }
    start = end + 2;
  }
  return { fields: Fields.parsed(parsed), hosts, lengths, codings, connection, upgrade, expect };
}

const is = (name: string, known: string): boolean => name.toLowerCase() === known;

/** RFC 9110 section 5.6.1: the members of a list, in small letters. */
function members(value: string): string[] {
  return value.split(',').map((member) => withoutBlanks(member, 0, member.length).toLowerCase());
}

/** Without the OWS around it: blanks and tabs, and nothing else that JavaScript would call a blank. */
export function withoutBlanks(text: string, start: number, end: number): string {
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 32 || code === 9;

/** A request, of its line and its fields: what RFC 9112 sections 3.2, 6 and 9 and RFC 9110 sections 7.8 and 10.1.1 ask for. */
export function requestHead(line: RequestLine, block: FieldBlock, limits: Limits): RequestHead {
  const { method, version } = line;
  const { hosts, connection, fields } = block;
  // RFC 9112 section 3.2: 400 "to any HTTP/1.1 request message that lacks a Host header field", has several, or a bad one.
  if (hosts.length > 1 || (hosts.length === 0 && version === '1.1'))
    throw broken(request, 'one Host field', hosts.join(', '), 400);
  const [host = ''] = hosts;
  if (!isHost(host)) throw broken(request, 'a host in the Host field', host, 400);
  const framing = requestFraming(block, version, limits);
  // RFC 9110 section 9.3.6: a CONNECT has no content. Who says that it has disagrees with us on where the tunnel begins.
  if (method === 'CONNECT' && framing !== 'none' && framing !== 0)
    throw broken(request, 'a CONNECT without content', String(framing), 400);
  const later = version === '1.1';
  const expect = later ? block.expect : undefined;
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    throw broken(request, 'no expectation but 100-continue', expect, 417);
  return {
    method,
    target: line.target,
    scheme: line.scheme,
    // RFC 9112 section 3.2.2: a server "MUST ignore the received Host header field (if any)" for an absolute target.
    authority: line.authority ?? host,
    version,
    fields,
    framing,
    keepAlive: !connection.includes('close') && (later || connection.includes('keep-alive')),
    // RFC 9110 section 7.8: "A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request."
    upgrade: later && connection.includes('upgrade') ? block.upgrade : undefined,
    expectsContinue: expect !== undefined && framing !== 'none' && framing !== 0,
  };
}

/** RFC 9112 section 6.3, for requests. */
function requestFraming(block: FieldBlock, version: Version, limits: Limits): Framing {
  const { codings, lengths } = block;
  if (codings !== undefined) {
    const said = codings.join(', ');
    // Section 6.1: with a length, or in HTTP/1.0, the framing is faulty "and might indicate an attempt of smuggling".
    if (lengths.length > 0)
      throw broken(request, 'no Content-Length beside Transfer-Encoding', lengths.join(', '), 400);
    if (version === '1.0') throw broken(request, 'no Transfer-Encoding in HTTP/1.0', said, 400);
    // Section 6.3, 4: where chunked is not the last "the server MUST respond with the 400"; section 7: and it comes once.
    if (codings.indexOf('chunked') !== codings.length - 1)
      throw broken(request, 'chunked as the last transfer coding, and once', said, 400);
    if (codings.length > 1) throw broken(request, 'no transfer coding but chunked', said, 501);
    return 'chunked';
  }
  const length = parseLength(request, lengths, 400);
  if (length === undefined) return 'none';
  if (length > limits.body)
    throw new LimitExceeded(`${request}: it has ${length} bytes of content, the limit is ${limits.body}`, limits.body, {
      hint: 413,
    });
  return length;
}

/** RFC 9110 section 8.6: one Content-Length, of digits. Two are refused even if they agree: somebody on the way added one. */
function parseLength(doing: string, lengths: readonly string[], hint?: number): number | undefined {
  if (lengths.length === 0) return undefined;
  if (lengths.length > 1 || !contentLength.test(lengths[0]))
    throw broken(doing, 'one Content-Length, of digits', lengths.join(', '), hint);
  return Number(lengths[0]);
}

const response = 'reading a response';

/** A status-line, understood. */
export type StatusLine = Pick<ResponseHead, 'version' | 'status' | 'reason'>;

/** RFC 9112 section 4. */
export function parseStatusLine(line: string): StatusLine {
  const [, minor, status, reason] = statusLine.exec(line) ?? [];
  if (status === undefined) throw broken(response, 'a status-line (RFC 9112 section 4)', line);
  return { version: minor === '0' ? '1.0' : '1.1', status: Number(status), reason };
}

/** A response to `method`. Throws {@link ProtocolError} where its end could be understood in two ways. */
export function responseHead(line: StatusLine, block: FieldBlock, method: string, limits: Limits): ResponseHead {
  const { version } = line;
  const framing = responseFraming(line.status, version, block, method);
  if (typeof framing === 'number' && framing > limits.body)
    throw new LimitExceeded(
      `${response}: it has ${framing} bytes of content, the limit is ${limits.body}`,
      limits.body,
    );
  const keepAlive =
    framing !== 'close' &&
    !block.connection.includes('close') &&
    (version === '1.1' || block.connection.includes('keep-alive'));
  return { ...line, fields: block.fields, framing, keepAlive };
}

/** RFC 9112 section 6.3, for responses, in its order. */
function responseFraming(status: number, version: Version, block: FieldBlock, method: string): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none';
  // 2: what a 2xx to CONNECT says of its length is ignored.
  if (method === 'CONNECT' && status < 300) return 'none';
  const { codings, lengths } = block;
  if (codings !== undefined) {
    const said = codings.join(', ');
    if (lengths.length > 0) throw broken(response, 'no Content-Length beside Transfer-Encoding', lengths.join(', '));
    if (version === '1.0') throw broken(response, 'no Transfer-Encoding in HTTP/1.0', said);
    if (codings.length !== 1 || codings[0] !== 'chunked')
      throw broken(response, 'no transfer coding but chunked', said);
    return 'chunked';
  }
  return parseLength(response, lengths) ?? 'close';
}
