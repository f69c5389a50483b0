/**
 * A WebSocket that is asked for by HTTP/2 (RFC 8441), as it is asked for by HTTP/1.1 (RFC 6455 section 4.1): for whoever passes it on
 * to somebody who speaks that.
 * Knows: in what the two differ. Does not know: where it goes.
 */
import type { Request } from '../Request.ts';

/** The same request; one that opens a stream of HTTP/2 becomes a GET with a key of its own (RFC 8441 section 5: there it has none). */
export function openingByHttp1(request: Request): Request {
  const { method, upgrade, headers } = request;
  if (method !== 'CONNECT' || upgrade === undefined) return request;
  const { crypto } = globalThis as unknown as { crypto: { getRandomValues(room: Uint8Array): Uint8Array } };
  const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  return request.with({ method: 'GET', headers: headers.with('Sec-WebSocket-Key', key) });
}
