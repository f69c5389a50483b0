/**
 * Routes: which handler answers which request.
 * Knows: what a path or a method without a route is answered with (RFC 9110 sections 9.3 and 15.5), slashes at the end.
 * Does not know: how the most specific route is found (RouteTable.ts), how answers are kept in order (site.ts).
 */
import type { Handler } from '../Handler.ts';
import { HttpError } from '../HttpError.ts';
import type { NoParams, Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { empty } from '../responses.ts';
import { compose } from './compose.ts';
import type { ParamsOf } from './pattern.ts';
import { RouteTable, type Match } from './RouteTable.ts';
import type { Site, SiteOptions } from './site.ts';

/** Routes and their handlers; each handler knows the parts of the path that its route has names for. */
export type Routes<Route extends string> = {
  readonly [Each in Route]: Handler<Request<ParamsOf<Each>>>;
};

/**
 * A site of routes: `METHOD /path`, or `/path` for every method.
 *
 * In plain words: `:name` stands for one part of the path, `*name` at its end for all that is left; `params` has what stood
 * there, percent-decoded, and the compiler knows the names. Of several routes that match the most specific one answers,
 * whatever order they are written in: part by part, text goes before `:name`, and that before `*name`; a route with a method
 * goes before one without. Two of the same shape throw `TypeError`. A route may lead to routes: behind `/api/*` they see
 * what is left of the path.
 *
 * ```ts
 * const site = routes({
 *   'GET /': () => text('hello'),
 *   'GET /users/:id': ({ params }) => text(`user ${params.id}`),
 *   'GET /users/me': () => text('you'),
 * });
 * const asked = (method: string, url: string) => site(Request.to(url, { method })) as Response;
 * utf8(asked('GET', 'http://a/users/r%C3%B6%2Fx').content!);    // => user rö/x
 * utf8(asked('GET', 'http://a/users/me').content!);             // => you
 * asked('POST', 'http://a/users/me').headers.get('allow');      // => GET, HEAD, OPTIONS
 * asked('GET', 'http://a/users/me/').headers.get('location');   // => ../me
 * ```
 * Without a route of their own, HEAD is answered by that of GET, and so is what opens a WebSocket in HTTP/2 (RFC 8441); OPTIONS with
 * what is allowed (RFC 9110 sections 9.3.2, 9.3.7). A path that has routes, but none for the method, is 405 with Allow; a path without any is 404; one whose percent
 * signs make no UTF-8 is 400. `/a` and `/a/` are two paths; where only the other one has a route, 308 leads there.
 * Neighbours: {@link compose} for what all routes have in common.
 */
export function routes<Route extends string>(table: Routes<Route>, options?: SiteOptions): Site {
  const found = new RouteTable(Object.entries(table) as [string, Handler<Request<never>>][]);
  return compose()((request) => route(found, request), options);
}

function route(table: RouteTable<Handler<Request<never>>>, request: Request): ReturnType<Handler> {
  const { method, rest } = request;
  // RFC 8441 section 4: what is a GET with Upgrade in HTTP/1 is a CONNECT with a protocol and a path in HTTP/2.
  const opens = method === 'CONNECT' && request.upgrade !== undefined;
  const also = method === 'HEAD' || opens ? 'GET' : undefined;
  const fixed = table.findFixed(rest, method, also);
  if (fixed !== undefined) return fixed(request as Request<never>);
  if (request.target === '*' && method === 'OPTIONS') return allowed(new Set(table.methods));
  if (!rest.startsWith('/')) throw new HttpError(404);
  const sent = rest.slice(1).split('/');
  const segments = rest.includes('%') ? sent.map(decoded) : sent;
  const match = table.find(segments, method, also);
  if (!(match instanceof Set)) return match.target(beyond(request, match, sent));
  if (match.size > 0) {
    if (method === 'OPTIONS') return allowed(match);
    throw new HttpError(405, `${method} is not for this`, { headers: { Allow: allow(match) } });
  }
  const last = sent[sent.length - 1];
  const other = last === '' ? segments.slice(0, -1) : [...segments, ''];
  if (other.length > 0 && !(table.find(other, method, also) instanceof Set)) return slashed(request, sent);
  throw new HttpError(404);
}

/** The request as the handler sees it. Without names and rest it is the very same. */
function beyond(request: Request, { params, restFrom }: Match<unknown>, sent: readonly string[]): Request<never> {
  if (params === undefined && restFrom === undefined) return request as Request<never>;
  const outer: NoParams = request.params;
  const named = { params: params === undefined ? outer : { ...outer, ...params } };
  const changes = restFrom === undefined ? named : { ...named, rest: `/${sent.slice(restFrom).join('/')}` };
  return request.with(changes) as Request<never>;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new HttpError(400, 'expected percent signs that stand for UTF-8 in the path', { cause });
  }
}

/** RFC 9110 section 10.2.1: Allow. HEAD comes with GET, OPTIONS is always answered. */
function allow(methods: ReadonlySet<string | undefined>): string {
  const known = new Set([...methods].filter((method) => method !== undefined));
  if (known.has('GET')) known.add('HEAD');
  known.add('OPTIONS');
  return [...known].toSorted().join(', ');
}

function allowed(methods: ReadonlySet<string | undefined>): Response {
  return empty({ headers: { Allow: allow(methods) } });
}

/**
 * The same path with a slash at its end, or without. Said relative to itself (RFC 3986 section 4.2): so it is right behind any
 * prefix, and cannot lead to another host (`//evil.example/`).
 */
function slashed({ target }: Request, sent: readonly string[]): Response {
  const query = target.includes('?') ? target.slice(target.indexOf('?')) : '';
  const last = sent[sent.length - 1];
  // `./`, because a colon in the first part would make it a scheme.
  const there = last === '' ? `../${sent[sent.length - 2]}` : `./${last}/`;
  return new Response({ status: 308, headers: { Location: there + query } });
}
