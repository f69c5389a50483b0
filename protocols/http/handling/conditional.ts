/**
 * Conditions and ranges for every response of a site.
 * Knows: which responses have a state to compare, a tag for content that has none. Does not know: the rules
 * (conditions.ts, ranges.ts).
 */
import { bytes, indexOf, type Bytes } from '../../../src/bytes.ts';
import type { Middleware } from '../routing/compose.ts';
import { afterwards } from '../routing/settled.ts';
import { conditioned } from './conditions.ts';
import { ranged } from './ranges.ts';

export interface ConditionalOptions {
  /** Whether content that is there as a whole gets an ETag, if it has no validator yet (yes). It is a weak one: a hash of 53 bits. */
  readonly etag?: boolean;
}

/**
 * Middleware: answers a GET or HEAD with 304 if the client has that state already, with 412 if it wants another one, and a
 * GET with a Range with that part.
 *
 * In plain words: give a response an `ETag` or a `Last-Modified`, or let this make one of its content; what a client has is
 * not sent again. Ranges are for content that is there as a whole; `files` has its own. A PUT or DELETE must look before it
 * does something: see {@link precondition}. Source: RFC 9110 sections 13 and 14.
 *
 * ```ts
 * const site = compose(conditional())(() => text('hello'));
 * const first = site(new Request()) as Response;
 * const headers = { 'If-None-Match': first.headers.get('etag') };
 * (site(new Request({ headers })) as Response).status;   // => 304
 * ```
 */
export function conditional({ etag = true }: ConditionalOptions = {}): Middleware {
  return (next) => (request) =>
    afterwards(next(request), (response) => {
      const { content, status, headers } = response;
      if (status !== 200 || (request.method !== 'GET' && request.method !== 'HEAD')) return response;
      const bare = etag && content !== undefined && !headers.has('etag') && !headers.has('last-modified');
      const tagged = bare ? response.with({ headers: headers.with('ETag', tagOf(content)) }) : response;
      const held = conditioned(request, tagged);
      if (held !== tagged || content === undefined || headers.has('content-encoding')) return held;
      return ranged(request, held, {
        size: content.length,
        slice: ({ first, last }) => content.subarray(first, last + 1),
        boundary: () => absentFrom(content),
      });
    });
}

/** A boundary that does not occur. */
function absentFrom(content: Bytes): string {
  for (let n = 0; ; n++) {
    const boundary = `ropewalk-${n}`;
    if (indexOf(content, bytes(boundary)) < 0) return boundary;
  }
}

/** cyrb53, over bytes: quick and well mixed, not for secrets. */
function tagOf(content: Bytes): string {
  let [one, two] = [0xdeadbeef, 0x41c6ce57];
  for (const byte of content) {
    one = Math.imul(one ^ byte, 2654435761);
    two = Math.imul(two ^ byte, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  const hash = 4294967296 * (2097151 & two) + (one >>> 0);
  return `W/"${content.length.toString(36)}-${hash.toString(36)}"`;
}
