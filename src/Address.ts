/**
 * Where one end of a connection is.
 * Knows: the two shapes of an address and how a person reads them. Does not know: how to get there (see Endpoint.ts).
 */

/** An address of the Internet: `127.0.0.1:8007`, `[::1]:8007`. */
export class IpAddress {
  readonly family: 'IPv4' | 'IPv6';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number) {
    this.family = host.includes(':') ? 'IPv6' : 'IPv4';
    this.host = host;
    this.port = port;
  }

  toString(): string {
    return this.family === 'IPv6' ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }
}

/** A name on this machine: the path of a Unix socket, or the name of a place in memory. A dialling end often has none. */
export class PathAddress {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  toString(): string {
    return this.path === '' ? '(unnamed)' : this.path;
  }
}

export type Address = IpAddress | PathAddress;

/** Where something should go. Every {@link Address} is one; so is `{ host: '192.0.2.1', port: 53 }`. */
export type Destination = { readonly host: string; readonly port: number } | { readonly path: string };
