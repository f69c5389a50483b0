/**
 * Certificates and keys as files: read, paired, and found by name.
 * Knows: PEM (RFC 7468), which names a certificate is for (RFC 9525), folders, when a file has changed.
 * Does not know: handshakes, listeners.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, watch } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { asyncScheduler, type Subscription } from 'rxjs';
import type { Pem, PeerCertificate } from '../../tls.ts';
import { CertificateUnusable } from '../../tlsErrors.ts';

/** A certificate with whatever stands between it and a root, and its key. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
  /** Whom it is for, in small letters; `*.example.com` is a name, too. */
  readonly names: readonly string[];
}

/** The PEM text of what was given: `what` says for what, in errors. */
export function readPem(pem: Pem, what: string): string {
  if (typeof pem !== 'string') return Buffer.from(pem).toString('latin1');
  if (pem.includes('-----BEGIN')) return pem;
  try {
    return readFileSync(pem, 'latin1');
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    throw new CertificateUnusable(`reading ${what}: ${message}`, { cause, code });
  }
}

/** A key and a certificate that were given one by one; either may be in the other's file. */
export function identityOf(given: { privateKey?: Pem; certKey?: Pem; extraCertChain?: Pem }): Identity {
  const { privateKey, certKey, extraCertChain } = given;
  const files = [privateKey, certKey, extraCertChain];
  const texts = files.map((pem, at) => (pem === undefined ? '' : readPem(pem, whats[at])));
  const where = files.filter((pem) => typeof pem === 'string' && !pem.includes('-----BEGIN')).join(', ');
  return identityIn(texts.join('\n'), where || 'what was given');
}
const whats = ['the private key', 'the certificate', 'the extra certificates'];

/** The identities of a folder: each `NAME.pem` or `NAME.crt` has a certificate, and its key or beside it `NAME.key`. */
export function identitiesIn(folder: string): Identity[] {
  let files: string[];
  try {
    files = readdirSync(folder)
      .filter((file) => ['.pem', '.crt'].includes(extname(file)))
      .toSorted();
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    throw new CertificateUnusable(`reading the certificates in ${folder}: ${message}`, { cause, code });
  }
  if (files.length === 0)
    throw new CertificateUnusable(`reading the certificates in ${folder}: there are none (*.pem)`);
  return files.map((file) => {
    const path = join(folder, file);
    const text = readPem(path, 'a certificate');
    const beside = join(folder, `${basename(file, extname(file))}.key`);
    return identityIn(keyIn(text) === undefined ? `${readPem(beside, `the key of ${path}`)}\n${text}` : text, path);
  });
}

/** All certificates of the files of a folder: those who are believed. */
export function certificatesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => ['.pem', '.crt'].includes(extname(file)))
      .flatMap((file) => certificatesOf(readPem(join(folder, file), 'a trusted certificate')));
  } catch (cause) {
    if (cause instanceof CertificateUnusable) throw cause;
    const { message, code } = cause as NodeJS.ErrnoException;
    throw new CertificateUnusable(`reading the trusted certificates in ${folder}: ${message}`, { cause, code });
  }
}

export function certificatesOf(text: string): string[] {
  return text.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END [^-]+-----/g) ?? [];
}

/** What a program is told of a certificate. */
export function described(certificate: X509Certificate): PeerCertificate {
  return {
    subject: certificate.subject?.replaceAll('\n', ', ') ?? '',
    issuer: certificate.issuer?.replaceAll('\n', ', ') ?? '',
    names: namesOf(certificate),
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
    fingerprint: certificate.fingerprint256,
    raw: certificate.raw,
  };
}

/** The identity that a client asks for by name: the name itself, or a `*` for its first label, and no more (RFC 9525 section 6.3). */
export function namedIn(identities: readonly Identity[], servername: string): Identity[] {
  const name = servername.toLowerCase();
  const exact = identities.filter(({ names }) => names.includes(name));
  if (exact.length > 0) return exact;
  const dot = name.indexOf('.');
  const wild = `*${name.slice(dot)}`;
  return dot <= 0 ? [] : identities.filter(({ names }) => names.includes(wild));
}

/** What says whether anything has changed. */
export function fingerprintOf(identities: readonly Identity[]): string {
  const hash = createHash('sha256');
  for (const { key, cert } of identities) hash.update(key).update('\0').update(cert).update('\0');
  return hash.digest('hex');
}

/**
 * Calls `changed` when something in one of the folders has, some time after the last change: a certificate and its key are
 * two files. Folders are watched, and not files, because a file that is replaced is another one. Returns how to stop.
 */
export function watchFolders(
  folders: readonly string[],
  changed: () => void,
  failed: (error: Error) => void,
): () => void {
  let settling: Subscription | undefined;
  const again = (): void => {
    settling?.unsubscribe();
    settling = asyncScheduler.schedule(changed, settleTime);
  };
  const watchers = [...new Set(folders)].map((folder) =>
    watch(folder, { persistent: false }, again).on('error', failed),
  );
  return () => {
    settling?.unsubscribe();
    for (const watcher of watchers) watcher.close();
  };
}
const settleTime = 100;

/** The folder of a path, if it is one. */
export function folderOf(pem: Pem | undefined): string[] {
  return typeof pem === 'string' && !pem.includes('-----BEGIN') ? [dirname(pem)] : [];
}

function identityIn(text: string, where: string): Identity {
  const key = keyIn(text);
  const certificates = certificatesOf(text);
  if (key === undefined) throw new CertificateUnusable(`reading ${where}: expected a private key in PEM, found none`);
  if (certificates.length === 0)
    throw new CertificateUnusable(`reading ${where}: expected a certificate in PEM, found none`);
  try {
    const names = namesOf(new X509Certificate(certificates[0])).map((name) => name.toLowerCase());
    return { key, cert: certificates.join('\n'), names };
  } catch (cause) {
    throw new CertificateUnusable(`reading the certificate in ${where}: ${(cause as Error).message}`, { cause });
  }
}

function keyIn(text: string): string | undefined {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/.exec(text)?.[0];
}

function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  // Node quotes what it thinks strange, and none of that is a name of the Internet.
  return (subjectAltName ?? '').split(', ').flatMap((entry) => /^(?:DNS|IP Address):([^"]+)$/.exec(entry)?.[1] ?? []);
}
