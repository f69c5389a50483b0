/**
 * Certificates for development and tests: a root of one's own and a certificate that it signed.
 * Knows: X.509 as far as that needs it (RFC 5280). Does not know: TLS, files. No other program is needed.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import type { Bytes } from '../../bytes.ts';
import { bits, integer, moment, objectId, octets, sequence, setOf, tagged, utf8String, yes } from './der.ts';

export interface DevelopmentCertificateOptions {
  /** Whom it is for: names (`localhost`, `*.example.test`) and addresses (`localhost`, `127.0.0.1` and `::1`). */
  readonly names?: readonly string[];
  /** From when to when it is good (an hour ago, to a year from now). */
  readonly validFrom?: Date;
  readonly validTo?: Date;
  /** Who signs it: what this function gave before (a new root). */
  readonly issuer?: DevelopmentCertificate;
}

/** All of it PEM. */
export interface DevelopmentCertificate {
  readonly privateKey: string;
  readonly certificate: string;
  /** The root: whoever believes it believes the certificate. */
  readonly ca: string;
  /** The root's own key, to sign more. Kept in memory; it is in no file unless you write it to one. */
  readonly caKey: string;
}

/**
 * Makes a private key and a certificate for it, signed by a root that is made for it, too.
 *
 * In plain words: TLS on your own machine in one line. The server takes the key and the certificate, the client believes `ca`
 * and nothing has to be switched off. Elliptic curve P-256, so it takes about a millisecond.
 * Not for the world: nobody else believes that root, and whoever has `caKey` can be anybody to those who do.
 *
 * ```ts
 * const { privateKey, certificate, ca } = developmentCertificate({ names: ['localhost'] });
 * listen({ type: 'tls', port: 8443, privateKey, certKey: certificate }).pipe(serve(identity)).subscribe();
 * connect({ type: 'tls', host: 'localhost', port: 8443, ca }).subscribe((connection) => connection.complete());
 * ```
 */
export function developmentCertificate(options: DevelopmentCertificateOptions = {}): DevelopmentCertificate {
  const { names = ['localhost', '127.0.0.1', '::1'], issuer } = options;
  const validFrom = options.validFrom ?? new Date(Date.now() - 3_600_000);
  const validTo = options.validTo ?? new Date(Date.now() + 365 * 86_400_000);
  const { ca, caKey } = issuer ?? root();
  const { publicKey, privateKey } = keyPair();
  const extensions = [
    extension(keyUsage, bits(Uint8Array.of(0x80), 7), yes),
    extension(extendedKeyUsage, sequence(objectId(serverAuth), objectId(clientAuth))),
    extension(subjectAltName, sequence(...names.map(alternativeName))),
  ];
  const certificate = signed(caKey, certificateFor(publicKey, names[0] ?? 'nobody', validFrom, validTo, extensions));
  return { privateKey: pemOf(privateKey), certificate, ca, caKey };
}

const issuerName = 'Ropewalk development root';
const day = 86_400_000;

const ecdsaWithSha256 = sequence(objectId('1.2.840.10045.4.3.2'));
const [keyUsage, subjectAltName, basicConstraints, extendedKeyUsage] = [15, 17, 19, 37].map((n) => `2.5.29.${n}`);
const [serverAuth, clientAuth] = [1, 2].map((n) => `1.3.6.1.5.5.7.3.${n}`);

/** A root: it may sign certificates, and only those at the end of a chain. */
function root(): Pick<DevelopmentCertificate, 'ca' | 'caKey'> {
  const { publicKey, privateKey } = keyPair();
  const extensions = [
    extension(basicConstraints, sequence(yes, integer(Uint8Array.of(0))), yes),
    // keyCertSign, cRLSign (RFC 5280 section 4.2.1.3).
    extension(keyUsage, bits(Uint8Array.of(0x06), 1), yes),
  ];
  const [from, to] = [new Date(Date.now() - 3650 * day), new Date(Date.now() + 3650 * day)];
  const caKey = pemOf(privateKey);
  return { ca: signed(caKey, certificateFor(publicKey, issuerName, from, to, extensions)), caKey };
}

/** TBSCertificate (RFC 5280 section 4.1). */
function certificateFor(key: KeyObject, subject: string, from: Date, to: Date, extensions: readonly Bytes[]): Bytes {
  return sequence(
    tagged(0xa0, integer(Uint8Array.of(2))),
    integer(Uint8Array.of(1, ...randomBytes(15))),
    ecdsaWithSha256,
    commonName(issuerName),
    sequence(moment(from), moment(to)),
    commonName(subject),
    key.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
}

function signed(key: string, content: Bytes): string {
  const der = Buffer.from(sequence(content, ecdsaWithSha256, bits(sign('sha256', content, key))));
  const text = der.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${text.trimEnd()}\n-----END CERTIFICATE-----\n`;
}

function extension(id: string, value: Bytes, ...critical: readonly Bytes[]): Bytes {
  return sequence(objectId(id), ...critical, octets(value));
}

function commonName(name: string): Bytes {
  return sequence(setOf(sequence(objectId('2.5.4.3'), utf8String(name))));
}

/** GeneralName: a name of the DNS, or the bytes of an address (RFC 5280 section 4.2.1.6). */
function alternativeName(name: string): Bytes {
  return isIP(name) === 0 ? tagged(0x82, Buffer.from(name, 'latin1')) : tagged(0x87, addressBytes(name));
}

function addressBytes(address: string): Bytes {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.').map(Number));
  // Groups of four digits, with as many zeros in the place of `::` as are missing.
  const [head, tail] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - head.length - (tail?.length ?? 0) }, () => '0');
  const groups = [...head, ...(tail === undefined ? [] : [...zeros, ...tail])].map((group) => parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

function keyPair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}
