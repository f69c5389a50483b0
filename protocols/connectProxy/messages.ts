/**
 * What a proxy is asked, and the words that it answers with.
 * Source: RFC 9110 section 9.3.6, RFC 9209 section 2.3 (why).
 */
import type { Fields } from '../http/Fields.ts';

/** Where a client wants to go. */
export interface ConnectProxyRequest {
  /** A name as the client wrote it, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Who it is, if it had to say so. */
  readonly user?: string;
  /** `Proxy-Authorization` is not among them: a log may have the others. */
  readonly fields: Fields;
}

/** Why there is no way to where a client wants to go. */
export interface Refusal {
  /** Of RFC 9110 section 15. */
  readonly status: number;
  /** For people. */
  readonly why: string;
  /** RFC 9209 section 2.3: for programs. */
  readonly error?: string;
}
