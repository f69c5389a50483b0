/**
 * CONNECT (RFC 9110 section 9.3.6): connections through an HTTP proxy, the client and the server.
 *
 * In: the request, Basic credentials (RFC 7617), requests and answers read as strictly as HTTP reads them, why a dial failed (RFC 9209).
 * Out: everything of HTTP that is not a tunnel (a proxy for `http:` pages is a matter of HTTP), Digest and other schemes,
 * HTTP/2.
 *
 * ```ts
 * const proxy = connectProxy({
 *   authorize: ({ username, password }) => username === 'joe' && password === 'secret',
 *   connect({ host, port }) {
 *     if (port !== 443) throw new ConnectPermissionDenied('only web servers');
 *     return connect({ type: 'tcp', host, port });
 *   },
 * });
 * listen('tcp:3128').pipe(serve(proxy)).subscribe();
 *
 * dial('connect:localhost:3128:to=tcp\\:example.org\\:443:username=joe:password=secret')
 *   .addErrback(ProxyAuthenticationFailed, () => dial('tcp:example.org:443'));
 * ```
 */
export { ConnectMachine } from './ClientMachine.ts';
export { connectProxy, type ConnectProxyOptions } from './connectProxy.ts';
export { connectProxyClient, type ConnectProxyClient } from './endpoint.ts';
export { formatConnect } from './format.ts';
export type { Credentials as ConnectProxyCredentials } from '../http/basic/parse.ts';
export type { ConnectProxyRequest } from './messages.ts';
export { ServerMachine as ConnectServerMachine, type ServerStep as ConnectServerStep } from './ServerMachine.ts';
