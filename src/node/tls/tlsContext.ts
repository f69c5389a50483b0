/**
 * What Node needs to know for TLS, from what a program asks for.
 * Knows: roots, keys, versions; that nothing here can be weaker than asked for. Does not know: sockets, handshakes.
 */
import { existsSync } from 'node:fs';
import tls, { type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Pem, TlsClientOptions, TlsOptions, TlsServerOptions } from '../../tls.ts';
import { CertificateUnusable } from '../../tlsErrors.ts';
import { certificatesIn, certificatesOf, identityOf, readPem, type Identity } from './certificates.ts';

/** Where systems keep the roots they believe, for a Node that cannot ask (before 22.15). */
const systemRoots = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Throws {@link CertificateUnusable}. */
export function clientContext(options: TlsClientOptions): SecureContext {
  const { certificate, privateKey } = options;
  const own = certificate === undefined ? undefined : identityOf({ privateKey, certKey: certificate });
  return contextOf({ ...common(options), key: own?.key, cert: own?.cert, ca: rootsOf(options) });
}

/** What a server's context is made of; without identities it is the part that all of them have. */
export function serverContextOptions(options: TlsServerOptions, identities: readonly Identity[]): SecureContextOptions {
  return {
    ...common(options),
    key: identities.map(({ key }) => ({ pem: key, passphrase: options.passphrase })),
    cert: identities.map(({ cert }) => cert),
    ca: options.ca === undefined ? undefined : pems(options.ca),
  };
}

/** Throws {@link CertificateUnusable} instead of OpenSSL's own words alone. */
export function contextOf(options: SecureContextOptions): SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    throw new CertificateUnusable(`preparing TLS: the key, the certificate or an option is of no use: ${message}`, {
      cause,
      code,
    });
  }
}

function common({ minVersion = 'TLSv1.2', maxVersion, ciphers, passphrase }: TlsOptions): SecureContextOptions {
  return { minVersion, maxVersion: maxVersion ?? tls.DEFAULT_MAX_VERSION, ciphers, passphrase };
}

/** `undefined`: Node's own. */
function rootsOf({ ca, trustRoots }: TlsClientOptions): string[] | undefined {
  if (ca === undefined && trustRoots === undefined) return undefined;
  const roots = ca === undefined ? [] : pems(ca);
  if (trustRoots === 'system') roots.push(...systemCertificates());
  else if (trustRoots !== undefined) roots.push(...certificatesIn(trustRoots));
  // An empty list would not be one for Node: it would believe its own.
  if (roots.length === 0) throw new CertificateUnusable(`reading whom to believe: expected a certificate, found none`);
  return roots;
}

function pems(given: Pem | readonly Pem[]): string[] {
  const list = typeof given === 'string' || given instanceof Uint8Array ? [given] : given;
  const found = list.flatMap((pem) => certificatesOf(readPem(pem, 'a trusted certificate')));
  if (found.length === 0)
    throw new CertificateUnusable('reading whom to believe (ca): expected a certificate in PEM, found none');
  return found;
}

function systemCertificates(): string[] {
  if ('getCACertificates' in tls) return (tls.getCACertificates as (kind: string) => string[])('system');
  const file = systemRoots.find((path) => existsSync(path));
  if (file !== undefined) return certificatesOf(readPem(file, "the system's trusted certificates"));
  throw new CertificateUnusable(`reading the system's trusted certificates: expected one of ${systemRoots.join(', ')}`);
}
