/**
 * Going through a proxy: what its endpoints have in common, whichever language the proxy speaks.
 * Knows: which connection the proxy is reached over, what `tcp:` means behind it, how a failed handshake is told.
 * Does not know: what is said to the proxy.
 */
import { throwError, type Observable } from 'rxjs';
import { show } from './bytes.ts';
import type { Connection } from './Connection.ts';
import { connecting } from './connecting.ts';
import { currentDial } from './dialPhases.ts';
import {
  connectTo,
  numberField,
  portField,
  Shape,
  textField,
  type ClientEndpoint,
  type ClientType,
  type Field,
  type Types,
  type World,
} from './Endpoint.ts';
import { ConnectError, ConnectTimeout, TimedOut } from './errors.ts';
import { handshake, type HandshakeMachine } from './handshake.ts';
import { endpointField, type Inner } from './innerEndpoint.ts';
import { parseIp } from './ip.ts';

/** Where to go. A name stays a name: whoever is asked to go there looks it up. */
export interface Destination {
  host: string;
  port: number;
}

/** `TYPE:HOST:PORT:to=ENDPOINT`: a proxy, and what to connect to through it. */
export interface Through {
  /** Where the proxy is. */
  host: string;
  port: number;
  /** What to connect to: `tcp:HOST:PORT`, or what stands around that (`tls:`, another proxy). Its `tcp:` is the proxy's. */
  to: Inner<ClientEndpoint>;
  /** Milliseconds for the talk with the proxy, once it is reached (30,000). */
  timeout?: number;
  /** How to reach the proxy, if not by `tcp:HOST:PORT`. */
  endpoint?: Inner<ClientEndpoint>;
}

/** A host as it may stand in an address: an IP address, or a name (RFC 3986 section 3.2.2), at most 255 bytes. */
export function isHost(host: string): boolean {
  return parseIp(host) !== undefined || /^[\w.~!$&'()*+,;=%-]{1,255}$/.test(host);
}

const hostField: Field<string> = {
  expected: 'a host name or address',
  parse: (text) => (isHost(text) ? text : undefined),
  format: (value) => value,
};

const destinationShape = new Shape<Destination>('tcp', {
  host: { field: hostField, required: true },
  port: { field: portField, required: true },
});

/** The fields of {@link Through}, for the shape of a proxy's endpoint. */
export const throughFields = {
  host: { field: hostField, required: true },
  port: { field: portField, required: true },
  to: { field: endpointField<ClientEndpoint>(behind), required: true },
  timeout: { field: numberField('a time in milliseconds', 1, 2 ** 31 - 1), required: false },
  endpoint: { field: endpointField<ClientEndpoint>(), required: false },
} as const;

/** Optional fields of a proxy's endpoint that are text. */
export const optionalText = { field: textField, required: false } as const;

/** What can be named behind a proxy: what wraps, and a `tcp:` that goes through it. All else would go around it. */
function behind(types: Types): Types {
  const wrappers = Object.entries(types).filter(([, type]) => type.wraps);
  return { ...Object.fromEntries(wrappers), tcp: { shape: destinationShape } };
}

/** Connects to `to`, each `tcp:` in it by `tunnel`, over a connection to the proxy. */
export function through(
  { host, port, to, endpoint = { type: 'tcp', host, port } }: Through,
  world: World,
  tunnel: (proxy: Observable<Connection>, destination: Destination) => Observable<Connection>,
): Observable<Connection> {
  const proxy = connectTo(world, endpoint);
  const tcp: ClientType<Destination> = {
    shape: destinationShape,
    connect(place) {
      if (isHost(place.host)) return tunnel(proxy, place);
      const problem = `expected ${hostField.expected}, got ${show(place.host)}`;
      return throwError(() => new ConnectError(`connecting through the proxy ${host}:${port}: ${problem}`));
    },
  };
  return connectTo({ ...world, clients: { ...(behind(world.clients) as World['clients']), tcp } }, to);
}

export interface TunnelOptions {
  /** For messages: `connecting to example.org:80 through the SOCKS5 proxy localhost:1080`. */
  readonly doing: string;
  readonly timeout: number;
  /** A machine for one connection, and what it says first. May throw. */
  machine(): HandshakeMachine<unknown> & { readonly greeting?: Uint8Array };
}

/** The connection to a proxy, once the proxy has agreed to be no more than a wire. Errors with the family of {@link ConnectError}. */
export function tunnel(
  proxy: Observable<Connection>,
  { doing, timeout, machine }: TunnelOptions,
): Observable<Connection> {
  return connecting(doing, (events) => {
    let callOff: (() => void) | undefined;
    let opened = false;
    const failed = (error: unknown): void => events.failed(asConnectError(doing, error));
    let talk: ReturnType<TunnelOptions['machine']>;
    try {
      talk = machine();
    } catch (error) {
      // It cannot even be asked for.
      failed(error);
      return () => {};
    }
    const tell = currentDial();
    const dial = proxy.subscribe({
      next(connection) {
        tell('proxy');
        callOff = handshake(connection, talk, {
          what: 'the handshake with the proxy',
          timeout,
          greeting: talk.greeting,
          done() {
            opened = true;
            events.opened(connection);
          },
          failed,
        });
      },
      error(error: unknown) {
        // Later on it is what ended the connection.
        if (opened) events.failed(error as Error);
        else failed(error);
      },
    });
    return () => {
      callOff?.();
      dial.unsubscribe();
    };
  });
}

function asConnectError(doing: string, error: unknown): Error {
  if (error instanceof ConnectError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const Type = error instanceof TimedOut ? ConnectTimeout : ConnectError;
  return new Type(`${doing}: ${why}`, { cause: error });
}
