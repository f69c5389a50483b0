/**
 * What SOCKS clients and servers say to each other, as values.
 * Source: RFC 1928 (SOCKS 5), RFC 1929 (its user names and passwords), "SOCKS: A protocol for TCP proxy across firewalls"
 * (SOCKS 4), "SOCKS 4A: A Simple Extension to SOCKS 4 Protocol".
 */

/** Where to. Names are never looked up by the client (RFC 1928 section 5, `DOMAINNAME`; SOCKS 4A). */
export interface SocksPlace {
  readonly host: string;
  readonly port: number;
}

export interface SocksRequest extends SocksPlace {
  readonly version: 4 | 5;
  readonly command: SocksCommand;
  /** SOCKS 4: the user, as the client says. SOCKS 5: who has been authorized, if anybody had to be. */
  readonly user?: string;
}

/** RFC 1928 section 4; SOCKS 4 has the first two, with the same numbers. */
export type SocksCommand = (typeof commands)[keyof typeof commands];
export const commands = { 1: 'connect', 2: 'bind', 3: 'udp associate' } as const;

/** RFC 1929 section 2. */
export interface SocksCredentials {
  readonly username: string;
  readonly password: string;
}

/** RFC 1928 section 3. */
export const methods = { none: 0, password: 2, noneAcceptable: 0xff } as const;

/** RFC 1928 section 6: the values of REP. */
export const replies = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  refused: 5,
  ttlExpired: 6,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;

/** SOCKS 4: the values of CD in a reply. */
export const replies4 = { granted: 90, rejected: 91, noIdentd: 92, otherUser: 93 } as const;

/** RFC 1928 section 5. */
export const addressTypes = { ipv4: 1, name: 3, ipv6: 4 } as const;

/** The most bytes of a name, a user, a password: lengths are one byte; SOCKS 4, which has no lengths, is held to the same. */
export const maxText = 255;
