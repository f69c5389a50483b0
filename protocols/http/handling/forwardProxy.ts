/**
 * A proxy that clients ask to go somewhere (RFC 9110 sections 7.3 and 9.3.6).
 * Knows: CONNECT and requests with a whole URL. Does not know: where anybody may go; `connect` decides.
 */
import type { Observable } from 'rxjs';
import type { Connection } from '../../../src/Connection.ts';
import type { Handler } from '../Handler.ts';
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { afterwards } from '../routing/settled.ts';
import { carried, dialled, exchange } from './exchange.ts';
import { endToEnd, via } from './hopByHop.ts';

export interface ForwardProxyOptions {
  /**
   * How to get to where a client wants to go. Errors become answers: `ConnectPermissionDenied` is 403.
   * Whoever may come here may go wherever this goes, `localhost` and your own network included: decide here.
   */
  readonly connect: (
    destination: { readonly host: string; readonly port: number },
    request: Request,
  ) => Observable<Connection>;
  /** Our name in Via (`ropewalk`). */
  readonly pseudonym?: string;
}

/**
 * A handler that carries clients to where they ask to go: what `http_proxy` and `https_proxy` speak.
 *
 * In plain words: CONNECT becomes a wire to there, with pressure both ways and untouched bytes; a request with a whole URL
 * (`GET http://...`) is asked there over a connection of its own, without the fields that are for one connection only. A
 * dial that fails is 502, 504 or 403; anything that is neither is 400. Put it behind middleware to log.
 *
 * ```ts
 * const proxy = compose()(forwardProxy({ connect: ({ host, port }) => connect({ type: 'tcp', host, port }) }));
 * listen('tcp:3128:interface=127.0.0.1').pipe(serve(over(http(), proxy))).subscribe();
 * ```
 * Neighbours: `connectProxy` of ropewalk/connect-proxy does CONNECT alone, with passwords.
 */
export function forwardProxy({ connect, pseudonym = 'ropewalk' }: ForwardProxyOptions): Handler {
  return (request) => {
    const { method, target, authority, scheme, connection, headers, version } = request;
    if (method === 'CONNECT') {
      return dialled(connect(destinationOf(target), request), connection, (opened, done) => {
        return new Response({ status: 200, upgrade: carried(opened, done) });
      });
    }
    if (scheme !== 'http' || authority === '' || !target.startsWith('/'))
      throw new HttpError(400, 'expected CONNECT or a URL of http');
    const onward = request.with({
      headers: via(endToEnd(headers), version, pseudonym),
      version: '1.1',
      connection: undefined,
    });
    const answer = exchange(connect(destinationOf(authority, 80), request), onward, connection);
    return afterwards(answer, (response) =>
      response.with({ headers: via(endToEnd(response.headers), '1.1', pseudonym) }),
    );
  };
}

/** `host:port`, an address of IPv6 in brackets. */
function destinationOf(authority: string, port?: number): { host: string; port: number } {
  const [, host, written] = /^(\[[\da-f:.]+\]|[^\s:@/?#[\]]+)(?::(\d{1,5}))?$/i.exec(authority) ?? [];
  const number = written === undefined ? port : Number(written);
  if (host === undefined || number === undefined || number < 1 || number > 65535) {
    throw new HttpError(400, 'expected a host and a port');
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: number };
}
