/**
 * Conditional requests (RFC 9110 section 13).
 * Knows: entity tags and dates, which condition goes before which. Does not know: what is done when all hold.
 */
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { parseDate } from './dates.ts';

/** What tells one state of a resource from another (RFC 9110 section 8.8). */
export interface Validators {
  /** `"abc"`, or `W/"abc"` for a weak one. */
  readonly etag?: string;
  /** Milliseconds since 1970. */
  readonly lastModified?: number;
}

interface EntityTag {
  readonly weak: boolean;
  /** With its quotes. */
  readonly opaque: string;
}

/**
 * What the conditions of a request come to, for a resource in this state: `undefined` to go on, 304 for "you have it
 * already", 412 for "it is not as you think". For a resource that does not exist (a PUT that would make it) `validators` is
 * `undefined`.
 *
 * ```ts
 * const request = new Request({ method: 'PUT', headers: { 'If-Match': '"1"' } });
 * precondition(request, { etag: '"2"' });   // => 412
 * precondition(request, { etag: '"1"' });   // => undefined
 * ```
 * Source: RFC 9110 section 13.2.2, in its order. Conditions that cannot be read are ignored, except If-Match: that protects
 * what is there.
 */
export function precondition({ method, headers }: Request, validators: Validators | undefined): 304 | 412 | undefined {
  const etag = validators?.etag === undefined ? undefined : parseTags(validators.etag)[0];
  const lastModified = validators?.lastModified === undefined ? undefined : wholeSeconds(validators.lastModified);
  const reading = method === 'GET' || method === 'HEAD';

  const ifMatch = headers.get('if-match');
  const unmodifiedSince = dateOf(headers.get('if-unmodified-since'));
  if (ifMatch !== undefined) {
    if (!listed(ifMatch, etag, validators !== undefined, true)) return 412;
  } else if (unmodifiedSince !== undefined && lastModified !== undefined && lastModified > unmodifiedSince) return 412;

  const ifNoneMatch = headers.get('if-none-match');
  if (ifNoneMatch !== undefined) {
    return listed(ifNoneMatch, etag, validators !== undefined, false) ? (reading ? 304 : 412) : undefined;
  }
  const modifiedSince = dateOf(headers.get('if-modified-since'));
  if (!reading || modifiedSince === undefined || lastModified === undefined) return undefined;
  return lastModified <= modifiedSince ? 304 : undefined;
}

/** Whether a Range may be answered with part of this state (RFC 9110 section 13.1.5): yes, without an If-Range. */
export function rangeHolds({ headers }: Request, { etag, lastModified }: Validators): boolean {
  const ifRange = headers.get('if-range');
  if (ifRange === undefined) return true;
  if (ifRange.endsWith('"')) {
    const [asked] = parseTags(ifRange);
    const [own] = etag === undefined ? [] : parseTags(etag);
    return asked !== undefined && own !== undefined && !asked.weak && !own.weak && asked.opaque === own.opaque;
  }
  return lastModified !== undefined && dateOf(ifRange) === wholeSeconds(lastModified);
}

/** The validators in the fields of a response. */
export function validatorsOf({ headers }: Response): Validators {
  return { etag: headers.get('etag'), lastModified: dateOf(headers.get('last-modified')) };
}

/** The answer to a GET or HEAD with the conditions applied: itself, or 304 (section 15.4.5), or an error of 412. */
export function conditioned(request: Request, response: Response): Response {
  switch (precondition(request, validatorsOf(response))) {
    case undefined:
      return response;
    case 412:
      throw new HttpError(412);
    case 304: {
      const { headers } = response;
      // Of what describes the content only the validators and where it is from are said again.
      const content = [...headers]
        .map(([name]) => name)
        .filter((name) => /^content-(?!location$)|^accept-ranges$/i.test(name));
      return new Response({ status: 304, headers: headers.without(...content) });
    }
  }
}

/** The tags of a list (section 8.8.3), as far as it can be read. */
function parseTags(list: string): EntityTag[] {
  // entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE; etagc = %x21 / %x23-7E / obs-text
  return [...list.matchAll(/(W\/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)/g)].map(([, weak, opaque]) => ({
    weak: weak !== undefined,
    opaque,
  }));
}

/** Section 8.8.3.2: a strong comparison needs two strong tags. */
function listed(list: string, own: EntityTag | undefined, exists: boolean, strong: boolean): boolean {
  if (list.trim() === '*') return exists;
  if (own === undefined || (strong && own.weak)) return false;
  return parseTags(list).some(({ weak, opaque }) => opaque === own.opaque && !(strong && weak));
}

const dateOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseDate(text));

const wholeSeconds = (time: number): number => Math.floor(time / 1000) * 1000;
