/**
 * Ropewalk on Node: the door `ropewalk/node`.
 * Knows: which endpoint types there are here. A type of your own needs no registration: pass it as a value.
 */
import type { Observable } from 'rxjs';
import type { Connection } from '../Connection.ts';
import { dialling } from '../connecting.ts';
import type { Deferred } from '../Deferred.ts';
import { parseDescription, type ClientEndpoint, type Description, type ServerEndpoint } from '../Endpoint.ts';
import { EndpointError } from '../errors.ts';
import type { Listener } from '../Listener.ts';
import {
  connectTcp,
  listenTcp,
  listenTcp6,
  tcp6Server,
  tcpClient,
  tcpServer,
  type TcpClient,
  type TcpServer,
} from './tcp.ts';
import { connectUnix, listenUnix, unixClient, unixServer, type UnixClient, type UnixServer } from './unix.ts';

export type { TcpClient, TcpServer } from './tcp.ts';
export type { UnixClient, UnixServer } from './unix.ts';
export * from './react.ts';
export { run, type RunOptions } from './run.ts';

/** What `listen` accepts: a description, its typed form, or an endpoint of your own. */
export type ListenAt =
  | string
  | ({ type: 'tcp' } & TcpServer)
  | ({ type: 'tcp6' } & TcpServer)
  | ({ type: 'unix' } & UnixServer)
  | ServerEndpoint;

/** What `connect` and `dial` accept. */
export type ConnectTo = string | ({ type: 'tcp' } & TcpClient) | ({ type: 'unix' } & UnixClient) | ClientEndpoint;

/**
 * Listens: a cold Observable of connections. Subscribing binds, unsubscribing closes the port.
 *
 * Endpoints: `tcp:PORT[:interface=ADDRESS][:backlog=N]` (both IP versions unless an interface says otherwise; port 0 picks
 * one, `address$` tells which), `tcp6:PORT...` (IPv6 alone), `unix:PATH[:mode=660][:backlog=N]`.
 * Errors with the family of {@link ListenError}; throws {@link EndpointError} for a description that makes no sense.
 *
 * ```ts
 * listen('tcp:8007').pipe(serve(identity)).subscribe();
 * ```
 */
export function listen(endpoint: ListenAt): Listener {
  if (typeof endpoint === 'string') {
    const description = parseDescription(endpoint);
    return lookUp(servers, description)(description);
  }
  if ('listen' in endpoint) return endpoint.listen();
  switch (endpoint.type) {
    case 'tcp':
      return listenTcp(endpoint);
    case 'tcp6':
      return listenTcp6(endpoint);
    case 'unix':
      return listenUnix(endpoint);
  }
}

/**
 * Connects: an Observable that lives as long as its one connection. Subscribing dials; it completes when the connection
 * has ended in order, and errors when the dial fails or the connection is lost. Unsubscribing cancels the dial, or closes
 * the connection, flushed and in order.
 *
 * Endpoints: `tcp:HOST:PORT[:timeout=MS][:bindAddress=ADDRESS]`, `unix:PATH[:timeout=MS]`.
 * Errors with the family of {@link ConnectError}; throws {@link EndpointError} for a description that makes no sense.
 */
export function connect(endpoint: ConnectTo): Observable<Connection> {
  if (typeof endpoint === 'string') {
    const description = parseDescription(endpoint);
    return lookUp(clients, description)(description);
  }
  if ('connect' in endpoint) return endpoint.connect();
  return endpoint.type === 'tcp' ? connectTcp(endpoint) : connectUnix(endpoint);
}

/** The Deferred form of {@link connect}: eager, `cancel()` stops the dial, and the connection belongs to whoever asked. */
export function dial(endpoint: ConnectTo): Deferred<Connection> {
  return dialling(connect(endpoint));
}

const servers: Record<string, (description: Description) => Listener> = {
  tcp: (description) => listenTcp(tcpServer.parse(description)),
  tcp6: (description) => listenTcp6(tcp6Server.parse(description)),
  unix: (description) => listenUnix(unixServer.parse(description)),
};

const clients: Record<string, (description: Description) => Observable<Connection>> = {
  tcp: (description) => connectTcp(tcpClient.parse(description)),
  unix: (description) => connectUnix(unixClient.parse(description)),
};

function lookUp<T>(types: Record<string, T>, { type, text }: Description): T {
  if (Object.hasOwn(types, type)) return types[type];
  throw new EndpointError(
    `unknown endpoint type ${type}:, expected one of ${Object.keys(types).join(':, ')}:`,
    text,
    1,
  );
}
