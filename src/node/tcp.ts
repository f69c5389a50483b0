/**
 * The endpoints `tcp:` and `tcp6:`.
 * Knows: their fields, Node's options, the addresses. Does not know: how sockets are driven (sockets.ts).
 */
import { ADDRCONFIG, lookup as lookupName } from 'node:dns';
import { isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import { filter, Observable } from 'rxjs';
import { IpAddress } from '../Address.ts';
import type { Connection } from '../Connection.ts';
import {
  booleanField,
  numberField,
  portField,
  Shape,
  textField,
  type ClientType,
  type ServerType,
} from '../Endpoint.ts';
import { currentDial } from '../dialPhases.ts';
import { happyEyeballs } from './happyEyeballs.ts';
import { connectSocket, listenWith, socketTo } from './sockets.ts';
import { connectionOf } from './SocketTransport.ts';

/** `tcp:PORT`: port 0 picks a free one; without an interface both IPv4 and IPv6 are served. */
export interface TcpServer {
  port: number;
  /** The address to bind: `127.0.0.1`, `::1`. */
  interface?: string;
  /** How many connections the system keeps waiting to be accepted (511). */
  backlog?: number;
  /**
   * Shares the port with others who say so, too, here or in other processes: the system deals connections out among them.
   * Needs Node 22.12, or 23.1, and Linux 3.9 or a system that can do as much; else it is a {@link ListenError}.
   */
  reusePort?: boolean;
}

/** `tcp:HOST:PORT`. */
export interface TcpClient {
  host: string;
  port: number;
  /** Milliseconds until a dial is given up (30,000). */
  timeout?: number;
  /** The address of this machine to dial from. */
  bindAddress?: string;
  /** The addresses of a name, as they are found, instead of the system's own lookup. Completes when there are no more. */
  lookup?: (host: string) => Observable<string>;
}

export const backlogField = numberField('a number of waiting connections', 1, 65535);
export const timeoutField = numberField('a time in milliseconds', 1, 2 ** 31 - 1);

const serverFields = {
  port: { field: portField, required: true },
  interface: { field: textField, required: false },
  backlog: { field: backlogField, required: false },
  reusePort: { field: booleanField, required: false },
} as const;

export const tcpServer: ServerType<TcpServer> = {
  shape: new Shape('tcp', serverFields),
  listen(options) {
    const { port, interface: host, backlog, reusePort } = options;
    return listenWith(this.shape.format(options), { port, host, backlog, reusePort }, boundAddress, acceptTcp);
  },
};

/** IPv6 alone: the port stays free for IPv4. */
export const tcp6Server: ServerType<TcpServer> = {
  shape: new Shape('tcp6', serverFields),
  listen(options) {
    const { port, interface: host = '::', backlog, reusePort } = options;
    const socket = { port, host, backlog, reusePort, ipv6Only: true };
    return listenWith(this.shape.format(options), socket, boundAddress, acceptTcp);
  },
};

const clientShape = new Shape<Omit<TcpClient, 'lookup'>>('tcp', {
  host: { field: textField, required: true },
  port: { field: portField, required: true },
  timeout: { field: timeoutField, required: false },
  bindAddress: { field: textField, required: false },
});

/** A name may have many addresses: they are tried as RFC 8305 says. */
export const tcpClient: ClientType<TcpClient> = {
  shape: clientShape as Shape<TcpClient>,
  connect: (options) => connectTcp(clientShape.format(options), options),
};

/** Dials by TCP; `endpoint` is what it is called in errors. */
export function connectTcp(endpoint: string, options: TcpClient): Observable<Connection> {
  const { host, port, timeout = 30_000, bindAddress, lookup = systemLookup } = options;
  const numeric = isIP(host) !== 0;
  // An address of one family cannot be dialled from one of the other.
  const family = isIP(bindAddress ?? '');
  const usable = (address: string): boolean => family === 0 || isIP(address) === family;
  const dial = (): Observable<Socket> => {
    const tell = currentDial();
    const dialAt = (address: string): Observable<Socket> => {
      tell('connect');
      return socketTo({ host: address, port, localAddress: bindAddress, noDelay: true });
    };
    if (numeric) return dialAt(host);
    tell('name');
    return happyEyeballs(lookup(host).pipe(filter(usable)), dialAt);
  };
  return connectSocket(endpoint, dial, timeout, acceptTcp);
}

/** What the system knows of a name, in the order it prefers. It cannot be called off: its answer is ignored then. */
function systemLookup(host: string): Observable<string> {
  return new Observable((subscriber) => {
    // As Node does: no addresses of a family that this machine has none of.
    lookupName(host, { all: true, verbatim: true, hints: ADDRCONFIG }, (error, found) => {
      if (error) return subscriber.error(error);
      for (const { address } of found) subscriber.next(address);
      subscriber.complete();
    });
  });
}

function boundAddress(server: Server): IpAddress {
  const { address, port } = server.address() as AddressInfo;
  return new IpAddress(address, port);
}

/** The connection of a TCP socket that is connected. */
export function acceptTcp(socket: Socket): Connection {
  return connectionOf(socket, localOf, remoteOf(socket));
}

// Node forgets both when the socket is closed. The peer's address is needed by every message about it, and asked for at once.
function remoteOf(socket: Socket): IpAddress {
  return new IpAddress(readable(socket.remoteAddress), socket.remotePort ?? 0);
}

function localOf(socket: Socket): IpAddress {
  return new IpAddress(readable(socket.localAddress), socket.localPort ?? 0);
}

/** An IPv4 address that came through an IPv6 socket, as people write it. */
function readable(address = '(closed)'): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
