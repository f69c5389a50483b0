/**
 * The endpoint `proxy:`, around another one: to listen behind a proxy, and to connect as one.
 * Knows: its fields, and whom to warn. Does not know: any other endpoint; those are its world's.
 */
import { Subscription } from 'rxjs';
import {
  connectTo,
  listenAt,
  numberField,
  Shape,
  type ClientEndpoint,
  type ClientType,
  type Field,
  type ServerEndpoint,
  type ServerType,
} from '../../src/Endpoint.ts';
import { ConnectionClosed } from '../../src/errors.ts';
import { endpointField, type Inner } from '../../src/innerEndpoint.ts';
import { Listener } from '../../src/Listener.ts';
import { RopewalkWarning, warn } from '../../src/warnings.ts';
import { proxied } from './proxied.ts';
import { proxyHeader } from './proxyHeader.ts';

/** `proxy:ENDPOINT`: connections come from a proxy, and say first who its client is. */
export interface ProxyServer {
  endpoint: Inner<ServerEndpoint>;
  /** Milliseconds for the whole header (5,000). */
  timeout?: number;
  /** The most bytes that a header may have (16,384). */
  max?: number;
}

/** `proxy:ENDPOINT`: says first where this program speaks from. */
export interface ProxyClient {
  endpoint: Inner<ClientEndpoint>;
  /** 2, if not said. */
  version?: 1 | 2;
}

/** Somebody came to a `proxy:` endpoint without a header that makes sense. Told once for each time it listens. */
export class HeaderRefused extends RopewalkWarning {
  override readonly name = 'HeaderRefused';

  constructor(client: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `${client} was aborted, and so will be all that begin like it: is a proxy in front that sends headers? ${why}`,
      {
        cause,
      },
    );
  }
}

/**
 * Listens at another endpoint, where each connection begins with a PROXY header. See {@link proxied}.
 *
 * ```ts
 * listen('proxy:tcp:8080').pipe(serve(identity)).subscribe();
 * ```
 */
export const proxyServer: ServerType<ProxyServer> = {
  shape: new Shape('proxy', {
    endpoint: { field: endpointField<ServerEndpoint>(), required: true },
    timeout: { field: numberField('a time in milliseconds', 1, 2 ** 31 - 1), required: false },
    max: { field: numberField('a number of bytes from 107 to 65551', 107, 65551), required: false },
  }),
  listen({ endpoint, timeout, max }, world) {
    const around = listenAt(world, endpoint);
    return new Listener((events) => {
      let told = false;
      const listening = new Subscription();
      listening.add(around.address$.subscribe((address) => events.bound(address)));
      const connections = around.pipe(
        proxied({
          timeout,
          max,
          refused(error, connection) {
            // Who comes and goes without a word is a health check, or nobody.
            if (told || error instanceof ConnectionClosed) return;
            told = true;
            warn(new HeaderRefused(String(connection), error));
          },
        }),
      );
      listening.add(
        connections.subscribe({
          next: (connection) => events.accepted(connection),
          error: (error: unknown) => events.failed(error as Error),
        }),
      );
      return () => listening.unsubscribe();
    });
  },
};

const versionField: Field<1 | 2> = {
  expected: '1 or 2',
  parse: (text) => (text === '1' ? 1 : text === '2' ? 2 : undefined),
  format: String,
};

/**
 * Connects to another endpoint, and says first where this program speaks from. See {@link proxyHeader}.
 *
 * ```ts
 * connect('proxy:tcp:localhost:8080').subscribe((connection) => connection.next(bytes('hello')));
 * ```
 */
export const proxyClient: ClientType<ProxyClient> = {
  shape: new Shape('proxy', {
    endpoint: { field: endpointField<ClientEndpoint>(), required: true },
    version: { field: versionField, required: false },
  }),
  wraps: true,
  connect: ({ endpoint, version }, world) => connectTo(world, endpoint).pipe(proxyHeader(undefined, { version })),
};
