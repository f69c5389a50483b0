/**
 * Messages to bytes: heads, chunks, the date.
 * Knows: RFC 9112 sections 3 to 7 for writing, which fields are the connection's and not a program's.
 * Does not know: how the end of a content is chosen to be told, connections, clocks.
 */
import { allocate, bytes, fromLatin1, show, type Bytes } from '../../src/bytes.ts';
import { ProtocolError } from '../../src/errors.ts';
import { Fields } from './Fields.ts';
import { fieldValue, fieldName, host as hostPattern } from './grammar.ts';
import type { Framing } from './messages.ts';

/** Fields as a program gave them, made ready for a head. */
export interface Prepared {
  /** Those that are a program's to say, as lines. */
  readonly lines: string;
  readonly date: boolean;
  readonly host: boolean;
  readonly upgrade: boolean;
  /** What the program said of the length. */
  readonly length: number | undefined;
  /** Whether the program wants the connection to end (`Connection: close`). */
  readonly close: boolean;
  /** The head of a response that was last made of them: the next one is, as a rule, the same, until the second is over. */
  last?: MadeHead;
}

interface MadeHead extends HeadOptions {
  readonly status: number;
  readonly reason: string;
  readonly date: string;
  readonly text: string;
}

/**
 * RFC 9110 section 7.6.1, RFC 9112 sections 6 and 9: these are about one connection, and written here. `Upgrade` is passed on,
 * with its `Connection`.
 */
const ours = new Set(['connection', 'content-length', 'keep-alive', 'proxy-connection', 'transfer-encoding']);

/** Throws {@link ProtocolError} with side `local` for a Content-Length that is none. */
export function prepare(fields: Fields): Prepared {
  let lines = '';
  for (const [name, value] of fields) if (!ours.has(name.toLowerCase())) lines += `${name}: ${value}\r\n`;
  const length = fields.get('content-length');
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    throw new ProtocolError(`writing a head: expected a Content-Length of digits, got ${show(length)}`, {
      side: 'local',
    });
  return {
    lines,
    date: fields.has('date'),
    host: fields.has('host'),
    upgrade: fields.has('upgrade'),
    length: length === undefined ? undefined : Number(length),
    close: fields.has('connection') && /(?:^|,)\s*close\s*(?:,|$)/i.test(fields.get('connection')!),
  };
}

/** How a message is to be written. */
export interface HeadOptions {
  /** How the end of the content is told. */
  readonly framing: Framing;
  /** A length that is told though no content follows: of what GET would have got (RFC 9110 section 9.3.2). */
  readonly length?: number;
  /** `close`, `keep-alive` or `upgrade`; nothing where the version says enough. */
  readonly connection?: 'close' | 'keep-alive' | 'upgrade';
}

/** RFC 9112 section 4. `date` stands in unless the program gave one. */
export function formatResponseHead(
  status: number,
  reason: string,
  prepared: Prepared,
  { framing, length, connection }: HeadOptions,
  date: string,
): string {
  const { last } = prepared;
  if (
    last?.date === date &&
    last.status === status &&
    last.framing === framing &&
    last.length === length &&
    last.connection === connection &&
    last.reason === reason
  )
    return last.text;
  const line = prepared.date ? '' : `Date: ${date}\r\n`;
  // Joined, because text made by adding is a tree, which would be walked whenever it is sent.
  const text = [statusLine(status, reason), prepared.lines, framingOf(framing, length, connection), line, '\r\n'].join(
    '',
  );
  prepared.last = { status, reason, framing, length, connection, date, text };
  return text;
}

const statusLines = new Map<number, { readonly reason: string; readonly line: string }>();

function statusLine(status: number, reason: string): string {
  const known = statusLines.get(status);
  if (known?.reason === reason) return known.line;
  if (!Number.isInteger(status) || status < 100 || status > 599)
    throw new ProtocolError(`writing a response: expected a status from 100 to 599, got ${status}`, { side: 'local' });
  if (!fieldValue.test(reason))
    throw new ProtocolError(`writing a response: expected a reason of one line, got ${show(reason)}`, {
      side: 'local',
    });
  const line = `HTTP/1.1 ${status} ${reason}\r\n`;
  statusLines.set(status, { reason, line });
  return line;
}

/** RFC 9112 section 3. Throws {@link ProtocolError} with side `local` for what no request can say. */
export function formatRequestHead(
  method: string,
  target: string,
  authority: string,
  prepared: Prepared,
  { framing, connection }: HeadOptions,
): string {
  const wrong = (expected: string, got: string): ProtocolError =>
    new ProtocolError(`writing a request: expected ${expected}, got ${show(got)}`, { side: 'local' });
  if (!fieldName.test(method)) throw wrong('a method', method);
  if (!/^[!"$-~]+$/.test(target)) throw wrong('a target without blanks or a fragment', target);
  if (!hostPattern.test(authority)) throw wrong('a host', authority);
  const host = prepared.host ? '' : `Host: ${authority}\r\n`;
  return `${method} ${target} HTTP/1.1\r\n${host}${prepared.lines}${framingOf(framing, undefined, connection)}\r\n`;
}

function framingOf(framing: Framing, length?: number, connection?: string): string {
  let lines = '';
  if (framing === 'chunked') lines = 'Transfer-Encoding: chunked\r\n';
  else if (typeof framing === 'number') lines = `Content-Length: ${framing}\r\n`;
  else if (length !== undefined) lines = `Content-Length: ${length}\r\n`;
  return connection === undefined ? lines : `${lines}Connection: ${connection}\r\n`;
}

/** RFC 9110 section 15.2.1. */
export const formattedContinue = 'HTTP/1.1 100 Continue\r\n\r\n';

// The date of one second is asked for many times.
let dateOf = { second: NaN, text: '' };

/** RFC 9110 section 5.6.7: a moment (milliseconds since 1970) as IMF-fixdate. */
export function formatDate(moment: number): string {
  const second = Math.floor(moment / 1000);
  if (dateOf.second !== second) dateOf = { second, text: new Date(second * 1000).toUTCString() };
  return dateOf.text;
}

const crlf = bytes('\r\n');
/** Chunks below this are copied into one piece with what frames them. */
const copyBelow = 4096;

/** RFC 9112 section 7.1: a chunk, in one piece or three. It must not be empty: that is the end. */
export function formatChunk(data: Bytes): readonly Bytes[] {
  const size = fromLatin1(`${data.length.toString(16)}\r\n`);
  if (data.length >= copyBelow) return [size, data, crlf];
  const chunk = allocate(size.length + data.length + 2);
  chunk.set(size);
  chunk.set(data, size.length);
  chunk.set(crlf, size.length + data.length);
  return [chunk];
}

/**
 * RFC 9112 sections 7.1 and 7.1.2: the last chunk, and fields behind it. Throws {@link ProtocolError} with side `local` for
 * fields that must not come late (RFC 9110 section 6.5.1): whoever routes or frames by them has done so already.
 */
export function formatLastChunk(trailers: Fields): Bytes {
  for (const name of [
    'content-length',
    'transfer-encoding',
    'host',
    'connection',
    'trailer',
    'content-encoding',
    'content-type',
    'content-range',
  ])
    if (trailers.has(name))
      throw new ProtocolError(`writing trailers: expected none that is about the message itself, got ${name}`, {
        side: 'local',
      });
  return fromLatin1(`0\r\n${trailers}\r\n`);
}
