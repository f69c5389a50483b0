/**
 * A site that another server answers for.
 * Knows: what is passed on, both ways. Does not know: how that server is reached; `connect` or `send` does.
 */
import type { Observable } from 'rxjs';
import type { Connection } from '../../../src/Connection.ts';
import type { Handler } from '../Handler.ts';
import type { Request } from '../Request.ts';
import type { Response } from '../Response.ts';
import { settled, afterwards } from '../routing/settled.ts';
import { exchange } from './exchange.ts';
import { endToEnd, forwarded, via } from './hopByHop.ts';
import { openingByHttp1 } from './opening.ts';

export interface ReverseProxyOptions {
  /** How to reach the server: a connection for each request. Or `send`. */
  readonly connect?: () => Observable<Connection>;
  /** What asks the server, instead of `connect`: a client with a pool, or anything that answers requests. */
  readonly send?: Handler;
  /** What its Host is (the client's). */
  readonly host?: string;
  /** Whether clients are proxies of ours, whose Forwarded fields are true (no: what they say is replaced). */
  readonly trusted?: boolean;
  /** Whether it gets the path without what routes in front have read (no: all of the path). */
  readonly strip?: boolean;
  /** Our name in Via (`ropewalk`). */
  readonly pseudonym?: string;
}

/**
 * A handler that passes requests on to another server, and its answers back.
 *
 * In plain words: bodies stream both ways with pressure, upgrades (WebSocket, of HTTP/2, too) become a wire between the two. Fields that are
 * for one connection only stay behind; `Via`, `Forwarded` and `X-Forwarded-*` tell the server who asked. A client that leaves
 * ends the request there. A server that cannot be reached, or breaks off, is 502; one that takes too long to connect 504; why is told
 * to `onError`, not to the client.
 *
 * ```ts
 * const site = routes({
 *   'GET /': () => text('ours'),
 *   '/app/*': reverseProxy({ connect: () => connect('tcp:127.0.0.1:3000') }),
 * });
 * ```
 * Throws `TypeError` if there is neither `connect` nor `send`. Source: RFC 9110 section 7.6, RFC 7239.
 */
export function reverseProxy(options: ReverseProxyOptions): Handler {
  const { connect, send, pseudonym = 'ropewalk' } = options;
  if (connect === undefined && send === undefined)
    throw new TypeError('a reverse proxy: expected connect or send, got neither');
  const ask = send === undefined ? undefined : settled(send);
  return (request) => {
    const onward = passedOn(openingByHttp1(request), options, pseudonym);
    const answer = ask?.(onward) ?? exchange(connect!(), onward, request.connection);
    return afterwards(answer, (response) => passedBack(response, request, pseudonym));
  };
}

function passedOn(
  request: Request,
  { host, trusted = false, strip = false }: ReverseProxyOptions,
  pseudonym: string,
): Request {
  const { headers, authority, target, rest, upgrade, version } = request;
  const query = target.indexOf('?');
  const told = via(forwarded(endToEnd(headers), request, trusted), version, pseudonym);
  return request.with({
    authority: host ?? authority,
    target: strip ? rest + (query < 0 ? '' : target.slice(query)) : target,
    version: '1.1',
    headers: asking(told.with('Host', host ?? authority), upgrade),
    connection: undefined,
  });
}

function passedBack(response: Response, { upgrade }: Request, pseudonym: string): Response {
  const headers = via(endToEnd(response.headers), '1.1', pseudonym);
  return response.with({ headers: response.status === 101 ? asking(headers, upgrade) : headers });
}

/** RFC 9110 section 7.8: an upgrade is of this connection, and is asked for anew on the next one. */
function asking(headers: Response['headers'], upgrade: string | undefined): Response['headers'] {
  return upgrade === undefined ? headers : headers.merge({ Connection: 'Upgrade', Upgrade: upgrade });
}
