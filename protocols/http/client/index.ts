/**
 * The HTTP client. Names only.
 */
export * from '../cookies/CookieJar.ts';
export type { CallOptions, Deadlines } from './Call.ts';
export type { Carrier, ClientVersion, Exchange } from './Carrier.ts';
export { ClientResponse } from './ClientResponse.ts';
export type { Codings, UnpackLimits } from './codings.ts';
export * from './errors.ts';
export { http1 } from './http1.ts';
export { httpClient, HttpClient, type CallInit, type HttpClientOptions, type ProxyChoice } from './httpClient.ts';
export type { PoolLimits } from './Pool.ts';
export type { ClientTls, HttpEndpoint, ProxyEndpoint, TcpEndpoint, TlsEndpoint } from './Route.ts';
export type { Phase, Timings } from './Timings.ts';
