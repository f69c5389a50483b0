/**
 * The way to an origin (RFC 9110 section 4.3.1): which endpoint to dial, and what a proxy on the way wants to see.
 * Knows: default ports, TLS for https, the kinds of proxies. Does not know: connections.
 */
import { show } from '../../../src/bytes.ts';
import type { TlsClientOptions } from '../../../src/tls.ts';
import { formatBasic } from '../basic/format.ts';

/** What TLS is asked for, beside whom to expect. */
export type ClientTls = Omit<TlsClientOptions, 'server' | 'servername' | 'alpn'>;

/** TCP to somewhere. */
export interface TcpEndpoint {
  readonly type: 'tcp';
  readonly host: string;
  readonly port: number;
}

/** TLS to somewhere. */
export interface TlsEndpoint extends ClientTls {
  readonly type: 'tls';
  readonly host: string;
  readonly port: number;
  readonly alpn: readonly string[];
}

/** Through a proxy to one of the two. */
export interface ProxyEndpoint {
  readonly type: 'connect' | 'socks5' | 'socks4';
  readonly host: string;
  readonly port: number;
  readonly to: TcpEndpoint | TlsEndpoint;
  /** How to reach the proxy, if not by TCP. */
  readonly endpoint?: TlsEndpoint;
  readonly username?: string;
  readonly password?: string;
  readonly user?: string;
}

/** What a client asks its `connect` for: typed endpoints, as `connect` of `ropewalk/node` takes them. */
export type HttpEndpoint = TcpEndpoint | TlsEndpoint | ProxyEndpoint;

/** How to get to one origin. */
export interface Route {
  readonly endpoint: HttpEndpoint;
  /** Whether requests go to a proxy that is asked for the whole URL (RFC 9112 section 3.2.2). */
  readonly absolute: boolean;
  /** What the proxy wants to see with each of them. */
  readonly proxyAuthorization?: string;
}

const defaultPorts: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  socks: 1080,
  socks4: 1080,
  socks5: 1080,
};

/**
 * The route to an origin, straight, or through a proxy: `http://[user:password@]host[:port]`, `https://...`,
 * `socks5://...`, `socks4://...`. Throws `TypeError` for a proxy of another kind.
 */
export function routeTo(
  scheme: string,
  authority: string,
  alpn: readonly string[],
  tls: ClientTls = {},
  proxy?: URL,
): Route {
  const { hostname, port } = new URL(`${scheme}://${authority}`);
  const place = { host: withoutBrackets(hostname), port: port === '' ? defaultPorts[scheme] : Number(port) };
  const to: TcpEndpoint | TlsEndpoint =
    scheme === 'https' ? { ...tls, type: 'tls', ...place, alpn } : { type: 'tcp', ...place };
  if (proxy === undefined) return { endpoint: to, absolute: false };
  const kind = proxy.protocol.slice(0, -1);
  const at = {
    host: withoutBrackets(proxy.hostname),
    port: proxy.port === '' ? defaultPorts[kind] : Number(proxy.port),
  };
  const username = decodeURIComponent(proxy.username) || undefined;
  const password = decodeURIComponent(proxy.password) || undefined;
  switch (kind) {
    case 'http':
    case 'https': {
      const secured: TlsEndpoint | undefined =
        kind === 'https' ? { ...tls, type: 'tls', ...at, alpn: ['http/1.1'] } : undefined;
      if (to.type === 'tls')
        return {
          endpoint: { type: 'connect', ...at, to, username, password, endpoint: secured },
          absolute: false,
        };
      return {
        endpoint: secured ?? { type: 'tcp', ...at },
        absolute: true,
        proxyAuthorization: username === undefined ? undefined : formatBasic({ username, password: password ?? '' }),
      };
    }
    case 'socks':
    case 'socks5':
      return { endpoint: { type: 'socks5', ...at, to, username, password }, absolute: false };
    case 'socks4':
      return { endpoint: { type: 'socks4', ...at, to, user: username }, absolute: false };
    default:
      throw new TypeError(`expected a proxy of http:, https:, socks5: or socks4:, got ${show(proxy.protocol)}`);
  }
}

/** What tells routes apart: by an HTTP proxy, plain requests to all origins go over the same connections. */
export function keyOf(scheme: string, authority: string, proxy?: URL): string {
  if (proxy === undefined) return `${scheme}://${authority}`;
  const shared = scheme === 'http' && proxy.protocol.startsWith('http');
  return shared ? `by ${proxy.href}` : `${scheme}://${authority} by ${proxy.href}`;
}

const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, '');
