/**
 * The endpoints `socks5:` and `socks4:`: to connect through a SOCKS proxy.
 * Knows: their fields. Does not know: how to reach the proxy; that is their world's.
 */
import { Shape, type ClientType } from '../../src/Endpoint.ts';
import { optionalText, through, throughFields, tunnel, type Through } from '../../src/through.ts';
import { Socks4ClientMachine, Socks5ClientMachine } from './ClientMachine.ts';

/** `socks5:HOST:PORT:to=ENDPOINT`. */
export interface Socks5Client extends Through {
  username?: string;
  password?: string;
}

/** `socks4:HOST:PORT:to=ENDPOINT`. */
export interface Socks4Client extends Through {
  /** SOCKS 4 has no passwords: the proxy believes it, or asks an identd here. */
  user?: string;
}

/**
 * Connects through a SOCKS 5 proxy (RFC 1928), with user name and password if they are given (RFC 1929).
 *
 * In plain words: the proxy at HOST:PORT goes where `to` says; a name goes to the proxy as it is, and is never looked up
 * here. The connection is the one to the proxy, once that is no more than a wire: `remote` is the proxy. Bytes that follow
 * the proxy's answer are the first that arrive. Chains of proxies nest in `to`.
 *
 * Errors with the family of {@link ConnectError}: what the proxy answers is {@link ConnectionRefused}, {@link HostUnreachable},
 * {@link ConnectPermissionDenied}, {@link ConnectTimeout}, {@link ProxyAuthenticationFailed} or {@link ProxyRefused}.
 *
 * ```ts
 * connect('socks5:localhost:1080:to=tcp\\:example.org\\:80').subscribe((connection) => connection.complete());
 * ```
 */
export const socks5Client: ClientType<Socks5Client> = {
  shape: new Shape('socks5', { ...throughFields, username: optionalText, password: optionalText }),
  wraps: true,
  connect: (options, world) =>
    through(options, world, (proxy, place) => {
      const { timeout = 30_000, username, password = '' } = options;
      const doing = `connecting to ${place.host}:${place.port} through the SOCKS 5 proxy ${options.host}:${options.port}`;
      const credentials = username === undefined ? undefined : { username, password };
      return tunnel(proxy, { doing, timeout, machine: () => new Socks5ClientMachine(doing, place, credentials) });
    }),
};

/**
 * Connects through a SOCKS 4 proxy; names are SOCKS 4A, and never looked up here. See {@link socks5Client}.
 *
 * ```ts
 * connect('socks4:localhost:1080:to=tcp\\:example.org\\:80').subscribe((connection) => connection.complete());
 * ```
 */
export const socks4Client: ClientType<Socks4Client> = {
  shape: new Shape('socks4', { ...throughFields, user: optionalText }),
  wraps: true,
  connect: (options, world) =>
    through(options, world, (proxy, place) => {
      const { timeout = 30_000, user } = options;
      const doing = `connecting to ${place.host}:${place.port} through the SOCKS 4 proxy ${options.host}:${options.port}`;
      return tunnel(proxy, { doing, timeout, machine: () => new Socks4ClientMachine(doing, place, user) });
    }),
};
