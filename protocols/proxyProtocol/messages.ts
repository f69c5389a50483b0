/**
 * The PROXY header as a value: who the client of a proxy is, and where it wanted to go.
 * Source: haproxy's "The PROXY protocol, versions 1 & 2" (proxy-protocol.txt), sections 2.1 and 2.2.
 */
import type { Bytes } from '../../src/bytes.ts';

/** One end of the connection that the proxy speaks for. */
export type ProxyEnd =
  | { readonly kind: 'ip'; readonly host: string; readonly port: number }
  | { readonly kind: 'path'; readonly path: string };

export interface ProxyHeader {
  readonly version: 1 | 2;
  /** `LOCAL`: the proxy's own connection, "on purpose ... without being relayed", such as a health check. Version 2 alone. */
  readonly command: 'PROXY' | 'LOCAL';
  /** What the client came over; `unknown` when the proxy cannot say, or `LOCAL`: then there are no ends. */
  readonly transport: 'stream' | 'datagram' | 'unknown';
  readonly source?: ProxyEnd;
  readonly destination?: ProxyEnd;
  /** What else the proxy has to tell. Version 2 alone. */
  readonly tlvs: readonly Tlv[];
  /** Whether it carries a CRC32c, which was right. Version 2 alone. */
  readonly checksum?: boolean;
}

/** A type, and what it says: "type-length-value" (section 2.2). */
export interface Tlv {
  readonly type: number;
  readonly value: Bytes;
}

/** The registered types, by what they are called there without `PP2_TYPE_`. */
export const tlvTypes = {
  ALPN: 0x01,
  /** "The host name value passed by the client": the server name of TLS. */
  AUTHORITY: 0x02,
  CRC32C: 0x03,
  NOOP: 0x04,
  UNIQUE_ID: 0x05,
  SSL: 0x20,
  NETNS: 0x30,
} as const;

/** Bytes of a version 1 header, CRLF included: "a 108-byte buffer is always enough" with a final zero. */
export const maxLine = 107;
/** Bytes of a version 2 header before its addresses. */
export const fixedPart = 16;
/** Bytes of a path in a version 2 header. */
export const pathLength = 108;
