/**
 * What goes wrong with TLS, by the check that failed.
 * Knows: names and families. Does not know: who checks; each platform maps its own codes onto these.
 */
import { brand } from './brand.ts';
import { ConnectError, ConnectionLost } from './errors.ts';

/** There is no TLS with this peer. The message says which check failed; a failure of a dial is one of {@link ConnectError}, too. */
export class TlsError extends ConnectError {}
/** The peer's certificate was good once. */
export class CertificateExpired extends TlsError {}
/** The peer's certificate will be good some day; or this machine's clock is wrong. */
export class CertificateNotYetValid extends TlsError {}
/** Nobody who is believed stands behind the peer's certificate: it signed itself, or its issuer is not known here. */
export class CertificateUntrusted extends TlsError {}
/** The peer's certificate is somebody else's (RFC 9525). */
export class HostnameMismatch extends TlsError {}
/** The server asks for a certificate, and the client has none. */
export class ClientCertificateRequired extends TlsError {}
/** The peer does not believe this side's certificate. */
export class CertificateRefused extends TlsError {}
/** What was given to prove who this side is cannot be used: no such file, not PEM, a key that is another's. */
export class CertificateUnusable extends TlsError {}
/** One side is too old for the other. */
export class TlsVersionMismatch extends TlsError {}
/** The two have no cipher suite, or no way to agree on a key, in common. */
export class NoSharedCipher extends TlsError {}
/** The two have no application protocol in common (RFC 7301 section 3.2). */
export class AlpnMismatch extends TlsError {}
/** The handshake took too long. */
export class HandshakeTimeout extends TlsError {}
/** What the peer speaks is not TLS. */
export class NotTls extends TlsError {}
/** Something came in the clear where only TLS may follow: somebody has put it there (CVE-2011-0411). */
export class PlaintextInjected extends TlsError {}
/** This platform has no TLS. */
export class TlsUnavailable extends TlsError {}

/**
 * The stream ended, and the peer has not said under TLS that it does (no close_notify, RFC 8446 section 6.1): anybody on the
 * way may have cut it short. Some peers never say it; who knows better than TLS where their messages end may let this pass.
 */
export class ConnectionTruncated extends ConnectionLost {}

const families = {
  TlsError,
  CertificateExpired,
  CertificateNotYetValid,
  CertificateUntrusted,
  HostnameMismatch,
  ClientCertificateRequired,
  CertificateRefused,
  CertificateUnusable,
  TlsVersionMismatch,
  NoSharedCipher,
  AlpnMismatch,
  HandshakeTimeout,
  NotTls,
  PlaintextInjected,
  TlsUnavailable,
  ConnectionTruncated,
};
for (const [name, type] of Object.entries(families)) {
  brand(type, name);
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
