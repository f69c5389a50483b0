/**
 * What OpenSSL and Node say of TLS, as Ropewalk's families.
 * Knows: which code is which failed check, this side's own and what the peer says of its checks (alerts, RFC 8446 section 6).
 * Does not know: who was asked.
 */
import type { ErrorDetails } from '../../errors.ts';
import { ConnectionLost } from '../../errors.ts';
import {
  AlpnMismatch,
  CertificateExpired,
  CertificateNotYetValid,
  CertificateRefused,
  CertificateUntrusted,
  ClientCertificateRequired,
  HostnameMismatch,
  NoSharedCipher,
  NotTls,
  TlsError,
  TlsVersionMismatch,
} from '../../tlsErrors.ts';

type Failure = new (message: string, details?: ErrorDetails) => TlsError;

/** The first that matches the code counts: alerts, which the peer sends, before what was found here. */
const known: readonly [RegExp, Failure, string][] = [
  [
    /CERTIFICATE_REQUIRED$|PEER_DID_NOT_RETURN_A_CERTIFICATE$/,
    ClientCertificateRequired,
    'no certificate, and one is required',
  ],
  [
    /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/,
    CertificateRefused,
    "the peer does not accept this side's certificate",
  ],
  [/NO_APPLICATION_PROTOCOL$/, AlpnMismatch, 'no application protocol in common (ALPN)'],
  [/UNRECOGNIZED_NAME$/, HostnameMismatch, 'the peer has nothing under that name'],
  [
    /PROTOCOL_VERSION$|UNSUPPORTED_PROTOCOL$|NO_PROTOCOLS_AVAILABLE$|VERSION_TOO_(LOW|HIGH)$|INAPPROPRIATE_FALLBACK$/,
    TlsVersionMismatch,
    'no version of TLS in common',
  ],
  [
    /NO_SHARED_CIPHER$|NO_CIPHERS_AVAILABLE$|NO_CIPHER_MATCH$|NO_SUITABLE_\w+$|ALERT_HANDSHAKE_FAILURE$|INSUFFICIENT_SECURITY$/,
    NoSharedCipher,
    'no cipher suite in common',
  ],
  [
    /WRONG_VERSION_NUMBER$|HTTP_REQUEST$|HTTPS_PROXY_REQUEST$|UNKNOWN_PROTOCOL$|BAD_RECORD_TYPE$|PACKET_LENGTH_TOO_LONG$|RECORD_LAYER_FAILURE$|UNEXPECTED_MESSAGE$/,
    NotTls,
    'that is not TLS',
  ],
  [/^CERT_HAS_EXPIRED$/, CertificateExpired, "the peer's certificate has expired"],
  [/^CERT_NOT_YET_VALID$/, CertificateNotYetValid, "the peer's certificate is not valid yet"],
  [/^ERR_TLS_CERT_ALTNAME/, HostnameMismatch, "the peer's certificate is for somebody else"],
  [
    /SELF_SIGNED_CERT|^UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)|^CERT_|^INVALID_|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$|_CRL/,
    CertificateUntrusted,
    "nobody who is believed stands behind the peer's certificate",
  ],
];

/** What is wrong with a handshake, when that was `doing`. */
export function tlsFailure(doing: string, cause: Error): TlsError {
  const code = codeOf(cause);
  if (code === 'ECONNRESET')
    return new TlsError(`${doing}: the peer went away in the middle of the TLS handshake`, { cause, code });
  const [, type, words] = known.find(([pattern]) => pattern.test(code)) ?? [undefined, TlsError, ''];
  const exactly = [words, detailOf(cause), code && `(${code})`].filter((part) => part !== '').join(' ');
  return new type(`${doing}: ${exactly}`, { cause, code: code === '' ? undefined : code });
}

/** What broke a connection under TLS; `cause` says which check failed, where it was one. */
export function tlsLoss(remote: string, error: Error): ConnectionLost {
  const cause = tlsFailure(`TLS with ${remote}`, error);
  return new ConnectionLost(`the connection with ${remote} was lost: ${cause.message}`, { cause, code: cause.code });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What OpenSSL or Node add in words: for whom the certificate is, which alert came. */
function detailOf(error: Error): string {
  if ('reason' in error && typeof error.reason === 'string') return `- ${error.reason}`;
  const routine = /:SSL routines:[^:]*:([^:\n]+)/.exec(error.message);
  return `- ${routine?.[1] ?? error.message}`;
}
