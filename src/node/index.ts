/**
 * Ropewalk on Node: the door `ropewalk/node`.
 * Knows: which endpoint types there are here. A type of your own needs no registration: pass it as a value.
 */
import type { Observable } from 'rxjs';
import { connectProxyClient } from '../../protocols/connectProxy/endpoint.ts';
import { proxyClient, proxyServer } from '../../protocols/proxyProtocol/endpoint.ts';
import { socks4Client, socks5Client } from '../../protocols/socks/endpoint.ts';
import type { Connection } from '../Connection.ts';
import { dialling } from '../connecting.ts';
import type { Deferred } from '../Deferred.ts';
import type { Datagrams } from '../Datagrams.ts';
import {
  datagramsAt,
  type ClientEndpoint,
  type DatagramEndpoint,
  type ServerEndpoint,
  type TypedForm,
} from '../Endpoint.ts';
import type { Listener } from '../Listener.ts';
import { runtime } from '../runtime.ts';
import { fdClient, fdServer } from './adopted.ts';
import { diagnosedDial, diagnosedListener } from './diagnostics.ts';
import { execClient, type ExecClient } from './exec.ts';
import type { ChildConnection } from './process/ChildConnection.ts';
import { stdioClient, stdioServer } from './stdio.ts';
import { systemdServer } from './systemd.ts';
import { tcp6Server, tcpClient, tcpServer } from './tcp.ts';
import { tlsClient, tlsServer } from './tls/tls.ts';
import { udp, udp6 } from './udp.ts';
import { unixClient, unixServer } from './unix.ts';

export type { FdClient, FdServer } from './adopted.ts';
export type { ExecClient } from './exec.ts';
export { ChildConnection } from './process/ChildConnection.ts';
export { CommandNotFound, ProcessTerminated, type ExitStatus } from './process/ProcessTerminated.ts';
export type { SystemdServer } from './systemd.ts';
export type { TcpClient, TcpServer } from './tcp.ts';
export type { TlsClient, TlsServer } from './tls/tls.ts';
export { tlsConnect, tlsListener, type TlsConnectOptions, type TlsListenOptions } from './tls/tlsEndpoints.ts';
export { CertificatesKept, HandshakeFailed, TooManyHandshakes } from './tls/tlsWarnings.ts';
export type { UdpSocket } from './udp.ts';
export type { UnixClient, UnixServer } from './unix.ts';
export {
  developmentCertificate,
  type DevelopmentCertificate,
  type DevelopmentCertificateOptions,
} from './tls/developmentCertificate.ts';
export { AttemptsFailed, type FailedAttempt } from './happyEyeballs.ts';
export type { StreamPair } from './StreamTransport.ts';
export * from './streams/index.ts';
export type { Diagnostics } from './diagnostics.ts';
export * from './database/index.ts';
export { eventLoopLag, type EventLoopLag } from './eventLoopLag.ts';
export * from './react.ts';
export { run, type RunOptions } from './run.ts';
export { startTls } from './tls/startTls.ts';
export { deferToThread } from './threads/deferToThread.ts';
export { threads, type FunctionOptions, type ThreadsOptions } from './threads/threads.ts';

const servers = {
  tcp: tcpServer,
  tcp6: tcp6Server,
  tls: tlsServer,
  unix: unixServer,
  stdio: stdioServer,
  fd: fdServer,
  systemd: systemdServer,
  proxy: proxyServer,
};
const clients = {
  tcp: tcpClient,
  tls: tlsClient,
  unix: unixClient,
  exec: execClient,
  stdio: stdioClient,
  fd: fdClient,
  proxy: proxyClient,
  socks5: socks5Client,
  socks4: socks4Client,
  connect: connectProxyClient,
};
const here = runtime({ servers, clients });
const sockets = { udp, udp6 };

/** What `listen` accepts: a description, its typed form, or an endpoint of your own. */
export type ListenAt = string | TypedForm<typeof servers> | ServerEndpoint;

/** A child process as what `connect` and `dial` accept. */
type Exec = `exec:${string}` | ({ type: 'exec' } & ExecClient);

/** What `connect` and `dial` accept. */
export type ConnectTo = string | TypedForm<typeof clients> | ClientEndpoint;

/** What `datagrams` accepts. */
export type DatagramsAt = string | TypedForm<typeof sockets> | DatagramEndpoint;

/**
 * Listens: a cold Observable of connections. Subscribing binds, unsubscribing closes the port.
 *
 * Endpoints: `tcp:PORT[:interface=ADDRESS][:backlog=N][:reusePort=true]` (both IP versions unless an interface says otherwise;
 * port 0 picks one, `address$` tells which; `reusePort` shares it with other processes), `tcp6:PORT...` (IPv6 alone), `unix:PATH[:mode=660][:backlog=N]`,
 * `tls:PORT:privateKey=FILE[:certKey=FILE][:certificates=FOLDER][:ca=FILE][:alpn=h2,http/1.1]...` ({@link TlsServer}),
 * `stdio:` (one connection, of standard input and output; it completes with that), `fd:N` (a listening socket that is open already),
 * `systemd:[domain=INET][:index=N|name=NAME]` (one that systemd passes); around any of them `proxy:ENDPOINT`, where connections
 * come through a proxy and begin with a PROXY header.
 * Errors with the family of {@link ListenError}; throws {@link EndpointError} for a description that makes no sense.
 *
 * ```ts
 * listen('tcp:8007').pipe(serve(identity)).subscribe();
 * ```
 */
export function listen(endpoint: ListenAt): Listener {
  return diagnosedListener(typeOf(endpoint), here.listen(endpoint));
}

/**
 * Connects: an Observable that lives as long as its one connection. Subscribing dials; it completes when the connection
 * has ended in order, and errors when the dial fails or the connection is lost. Unsubscribing cancels the dial, or closes
 * the connection, flushed and in order.
 *
 * Endpoints: `tcp:HOST:PORT[:timeout=MS][:bindAddress=ADDRESS]`, `unix:PATH[:timeout=MS]`,
 * `tls:HOST:PORT[:timeout=MS][:servername=NAME][:ca=FILE][:endpoint=ENDPOINT]...` ({@link TlsClient}),
 * `exec:COMMAND[:args=WORDS][:cwd=FOLDER][:env=WORDS][:stderr=inherit|ignore|merge|pipe][:grace=MS]` (a child process, see
 * {@link ChildConnection}), `stdio:` (standard input and output), `fd:N[:output=N]` (a socket, or two pipes, that are open
 * already); through a proxy `socks5:HOST:PORT:to=ENDPOINT[:username=NAME:password=WORD]`,
 * `socks4:HOST:PORT:to=ENDPOINT[:user=NAME]`, `connect:HOST:PORT:to=ENDPOINT[:username=NAME:password=WORD]` (HTTP), each with
 * `[:timeout=MS]` for the talk with the proxy and `[:endpoint=ENDPOINT]` for one that is not reached by TCP; as a proxy
 * `proxy:ENDPOINT[:version=1]`. An ENDPOINT among arguments is escaped: `socks5:localhost:1080:to=tcp\:example.org\:80`; behind a
 * proxy it is `tcp:`, or what stands around one: `tls:`, another proxy.
 * Errors with the family of {@link ConnectError}; throws {@link EndpointError} for a description that makes no sense.
 */
export function connect(endpoint: Exec): Observable<ChildConnection>;
export function connect(endpoint: ConnectTo): Observable<Connection>;
export function connect(endpoint: ConnectTo): Observable<Connection> {
  return diagnosedDial(typeOf(endpoint), here.connect(endpoint));
}

/** The Deferred form of {@link connect}: eager, `cancel()` stops the dial, and the connection belongs to whoever asked. */
export function dial(endpoint: Exec): Deferred<ChildConnection>;
export function dial(endpoint: ConnectTo): Deferred<Connection>;
export function dial(endpoint: ConnectTo): Deferred<Connection> {
  return dialling(connect(endpoint));
}

/**
 * Opens a datagram socket, at once: an Observable of what arrives, an Observer of what leaves, until it is told to close.
 *
 * Endpoints: `udp:PORT[:interface=ADDRESS][:to=HOST\:PORT][:reuse=true][:broadcast=true][:ttl=N][:receiveBuffer=BYTES]
 * [:sendBuffer=BYTES]` for IPv4 (port 0 picks one), and `udp6:` with the same for IPv6 alone. With `to` the socket is connected:
 * it talks with that peer only, and hears when nobody is there.
 * Failing to bind is a {@link ListenError} (failing to find its peer a {@link ConnectError}), told to its subscribers and by
 * `closed`. Throws {@link EndpointError} for a description that makes no sense.
 *
 * ```ts
 * const socket = datagrams('udp:5353:reuse=true');
 * socket.join('224.0.0.251');
 * socket.pipe(map(({ data, remote }) => ({ data, remote }))).subscribe(socket);
 * ```
 */
export function datagrams(endpoint: DatagramsAt): Datagrams {
  return datagramsAt(sockets, endpoint);
}

function typeOf(endpoint: string | object): string {
  if (typeof endpoint === 'string') return endpoint.slice(0, endpoint.indexOf(':')).toLowerCase();
  return 'type' in endpoint ? String(endpoint.type) : 'custom';
}
