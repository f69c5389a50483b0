/**
 * Following redirects (RFC 9110 section 15.4), in the way of the Fetch standard ("HTTP-redirect fetch").
 * Knows: what the next request is, and what must not go with it to somebody else. Does not know: connections, counting.
 */
import { show } from '../../../src/bytes.ts';
import type { Request } from '../Request.ts';
import type { Response } from '../Response.ts';
import { RedirectRefused } from './errors.ts';

/** RFC 9110 section 15.4, without those that are not followed by themselves (300, 304, 305, 306). */
const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Fields about content ("request-body-header name" of Fetch; RFC 9110 section 15.4): gone with it. */
const aboutContent = [
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Location',
  'Content-Type',
  'Expect',
  'Transfer-Encoding',
  'Trailer',
];

/** What was meant for one origin, and is none of another's business. */
const secrets = ['Authorization', 'Cookie', 'Proxy-Authorization', 'Host'];

/** Whether the response asks to go elsewhere, and says where. */
export function redirects(response: Response): boolean {
  return statuses.has(response.status) && response.headers.has('Location');
}

/**
 * The request that a redirect asks for. Throws {@link RedirectRefused}.
 *
 * In plain words: 303 is looked at with GET; so are 301 and 302 after a POST, as all the web does. All others keep method and
 * content, which must be there to be sent again. What stands for somebody (`Authorization`, `Cookie`) goes to no other origin.
 */
export function redirected(request: Request, response: Response): Request {
  const { status, headers } = response;
  const location = headers.get('Location') ?? '';
  const refused = (problem: string): RedirectRefused =>
    new RedirectRefused(`following ${status} of ${request.method} ${request.url}: ${problem}`, { hint: status });
  const there = urlOf(location, request.url);
  if (there === undefined) throw refused(`expected a URL in Location, got ${show(location)}`);
  const scheme = there.protocol.slice(0, -1);
  if (scheme !== 'http' && scheme !== 'https') throw refused(`expected http or https, got ${show(there.protocol)}`);
  const target = there.pathname + there.search;
  let next = request.with({ scheme, authority: there.host, target });
  if (status === 303 ? !isSafe(request.method) : status < 303 && request.method === 'POST') next = withoutContent(next);
  else if (request.streamed) throw refused('the content was a stream, and cannot be sent again');
  const here = request.scheme === scheme && request.authority === there.host;
  return here ? next : next.with({ headers: next.headers.without(...secrets) });
}

/** Fetch: 303 changes every method but these. */
const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD';

function withoutContent(request: Request): Request {
  return request.with({
    method: 'GET',
    body: undefined,
    trailers: undefined,
    headers: request.headers.without(...aboutContent),
  });
}

function urlOf(location: string, base: URL): URL | undefined {
  try {
    return new URL(location, base);
  } catch {
    return undefined;
  }
}
