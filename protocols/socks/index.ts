/**
 * SOCKS 4, 4A and 5 (RFC 1928), with user names and passwords (RFC 1929): connections by way of somebody else.
 *
 * In: CONNECT, server and client; names that are looked up by the proxy. Out: BIND and UDP ASSOCIATE, which the server
 * refuses as not supported; GSSAPI.
 *
 * ```ts
 * const proxy = socks({
 *   authorize: ({ username, password }) => username === 'joe' && password === 'secret',
 *   connect({ host, port }) {
 *     if (port !== 443) throw new ConnectPermissionDenied('only web servers');
 *     return connect({ type: 'tcp', host, port });
 *   },
 * });
 * listen('tcp:1080').pipe(serve(proxy)).subscribe();
 * ```
 */
export { Socks4ClientMachine, Socks5ClientMachine } from './ClientMachine.ts';
export { socks4Client, socks5Client, type Socks4Client, type Socks5Client } from './endpoint.ts';
export type { SocksCommand, SocksCredentials, SocksPlace, SocksRequest } from './messages.ts';
export { ServerMachine as SocksServerMachine, type ServerStep as SocksServerStep } from './ServerMachine.ts';
export { socks, type SocksOptions } from './socks.ts';
