/**
 * A SOCKS server, versions 4, 4A and 5, as a protocol.
 * Knows: who is asked, how a dial that fails is told. Does not know: where anybody may go; `connect` decides.
 */
import type { Observable } from 'rxjs';
import { IpAddress } from '../../src/Address.ts';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import {
  ConnectionRefused,
  ConnectPermissionDenied,
  ConnectTimeout,
  HostUnreachable,
  UnknownHost,
} from '../../src/errors.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { onward } from '../../operators/proxying/onward.ts';
import { formatReply4, formatReply5 } from './format.ts';
import { replies, replies4, type SocksCredentials, type SocksRequest } from './messages.ts';
import { ServerMachine } from './ServerMachine.ts';

export interface SocksOptions {
  /**
   * How to get to where a client wants to go. Errors become replies: {@link ConnectPermissionDenied} is "not allowed".
   * Whoever may come here may go wherever this goes, `localhost` and your own network included: decide here.
   */
  connect(request: SocksRequest, client: Connection): Observable<Connection>;
  /**
   * Whether somebody may come in. With it everybody has to say a name and a password (RFC 1929), and SOCKS 4, which has
   * none, is refused. An error is the end of the client's connection.
   */
  authorize?(credentials: SocksCredentials, client: Connection): boolean | PromiseLike<boolean>;
  /** Told of each dial that failed, and why: the client hears no more than a number. */
  refused?(error: unknown, request: SocksRequest, client: Connection): void;
  /** Milliseconds until the request must be there (30,000). */
  readonly timeout?: number;
}

/**
 * A SOCKS server: carries clients to where they ask to go, and bytes both ways with pressure.
 *
 * In plain words: CONNECT of SOCKS 4, 4A and 5, on one port. BIND and UDP ASSOCIATE are answered "command not supported".
 * What a client sends before its answer is kept for its destination, and it is held meanwhile. Half-close, loss and abort
 * are passed on, as `relay` does it.
 *
 * A client whose handshake makes no sense is aborted with {@link ProtocolError}, one who takes too long with
 * {@link TimedOut}, texts of more than 255 bytes with {@link LimitExceeded}. Source: RFC 1928, RFC 1929, SOCKS 4 and 4A.
 *
 * ```ts
 * const proxy = socks({ connect: ({ host, port }) => connect({ type: 'tcp', host, port }) });
 * listen('tcp:1080:interface=127.0.0.1').pipe(serve(proxy)).subscribe();
 * ```
 * @see the endpoints `socks5:` and `socks4:`, the client's side
 */
export function socks({ connect, authorize, refused, timeout = 30_000 }: SocksOptions): Protocol<Bytes> {
  return onward<SocksRequest, SocksCredentials>((client) => ({
    what: 'SOCKS request',
    timeout,
    machine: new ServerMachine(authorize !== undefined),
    // Nobody is asked for credentials without it.
    authorize: (credentials) => authorize!(credentials, client),
    connect: (request) => connect(request, client),
    // Its machine names no problem: there is a request whenever there is something to tell.
    refused: (error, request) => refused?.(error, request!, client),
    granted,
    refusal,
  }));
}

/** RFC 1928 section 6: where the proxy dialled from. */
function granted({ version }: SocksRequest, { local }: Connection): Bytes {
  if (version === 4) return formatReply4(replies4.granted);
  return formatReply5(replies.succeeded, local instanceof IpAddress ? local : undefined);
}

function refusal({ version }: SocksRequest, error: unknown): Bytes {
  if (version === 4) return formatReply4(replies4.rejected);
  const [, reply] = meanings.find(([type]) => error instanceof type) ?? [];
  return formatReply5(reply ?? replies.generalFailure);
}

const meanings = [
  [ConnectPermissionDenied, replies.notAllowed],
  [ConnectionRefused, replies.refused],
  [ConnectTimeout, replies.ttlExpired],
  [HostUnreachable, replies.hostUnreachable],
  [UnknownHost, replies.hostUnreachable],
] as const;
