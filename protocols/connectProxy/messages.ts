/**
 * What a proxy is asked, and the words that it answers with.
 * Source: RFC 9110 sections 9.3.6 and 15, RFC 6585 section 5 (431), RFC 9209 section 2.3 (why).
 */

/** A user name and a password (RFC 7617). */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Where a client wants to go. */
export interface ConnectProxyRequest {
  /** A name as the client wrote it, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Who it is, if it had to say so. */
  readonly user?: string;
  /** In their order; names in small letters. `proxy-authorization` is not among them: a log may have the others. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** RFC 9110 section 15: the phrases of the refusals that the server gives. */
export const phrases = {
  400: 'Bad Request',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
} as const;

export type RefusalStatus = keyof typeof phrases;

/** Why there is no way to where a client wants to go. */
export interface Refusal {
  readonly status: RefusalStatus;
  /** For people. */
  readonly why: string;
  /** RFC 9209 section 2.3: for programs. */
  readonly error?: string;
}
