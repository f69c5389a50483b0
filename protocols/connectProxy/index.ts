/**
 * CONNECT (RFC 9110 section 9.3.6): connections through an HTTP proxy, the client's side.
 *
 * In: the request, Basic credentials (RFC 7617), a strict reading of the answer. Out: a proxy to connect to (that is a matter
 * of a server for HTTP), Digest and other schemes, HTTP/2.
 *
 * ```ts
 * dial('connect:proxy.example.org:3128:to=tcp\\:example.org\\:443:username=joe:password=secret')
 *   .addErrback(ProxyAuthenticationFailed, () => dial('tcp:example.org:443'));
 * ```
 */
export { connectProxyClient, type ConnectProxyClient } from './endpoint.ts';
export { formatConnect } from './format.ts';
export { ConnectMachine } from './Machine.ts';
export { parseHead, type ResponseHead } from './parse.ts';
