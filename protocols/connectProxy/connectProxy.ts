/**
 * An HTTP proxy for CONNECT, as a protocol.
 * Knows: who is asked, how a dial that fails is told. Does not know: where anybody may go; `connect` decides.
 */
import type { Observable } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import {
  ConnectError,
  ConnectionRefused,
  ConnectPermissionDenied,
  ConnectTimeout,
  ConnectTooManyFiles,
  HostUnreachable,
  UnknownHost,
} from '../../src/errors.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { onward } from '../../operators/proxying/onward.ts';
import type { Credentials } from '../http/basic/parse.ts';
import { formatEstablished, formatRefusal } from './format.ts';
import type { ConnectProxyRequest, Refusal } from './messages.ts';
import { ServerMachine } from './ServerMachine.ts';

export interface ConnectProxyOptions {
  /**
   * How to get to where a client wants to go. Errors become answers: {@link ConnectPermissionDenied} is 403.
   * Whoever may come here may go wherever this goes, `localhost` and your own network included: decide here.
   */
  connect(request: ConnectProxyRequest, client: Connection): Observable<Connection>;
  /**
   * Whether somebody may come in. With it everybody has to say a name and a password (Basic, RFC 7617); who does not, or is
   * not let in, is answered 407. An error is the end of the client's connection.
   */
  authorize?(credentials: Credentials, client: Connection): boolean | PromiseLike<boolean>;
  /**
   * Told of each dial that failed, and why, and of what is no request ({@link ProtocolError}, {@link LimitExceeded}; then
   * there is no `request`): the client hears no more than a status and a few words.
   */
  refused?(error: unknown, request: ConnectProxyRequest | undefined, client: Connection): void;
  /** Milliseconds until the request must be there (30,000). */
  readonly timeout?: number;
}

/**
 * An HTTP proxy that does CONNECT: carries clients to where they ask to go, and bytes both ways with pressure.
 *
 * In plain words: what `https_proxy` and `curl --proxytunnel` speak, and our `connect:`. What a client sends behind its
 * request is kept for its destination, untouched, and the client is held meanwhile. Half-close, loss and abort are passed
 * on, as `relay` does it. Anything that is not CONNECT, `GET http://...` included, is answered and the connection ends.
 *
 * Answers: 200, and the connection is a wire; 400 for what is no CONNECT with a host and a port, 405 for other methods, 505
 * for other versions than HTTP/1; 414 for a first line of more than 8 KiB, 431 for more than 100 fields or 16 KiB of them, so
 * that nobody fills the memory; 407 for who may not come in; 403, 502, 503 or 504 for a dial that failed, with a Proxy-Status
 * (RFC 9209), and 500 for a `connect` that errs with anything but a {@link ConnectError}. Who takes too long is aborted with
 * {@link TimedOut}, who leaves in the middle of a request with {@link ConnectionDone}. Source: RFC 9110 section 9.3.6,
 * RFC 9112 sections 2 to 5, RFC 7617.
 *
 * ```ts
 * const proxy = connectProxy({ connect: ({ host, port }) => connect({ type: 'tcp', host, port }) });
 * listen('tcp:3128:interface=127.0.0.1').pipe(serve(proxy)).subscribe();
 * ```
 * @see the endpoint `connect:`, the client's side; `socks` of ropewalk/socks, the same in another language
 */
export function connectProxy({ connect, authorize, refused, timeout = 30_000 }: ConnectProxyOptions): Protocol<Bytes> {
  return onward<ConnectProxyRequest, Credentials>((client) => ({
    what: 'CONNECT request',
    timeout,
    machine: new ServerMachine(authorize !== undefined),
    // Nobody is asked for credentials without it.
    authorize: (credentials) => authorize!(credentials, client),
    connect: (request) => connect(request, client),
    refused: (error, request) => refused?.(error, request, client),
    granted: formatEstablished,
    refusal: (_, error) => formatRefusal(refusalFor(error)),
  }));
}

/** The statuses are RFC 9110's, the errors those of RFC 9209 section 2.3. */
function refusalFor(error: unknown): Refusal {
  const [, refusal] = meanings.find(([type]) => error instanceof type) ?? [];
  return refusal ?? { status: 500, why: 'this proxy failed', error: 'proxy_internal_error' };
}

const meanings: readonly (readonly [abstract new (...args: never[]) => Error, Refusal])[] = [
  [ConnectPermissionDenied, { status: 403, why: 'not allowed', error: 'http_request_denied' }],
  [ConnectionRefused, { status: 502, why: 'nobody listens there', error: 'connection_refused' }],
  [ConnectTimeout, { status: 504, why: 'nobody answered in time', error: 'connection_timeout' }],
  [UnknownHost, { status: 502, why: 'the name has no address', error: 'dns_error' }],
  [HostUnreachable, { status: 502, why: 'there is no way there', error: 'destination_ip_unroutable' }],
  [ConnectTooManyFiles, { status: 503, why: 'too many connections', error: 'connection_limit_reached' }],
  // Last, because it is the root of the others.
  [ConnectError, { status: 502, why: 'the connection failed', error: 'destination_unavailable' }],
];
