/**
 * Listening and dialling with `node:net`, whatever the family.
 * Knows: servers, dials, timeouts, cancelling. Does not know: what a TCP or a Unix endpoint looks like.
 */
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { asyncScheduler, Observable, Subscription } from 'rxjs';
import type { Address } from '../Address.ts';
import type { Connection } from '../Connection.ts';
import { connecting } from '../connecting.ts';
import { currentDial } from '../dialPhases.ts';
import { ConnectTimeout, ListenError, UnknownHost } from '../errors.ts';
import { Listener, type ListenerEvents } from '../Listener.ts';
import { AcceptFailed, warn } from '../warnings.ts';
import { connectFailure, listenFailure } from './failures.ts';

/** Node's, and what its types do not know yet. */
export type SocketOptions = ListenOptions & { readonly reusePort?: boolean };

/** Listens as Node's `options` say; `addressOf` reads the bound address, or throws; `accept` makes a connection of a socket. */
export function listenWith(
  endpoint: string,
  options: SocketOptions,
  addressOf: (server: Server) => Address,
  accept: (socket: Socket, bound: Address) => Connection,
  failure = listenFailure,
): Listener {
  return new Listener((events) => bindWith(events, endpoint, options, addressOf, accept, failure));
}

/** The same for a listener that has something to do before: binds now, and returns how to close the port. */
export function bindWith(
  events: ListenerEvents,
  endpoint: string,
  options: SocketOptions | { readonly fd: number },
  addressOf: (server: Server) => Address,
  accept: (socket: Socket, bound: Address) => Connection,
  failure = listenFailure,
): () => void {
  let bound: Address | undefined;
  if ('reusePort' in options && options.reusePort && !canReusePort) {
    // An older Node would not say a word, and bind the port for itself.
    const problem = `reusePort needs Node 22.12 or 23.1, and this is ${process.version}`;
    events.failed(new ListenError(`listening at ${endpoint}: ${problem}`));
    return () => {};
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.on('listening', () => {
    try {
      bound = addressOf(server);
    } catch (error) {
      events.failed(failure(endpoint, error as Error));
      return;
    }
    events.bound(bound);
  });
  server.on('connection', (socket) => events.accepted(accept(socket, bound ?? addressOf(server))));
  server.on('error', (error) => {
    // Once bound, what fails is one accept (too many files): the next one may succeed.
    if (bound === undefined) events.failed(failure(endpoint, error));
    else warn(new AcceptFailed(endpoint, error));
  });
  server.listen(options);
  return () => server.close();
}

const [major, minor] = process.versions.node.split('.').map(Number);
const canReusePort = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);

/** Dials as Node's `options` say, and gives up after `timeout` milliseconds. */
export function connectWith(
  endpoint: string,
  options: NetConnectOpts,
  timeout: number,
  open: (socket: Socket) => Connection,
): Observable<Connection> {
  const dial = (): Observable<Socket> => {
    currentDial()('connect');
    return socketTo(options);
  };
  return connectSocket(endpoint, dial, timeout, open);
}

/** Makes a connection of the first socket that `dial` gives, and gives up after `timeout` milliseconds. */
export function connectSocket(
  endpoint: string,
  dial: () => Observable<Socket>,
  timeout: number,
  open: (socket: Socket) => Connection,
): Observable<Connection> {
  return connecting(endpoint, (events) => {
    const work = new Subscription();
    const fail = (error: Error): void => {
      work.unsubscribe();
      events.failed(error);
    };
    work.add(
      asyncScheduler.schedule(
        () => fail(new ConnectTimeout(`connecting to ${endpoint}: no answer in ${timeout} ms`, { code: 'ETIMEDOUT' })),
        timeout,
      ),
    );
    let opened = false;
    work.add(
      dial().subscribe({
        next(socket) {
          opened = true;
          work.unsubscribe();
          events.opened(open(socket));
        },
        error: (error: unknown) => fail(connectFailure(endpoint, error as Error)),
        complete() {
          if (!opened) fail(new UnknownHost(`connecting to ${endpoint}: that name has no address to dial`));
        },
      }),
    );
    return () => work.unsubscribe();
  });
}

/** Dials one address: emits its socket once that is connected, and leaves it to whoever takes it. */
export function socketTo(options: NetConnectOpts): Observable<Socket> {
  return new Observable((subscriber) => {
    const socket = connect({ ...options, allowHalfOpen: true });
    let taken = false;
    const failed = (error: Error): void => subscriber.error(error);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      taken = true;
      subscriber.next(socket);
      subscriber.complete();
    });
    return () => {
      if (!taken) socket.destroy();
    };
  });
}
