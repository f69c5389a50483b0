/**
 * The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt): a proxy tells the server behind it who its client is.
 *
 * In: both versions, read and written; LOCAL and UNKNOWN; IPv4, IPv6 and Unix; TLVs, with the CRC32c made and verified.
 * Out: what stands inside the TLV of TLS, which is handed on as bytes; datagrams, of which the header is read alone.
 *
 * ```ts
 * // Where haproxy has `server behind 127.0.0.1:8080 send-proxy-v2`:
 * listen('proxy:tcp:8080:interface=127.0.0.1')
 *   .pipe(
 *     serve((incoming, client) => {
 *       console.log(`${client.remote} came to ${client.local}`);
 *       return incoming;
 *     }),
 *   )
 *   .subscribe();
 * ```
 */
export { HeaderRefused, proxyClient, proxyServer, type ProxyClient, type ProxyServer } from './endpoint.ts';
export { formatHeader } from './format.ts';
export { ProxyHeaderMachine } from './Machine.ts';
export { tlvTypes, type ProxyEnd, type ProxyHeader, type Tlv } from './messages.ts';
export { parseHeader, type Parsed } from './parse.ts';
export { headerOf, proxied, type ProxiedOptions } from './proxied.ts';
export { proxyHeader, type ProxyHeaderOptions } from './proxyHeader.ts';
