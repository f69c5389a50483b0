/**
 * Responses in one word.
 * Knows: which Content-Type goes with what. Does not know: requests.
 */
import type { Observable } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import { Response, type ResponseInit } from './Response.ts';
import { Fields } from './Fields.ts';

/** What may be said beside the content. */
export type Beside = Omit<ResponseInit, 'body' | 'upgrade'>;

/** The fields of a response that says no more than its type: the same each time, so that what is made of them is made once. */
const plain = new Map<string, Fields>();

function of(type: string, body: ResponseInit['body'], beside?: Beside): Response {
  let headers = plain.get(type);
  if (headers === undefined) plain.set(type, (headers = Fields.of({ 'Content-Type': type })));
  if (beside === undefined) return new Response({ headers, body });
  return new Response({ ...beside, headers: beside.headers ? headers.merge(beside.headers) : headers, body });
}

/** Plain text, as UTF-8. */
export const text = (content: string, beside?: Beside): Response => of('text/plain; charset=utf-8', content, beside);

/** A page, as UTF-8. Nothing is escaped: that is for whoever writes it. */
export const html = (content: string, beside?: Beside): Response => of('text/html; charset=utf-8', content, beside);

/** A value as JSON (RFC 8259). Throws `TypeError` for what has no JSON: `undefined`, a circle. */
export function json(value: unknown, beside?: Beside): Response {
  const content = JSON.stringify(value) as string | undefined;
  if (content === undefined) throw new TypeError(`expected a value that JSON can say, got ${typeof value}`);
  return of('application/json', content, beside);
}

/** Bytes as they come; the client's reading holds their source. */
export const stream = (content: Observable<Bytes>, beside?: Beside): Response =>
  of('application/octet-stream', content, beside);

/** No content (204, unless said otherwise). */
export const empty = (beside?: Beside): Response => new Response({ status: 204, ...beside });

/** Go there: 303 (look there with GET) unless said otherwise; 307 and 308 keep the method (RFC 9110 section 15.4). */
export function redirect(location: string | URL, status: 301 | 302 | 303 | 307 | 308 = 303): Response {
  return new Response({ status, headers: { Location: String(location) } });
}
