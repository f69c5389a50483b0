/**
 * Fields of HTTP as those of HTTP/2 (RFC 9113 section 8.2), and back.
 * Knows: which fields belong to a connection of HTTP/1 and have no place here. Does not know: streams.
 */
import type { OutgoingHttpHeaders } from 'node:http2';
import { Fields } from '../../Fields.ts';

/** RFC 9113 section 8.2.2. `Host` is said by `:authority`. */
const ofConnections: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** What is sent. `pseudo` are the fields with a colon (section 8.3). */
export function toHeaders(fields: Fields, pseudo: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ...pseudo };
  const named = fields
    .get('Connection')
    ?.toLowerCase()
    .split(',')
    .map((option) => option.trim());
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (ofConnections.has(key) || named?.includes(key)) continue;
    // RFC 9113 section 8.2.2: "it MUST NOT contain any value other than 'trailers'".
    if (key === 'te' && value.toLowerCase() !== 'trailers') continue;
    const before = headers[key];
    if (before === undefined) headers[key] = value;
    else headers[key] = Array.isArray(before) ? [...before, value] : [String(before), value];
  }
  return headers;
}

/** What came, as Node lists it: names and values by turns. */
export interface ParsedHeaders {
  readonly pseudo: Readonly<Record<string, string | undefined>>;
  readonly fields: Fields;
}

export function fromHeaders(raw: readonly string[]): ParsedHeaders {
  const pseudo: Record<string, string> = {};
  const lines: [name: string, value: string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at];
    if (name.startsWith(':')) pseudo[name] = raw[at + 1];
    else lines.push([name, raw[at + 1]]);
  }
  // Names and values have been looked at by nghttp2 (section 8.2.1).
  return { pseudo, fields: Fields.parsed(lines) };
}
