/**
 * The HTTP client with what Node has: its network, its zlib, HTTP/2.
 * Knows: which of these are the defaults. Does not know: how a client works (client/httpClient.ts).
 */
import { connect } from '../../../src/node/index.ts';
import { http1 } from '../client/http1.ts';
import { HttpClient, type HttpClientOptions } from '../client/httpClient.ts';
import { codings } from './codings.ts';
import { http2Client } from './http2/clientVersion.ts';

/**
 * A client that needs no options: it dials as `connect` of `ropewalk/node` does, unpacks what Node's zlib can unpack, and speaks
 * HTTP/2 with servers that like it better (over TLS, by ALPN), HTTP/1.1 with all others. All can be set: {@link HttpClientOptions}.
 *
 * ```ts
 * import { httpClient } from 'ropewalk/http/node';
 *
 * httpClient().get('https://example.org/').pipe(callback((response) => response.text())).subscribe(console.log);
 * ```
 */
export function httpClient(options: Partial<HttpClientOptions> = {}): HttpClient {
  return new HttpClient({ connect, codings, versions: [http2Client(), http1()], ...options });
}
