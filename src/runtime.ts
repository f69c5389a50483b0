/**
 * A runtime: listen, connect and dial for the endpoint types that it is made of.
 * Knows: how a table of types becomes three functions. Does not know: any type; `ropewalk/node` is one such table.
 */
import type { Observable } from 'rxjs';
import type { Connection } from './Connection.ts';
import { dialling } from './connecting.ts';
import type { Deferred } from './Deferred.ts';
import {
  connectTo,
  listenAt,
  type ClientEndpoint,
  type ServerEndpoint,
  type TypedForm,
  type World,
} from './Endpoint.ts';
import type { Listener } from './Listener.ts';

/** What a program does with the network. */
export interface Runtime<Servers = unknown, Clients = unknown> {
  /** Throws {@link EndpointError} for a description that makes no sense. */
  listen(endpoint: string | TypedForm<Servers> | ServerEndpoint): Listener;
  /** Throws {@link EndpointError} for a description that makes no sense. */
  connect(endpoint: string | TypedForm<Clients> | ClientEndpoint): Observable<Connection>;
  dial(endpoint: string | TypedForm<Clients> | ClientEndpoint): Deferred<Connection>;
}

/**
 * Makes a runtime of endpoint types. Endpoints that stand inside others are looked up in the same tables.
 *
 * In plain words: the types you name here are the words that your endpoint strings may use, and no others. A world in memory
 * with proxies in it, for a test:
 *
 * ```ts
 * const here = memory();
 * const { listen, dial } = runtime({
 *   servers: { memory: here.server, proxy: proxyServer },
 *   clients: { memory: here.client, proxy: proxyClient },
 * });
 * const serving = listen('proxy:memory:echo').pipe(serve(identity)).subscribe();
 * dial('proxy:memory:echo').addCallback((connection) => {
 *   connection.subscribe((chunk) => console.log(utf8(chunk)));
 *   connection.next(bytes('hello'));                       // => hello
 *   connection.closed.addCallback(() => serving.unsubscribe());
 *   connection.complete();
 * });
 * ```
 */
export function runtime<Servers extends World['servers'], Clients extends World['clients']>(world: {
  readonly servers: Servers;
  readonly clients: Clients;
}): Runtime<Servers, Clients> {
  const connect = (endpoint: string | TypedForm<Clients> | ClientEndpoint): Observable<Connection> =>
    connectTo(world, endpoint);
  return {
    listen: (endpoint) => listenAt(world, endpoint),
    connect,
    dial: (endpoint) => dialling(connect(endpoint)),
  };
}
