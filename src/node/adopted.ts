/**
 * The endpoint `fd:`, what this process was given open by whoever started it: a listening socket, a socket, a pair of pipes.
 * Knows: that each can be adopted once, and what kind each is. Does not know: who gave it, and why (systemd.ts).
 */
import { fstatSync } from 'node:fs';
import { Socket, type Server } from 'node:net';
import { IpAddress, PathAddress, type Address } from '../Address.ts';
import { Connection } from '../Connection.ts';
import { connecting } from '../connecting.ts';
import { numberField, Shape, type ClientType, type ServerType } from '../Endpoint.ts';
import { AddressInUse, ConnectError, ListenError } from '../errors.ts';
import { Listener } from '../Listener.ts';
import { connectFailure, listenFailure } from './failures.ts';
import { connectionOf } from './SocketTransport.ts';
import { bindWith } from './sockets.ts';
import { StreamTransport } from './StreamTransport.ts';
import { acceptTcp } from './tcp.ts';
import { atTurnEnd } from './turn.ts';

/** `fd:N`, a socket that listens already. */
export interface FdServer {
  fd: number;
}

/** `fd:N`, a socket that is connected already; or a pipe to read from, with another one to write to. */
export interface FdClient {
  fd: number;
  /** Where to write, if `fd` is a pipe: those go one way. */
  output?: number;
}

const fdField = numberField('the number of a file descriptor', 0, 2 ** 31 - 1);

/** Adopted once, a descriptor belongs to Node, and its number to whatever is opened after it is closed. */
const adopted = new Set<number>();

export const fdServer: ServerType<FdServer> = {
  shape: new Shape('fd', { fd: { field: fdField, required: true } }),
  listen(options) {
    return listenAdopted(this.shape.format(options), () => options.fd);
  },
};

export const fdClient: ClientType<FdClient> = {
  shape: new Shape('fd', { fd: { field: fdField, required: true }, output: { field: fdField, required: false } }),
  connect(options) {
    const endpoint = this.shape.format(options);
    return connecting(endpoint, (events) => {
      let cancelled = false;
      atTurnEnd({
        flush() {
          if (cancelled) return;
          let connection: Connection;
          try {
            connection = adopt(endpoint, options);
          } catch (error) {
            events.failed(error instanceof ConnectError ? error : connectFailure(endpoint, error as Error));
            return;
          }
          events.opened(connection);
        },
      });
      return () => {
        cancelled = true;
      };
    });
  },
};

/** Listens with a socket that listens already. `find` is asked when somebody subscribes, and may throw; so may `check`, of the address. */
export function listenAdopted(endpoint: string, find: () => number, check?: (address: Address) => void): Listener {
  const addressOf = (server: Server): Address => {
    const at = server.address();
    const address =
      at !== null && typeof at === 'object' ? new IpAddress(at.address, at.port) : new PathAddress(at ?? '');
    check?.(address);
    return address;
  };
  const accept = (socket: Socket, bound: Address): Connection => connectedBy(socket, bound);
  const failure = (where: string, cause: Error): Error =>
    cause instanceof ListenError ? cause : listenFailure(where, cause);
  return new Listener((events) => {
    try {
      const fd = find();
      if (adopted.has(fd)) throw new AddressInUse(`listening at ${endpoint}: descriptor ${fd} was adopted before`);
      if (kindOf(fd) !== 'socket') throw new ListenError(`listening at ${endpoint}: descriptor ${fd} is no socket`);
      adopted.add(fd);
      return bindWith(events, endpoint, { fd }, addressOf, accept, failure);
    } catch (error) {
      events.failed(failure(endpoint, error as Error));
      return () => {};
    }
  });
}

function adopt(endpoint: string, { fd, output }: FdClient): Connection {
  for (const each of [fd, output]) {
    if (each === undefined) continue;
    if (adopted.has(each)) throw new ConnectError(`connecting to ${endpoint}: descriptor ${each} was adopted before`);
    if (kindOf(each) === undefined)
      throw new ConnectError(`connecting to ${endpoint}: descriptor ${each} is neither a socket nor a pipe`);
  }
  if (output === undefined && kindOf(fd) === 'pipe')
    throw new ConnectError(`connecting to ${endpoint}: a pipe goes one way; say where to write: fd:${fd}:output=N`);
  adopted.add(fd);
  if (output === undefined) return connectedBy(new Socket({ fd, allowHalfOpen: true }), new PathAddress(''));
  adopted.add(output);
  const readable = new Socket({ fd, readable: true, writable: false });
  const writable = new Socket({ fd: output, readable: false, writable: true });
  const remote = new PathAddress(`descriptors ${fd} and ${output}`);
  return new Connection((events) => new StreamTransport({ readable, writable }, new PathAddress(''), remote, events));
}

/** What a descriptor is; throws when it is not open. */
function kindOf(fd: number): 'socket' | 'pipe' | undefined {
  const found = fstatSync(fd);
  return found.isSocket() ? 'socket' : found.isFIFO() ? 'pipe' : undefined;
}

function connectedBy(socket: Socket, bound: Address): Connection {
  // Only an Internet socket has a peer with a port.
  return socket.remotePort === undefined ? connectionOf(socket, () => bound, new PathAddress('')) : acceptTcp(socket);
}
