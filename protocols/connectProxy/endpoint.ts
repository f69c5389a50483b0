/**
 * The endpoint `connect:`: to connect through an HTTP proxy.
 * Knows: its fields. Does not know: how to reach the proxy; that is their world's.
 */
import { Shape, type ClientType } from '../../src/Endpoint.ts';
import { optionalText, through, throughFields, tunnel, type Through } from '../../src/through.ts';
import { ConnectMachine } from './ClientMachine.ts';

/** `connect:HOST:PORT:to=ENDPOINT`. */
export interface ConnectProxyClient extends Through {
  username?: string;
  password?: string;
}

/**
 * Connects through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6), with user name and password if they are given (Basic).
 *
 * In plain words: the proxy at HOST:PORT goes where `to` says; a name goes to the proxy as it is, and is never looked up
 * here. The connection is the one to the proxy, once that is no more than a wire: `remote` is the proxy. Bytes that follow
 * the proxy's answer are the first that arrive. Chains of proxies nest in `to`. A proxy's answer has at most 100 fields, and 16 KiB of them.
 *
 * Errors with the family of {@link ConnectError}: 407 is {@link ProxyAuthenticationFailed}, 403 {@link ConnectPermissionDenied},
 * 504 {@link ConnectTimeout}, any other refusal {@link ProxyRefused}; `code` is `HTTP_` and the status.
 *
 * ```ts
 * connect('connect:localhost:8888:to=tcp\\:example.org\\:443').subscribe((connection) => connection.complete());
 * ```
 */
export const connectProxyClient: ClientType<ConnectProxyClient> = {
  shape: new Shape('connect', { ...throughFields, username: optionalText, password: optionalText }),
  wraps: true,
  connect: (options, world) =>
    through(options, world, (proxy, { host, port }) => {
      const { timeout = 30_000, username, password = '' } = options;
      const doing = `connecting to ${host}:${port} through the HTTP proxy ${options.host}:${options.port}`;
      const credentials = username === undefined ? undefined : { username, password };
      return tunnel(proxy, { doing, timeout, machine: () => new ConnectMachine(doing, host, port, credentials) });
    }),
};
