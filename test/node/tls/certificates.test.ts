/** Certificates in files: found by name, exchanged while people are connected. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { bytes, HostnameMismatch, ListenError, type Connection } from 'ropewalk';
import { CertificatesKept, developmentCertificate } from 'ropewalk/node';
import { clientAt, failureOf, folder, heard, mine, opened, say, serving, warnings } from './tlsBench.ts';

/** A certificate and its key in one file, as it is put in the place of another: by a name that is free, and then renamed. */
function put(files: string, name: string, names: readonly string[], validTo?: Date): void {
  const { privateKey, certificate } = developmentCertificate({ names, issuer: mine, validTo });
  writeFileSync(join(files, `${name}.new`), privateKey + certificate);
  renameSync(join(files, `${name}.new`), join(files, `${name}.pem`));
}

const who = async (port: number, servername: string): Promise<string> => {
  const connection = await opened(clientAt(port, { servername }));
  const names = connection.tls!.peerCertificate!.names.join();
  connection.complete();
  return names;
};

/** Dials until the server shows another certificate than `before`. */
async function changed(port: number, servername: string, before: string): Promise<string> {
  for (;;) {
    const now = await fingerprint(port, servername);
    if (now !== before) return now;
  }
}

async function fingerprint(port: number, servername: string): Promise<string> {
  const connection = await opened(clientAt(port, { servername }));
  connection.complete();
  return connection.tls!.peerCertificate!.fingerprint;
}

describe('a folder of certificates (SNI, RFC 6066 section 3)', () => {
  test('names are read from the certificates; a * stands for one label; the first is for who asks for another', async () => {
    const files = folder();
    put(files, 'a', ['one.test', 'ONE.example']);
    put(files, 'b', ['*.two.test', 'two.test']);
    put(files, 'c', ['exact.two.test']);
    const { privateKey, certificate } = developmentCertificate({ names: ['beside.test'], issuer: mine });
    writeFileSync(join(files, 'd.crt'), certificate);
    writeFileSync(join(files, 'd.key'), privateKey);
    const { port } = await serving({ certificates: files });
    expect(await who(port, 'one.test')).toBe('one.test,ONE.example');
    expect(await who(port, 'one.example')).toBe('one.test,ONE.example');
    expect(await who(port, 'x.two.test')).toBe('*.two.test,two.test');
    expect(await who(port, 'exact.two.test')).toBe('exact.two.test');
    expect(await who(port, 'beside.test')).toBe('beside.test');
    // Who asks for nobody gets the first, and sees that it is not who was meant. RFC 9525 section 6.3: one label, no more.
    expect((await failureOf(clientAt(port, { servername: 'x.y.two.test' }))).message).toContain('one.test');
    expect(await failureOf(clientAt(port, { servername: 'three.test' }))).toBeInstanceOf(HostnameMismatch);
  });

  test('beside a certificate of its own, which is for all others', async () => {
    const files = folder();
    put(files, 'a', ['one.test']);
    const { port } = await serving({ certificates: files, privateKey: mine.privateKey, certKey: mine.certificate });
    expect(await who(port, 'one.test')).toBe('one.test');
    expect(await who(port, 'localhost')).toContain('localhost');
  });

  test('a certificate without a key beside it is an error with the name of the file', async () => {
    const files = folder();
    writeFileSync(join(files, 'lonely.crt'), mine.certificate);
    const failure = await serving({ certificates: files }).catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(ListenError);
    expect((failure as Error).message).toContain(`the key of ${join(files, 'lonely.crt')}: ENOENT`);
  });
});

describe('certificates that change while the server runs', () => {
  test('a thousand connections notice nothing; who comes then sees the new one', async () => {
    const files = folder();
    put(files, 'a', ['one.test']);
    const { port, reasons } = await serving({ certificates: files });
    const before = await fingerprint(port, 'one.test');
    const people: Connection[] = [];
    // By twenties, so that nobody waits for thirty seconds.
    while (people.length < 1000) {
      const ten = Array.from({ length: 20 }, () => opened(clientAt(port, { servername: 'one.test' })));
      people.push(...(await Promise.all(ten)));
    }
    put(files, 'a', ['one.test']);
    expect(await changed(port, 'one.test', before)).not.toBe(before);
    const all = people.map(async (connection, index) => {
      const answer = heard(connection, `${index}.`);
      connection.next(bytes(`${index}.`));
      await answer;
    });
    await Promise.all(all);
    expect(people.filter(({ state }) => state.phase !== 'open')).toEqual([]);
    expect(reasons.filter(({ kind }) => kind !== 'done')).toEqual([]);
  }, 60_000);

  test('single files are watched, too, and another name can be added', async () => {
    const files = folder();
    const write = (names: readonly string[]): void => {
      const { privateKey, certificate } = developmentCertificate({ names, issuer: mine });
      writeFileSync(join(files, 'key'), privateKey);
      writeFileSync(join(files, 'cert'), certificate);
    };
    write(['one.test']);
    const { port } = await serving({ privateKey: join(files, 'key'), certKey: join(files, 'cert') });
    const before = await fingerprint(port, 'one.test');
    write(['one.test', 'two.test']);
    await changed(port, 'one.test', before);
    expect(await who(port, 'two.test')).toBe('one.test,two.test');
  });

  test('what cannot be used leaves the old ones in place, with a CertificatesKept', async () => {
    const files = folder();
    put(files, 'a', ['one.test']);
    const warned = warnings();
    const { port } = await serving({ certificates: files });
    const before = await fingerprint(port, 'one.test');
    writeFileSync(join(files, 'a.pem'), 'half a fi');
    const warning = await warned.next();
    expect(warning).toBeInstanceOf(CertificatesKept);
    expect(warning.message).toMatch(/keeps the certificates it has.*(ENOENT|expected)/);
    expect(await fingerprint(port, 'one.test')).toBe(before);
    // And the key of somebody else.
    writeFileSync(join(files, 'a.pem'), developmentCertificate().privateKey + mine.certificate);
    expect((await warned.next()).message).toMatch(/is of no use/);
    expect(await fingerprint(port, 'one.test')).toBe(before);
    put(files, 'a', ['one.test']);
    expect(await changed(port, 'one.test', before)).not.toBe(before);
  });

  test('reload says when, where watching does not reach; a session outlives the certificate it began with', async () => {
    const files = join(folder(), 'certificates');
    mkdirSync(files);
    put(files, 'a', ['one.test']);
    const reload = new Subject<void>();
    const { port } = await serving({ certificates: files, reload });
    const before = await fingerprint(port, 'one.test');
    // Another folder under the same name: whoever watches the old one sees nothing more.
    renameSync(files, `${files}.old`);
    mkdirSync(files);
    put(files, 'a', ['one.test']);
    reload.next();
    expect(await fingerprint(port, 'one.test')).not.toBe(before);
    rmSync(`${files}.old`, { recursive: true });
  });

  test('when listening ends, nothing is watched any more', async () => {
    const files = folder();
    put(files, 'a', ['one.test']);
    const warned = warnings();
    const { port, stop } = await serving({ certificates: files });
    await serving({ certificates: files, handshakeTimeout: 12_345 });
    expect(await say(await opened(clientAt(port, { servername: 'one.test' })), 'hello')).toBe('hello');
    stop();
    writeFileSync(join(files, 'a.pem'), 'nothing');
    // The other server, which began to watch later, has seen it; the first has not.
    expect((await warned.next()).message).toContain('handshakeTimeout=12345');
    expect(warned.all).toHaveLength(1);
  });
});

describe('developmentCertificate', () => {
  test('is what RFC 5280 says: names and addresses, a key of its own, signed by its root', () => {
    const { certificate, ca, privateKey } = developmentCertificate({
      names: ['a.test', '*.b.test', '127.0.0.1', '::1', 'fe80::1:2', '2001:db8:1:2:3:4:5:6'],
    });
    const [leaf, root] = [new X509Certificate(certificate), new X509Certificate(ca)];
    expect(leaf.subjectAltName).toBe(
      'DNS:a.test, DNS:*.b.test, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, ' +
        'IP Address:FE80:0:0:0:0:0:1:2, IP Address:2001:DB8:1:2:3:4:5:6',
    );
    expect([leaf.ca, root.ca]).toEqual([false, true]);
    expect(leaf.verify(root.publicKey) && leaf.checkIssued(root) && root.verify(root.publicKey)).toBe(true);
    expect(privateKey).toContain('-----BEGIN PRIVATE KEY-----');
    expect(leaf.serialNumber).not.toBe(root.serialNumber);
  });

  test('says when it is good, also after 2049 (RFC 5280 section 4.1.2.5)', () => {
    const validFrom = new Date('2049-12-31T23:59:59Z');
    const validTo = new Date('2050-01-01T00:00:00Z');
    const leaf = new X509Certificate(developmentCertificate({ validFrom, validTo }).certificate);
    expect([leaf.validFrom, leaf.validTo]).toEqual(['Dec 31 23:59:59 2049 GMT', 'Jan  1 00:00:00 2050 GMT']);
  });

  test('one root may sign many', () => {
    const first = developmentCertificate();
    const second = developmentCertificate({ names: ['other.test'], issuer: first });
    expect(second.ca).toBe(first.ca);
    expect(new X509Certificate(second.certificate).verify(new X509Certificate(first.ca).publicKey)).toBe(true);
  });
});
