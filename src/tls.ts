/**
 * TLS as a program sees it: what to ask for, and what was agreed on.
 * Knows: names and their meaning (RFC 8446, RFC 6066, RFC 7301). Does not know: how any platform does it.
 */
import type { Bytes } from './bytes.ts';
import type { Connection } from './Connection.ts';
import type { Deferred } from './Deferred.ts';

/**
 * Certificates or a private key in the PEM format (RFC 7468): the text itself, its bytes, or the path of a file with it.
 * A string that contains `-----BEGIN` is the text.
 */
export type Pem = string | Uint8Array;

/** Older versions are broken (RFC 8996), and cannot be asked for. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** What both sides may ask for. */
export interface TlsOptions {
  /** Application protocols, the best first (RFC 7301): `['h2', 'http/1.1']`. */
  readonly alpn?: readonly string[];
  /** The oldest version to speak (`TLSv1.2`). */
  readonly minVersion?: TlsVersion;
  /** The newest version to speak (the newest there is). */
  readonly maxVersion?: TlsVersion;
  /** Cipher suites, as OpenSSL writes them (the platform's own list). */
  readonly ciphers?: string;
  /** What opens an encrypted private key. */
  readonly passphrase?: string;
  /** How long the handshake may take, in milliseconds (30,000). */
  readonly handshakeTimeout?: number;
}

/** A client: it must say whom it expects, and the peer must prove it. */
export interface TlsClientOptions extends TlsOptions {
  readonly server?: false;
  /** The name or address that the peer's certificate must be for (RFC 9525); a name is told to the peer, too (SNI). */
  readonly servername: string;
  /** Who is believed, in place of the platform's own roots. */
  readonly ca?: Pem | readonly Pem[];
  /** A folder with the certificates of those who are believed, or `system` for those of the operating system. */
  readonly trustRoots?: string;
  /** This side's certificate, with whatever stands between it and a root; for a server that asks for one. */
  readonly certificate?: Pem;
  /** The key of `certificate`; not needed when both are in one file. */
  readonly privateKey?: Pem;
  /** Believes everybody, whoever they are: whoever is in between reads and changes everything. For tests that need it. */
  readonly insecurelyAcceptAnyCertificate?: boolean;
}

/** A server. */
export interface TlsServerOptions extends TlsOptions {
  readonly server: true;
  /** The key; not needed when there is a folder of `certificates`. */
  readonly privateKey?: Pem;
  /** The certificate for it; not needed when it is in the same file. */
  readonly certKey?: Pem;
  /** What stands between the certificate and a root; not needed when it follows the certificate. */
  readonly extraCertChain?: Pem;
  /** A folder of certificates with their keys: whom the client asks for by name is who it gets (SNI, RFC 6066 section 3). */
  readonly certificates?: string;
  /** Whose certificates are asked of clients. */
  readonly ca?: Pem | readonly Pem[];
  /** Refuses clients that have no certificate of `ca`'s. */
  readonly requireClientCertificate?: boolean;
}

/** A peer's certificate, once it was believed. */
export interface PeerCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** Whom it is for: names and addresses, as it has them. */
  readonly names: readonly string[];
  readonly validFrom: Date;
  readonly validTo: Date;
  /** SHA-256, in pairs of digits with colons. */
  readonly fingerprint: string;
  /** The certificate itself (DER). */
  readonly raw: Bytes;
}

/** What two peers have agreed on. */
export interface TlsDetails {
  readonly version: TlsVersion;
  /** The cipher suite by its standard name: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** The application protocol, if one was agreed on (RFC 7301). */
  readonly alpn: string | undefined;
  /** The name that the client asked for. */
  readonly servername: string | undefined;
  /** Whether an earlier session was taken up again: the peer had proved then who it is. */
  readonly resumed: boolean;
  /** A server has none unless it requires one. */
  readonly peerCertificate: PeerCertificate | undefined;
}

/** How a platform begins TLS on a connection. */
export type StartTls = (connection: Connection, options: TlsClientOptions | TlsServerOptions) => Deferred<TlsDetails>;
