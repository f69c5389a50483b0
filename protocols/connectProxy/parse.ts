/**
 * Bytes to the head of an HTTP response.
 * Knows: RFC 9112 sections 2 to 5, strictly: CRLF ends lines, no folding. Does not know: bodies; a proxy that agrees has none.
 */
import { indexOf, latin1, show, bytes, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';
import { fieldLine, statusLine } from './grammar.ts';

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** In their order; names in small letters. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** The most bytes of a head, all of its lines together. */
export const maxHead = 16_384;

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
  // RFC 9112 section 2.3; whoever is no HTTP server is found out by its first bytes.
  const start = latin1(content.subarray(0, 5));
  if (!'HTTP/'.startsWith(start)) throw broken('a response of HTTP/1', content);
  const at = indexOf(content, end, Math.max(0, from - end.length + 1));
  if ((at < 0 ? content.length : at + end.length) > maxHead)
    throw new LimitExceeded(`reading the answer to CONNECT: its head has more than ${maxHead} bytes`, maxHead);
  if (at < 0) return undefined;
  const [first, ...lines] = latin1(content.subarray(0, at)).split('\r\n');
  const [, status, reason] = statusLine.exec(first) ?? [];
  if (status === undefined) throw broken('a status line', bytes(first));
  const fields = lines.map((line) => {
    const [, name, value] = fieldLine.exec(line) ?? [];
    if (name === undefined) throw broken('a field', bytes(line));
    return [name.toLowerCase(), value] as const;
  });
  return { head: { status: Number(status), reason, fields }, length: at + end.length };
}

function broken(expected: string, content: Bytes): ProtocolError {
  return new ProtocolError(`reading the answer to CONNECT: expected ${expected}, got ${show(content)}`);
}
