/** TLS with those that others have made, both ways. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bytes, CertificateUntrusted, lines, type IpAddress } from 'ropewalk';
import { developmentCertificate, listen } from 'ropewalk/node';
import { python, withPeers } from '../../peers.ts';
import {
  atEnd,
  clientAt,
  failureOf,
  folder,
  heard,
  mine,
  opened,
  run,
  say,
  serving,
  started,
  warnings,
} from './tlsBench.ts';

/** The development certificate in files. */
function written(): { key: string; cert: string; ca: string; both: string } {
  const files = folder();
  const paths = {
    key: join(files, 'key'),
    cert: join(files, 'cert'),
    ca: join(files, 'ca'),
    both: join(files, 'both'),
  };
  writeFileSync(paths.key, mine.privateKey);
  writeFileSync(paths.cert, mine.certificate);
  writeFileSync(paths.ca, mine.ca);
  writeFileSync(paths.both, mine.privateKey + mine.certificate);
  return paths;
}

/** A port for a server that cannot be asked which one it has. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

withPeers('openssl')('openssl', () => {
  test('s_client believes the development root, and is answered', async () => {
    const { ca } = written();
    const { port, ended } = await serving();
    const { output } = await answered(
      'openssl',
      ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', '-verify_hostname', 'localhost'].concat(
        ['-CAfile', ca, '-verify_return_error', '-quiet', '-no_ign_eof'],
      ),
      'hello\n',
      /^hello$/m,
    );
    expect(output).toMatch(/^hello$/m);
    // It says its end under TLS.
    expect(await ended).toEqual({ kind: 'done' });
  });

  test('s_client says what was agreed on: version, ALPN; takes a session up again', async () => {
    const { ca } = written();
    const { port } = await serving({ privateKey: mine.privateKey, certKey: mine.certificate, alpn: ['echo'] });
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', ca, '-alpn', 'echo', '-brief'];
    const { output } = await answered('openssl', args, 'hello\n', /^hello$/m);
    expect(output).toContain('Protocol version: TLSv1.3');
    expect(output).toContain('Verification: OK');
    const again = await answered('openssl', [...args.slice(0, -1), '-tls1_2', '-reconnect'], '', /(Reused.*){5}/s);
    expect(again.output.match(/^Reused, TLSv1\.2/gm)).toHaveLength(5);
  });

  test('s_client does not believe a stranger, and the server goes on', async () => {
    const warned = warnings();
    const { port } = await serving();
    const { ca } = written();
    writeFileSync(ca, developmentCertificate().ca);
    const { output, code } = await run('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-CAfile',
      ca,
      '-verify_return_error',
    ]);
    expect(code).not.toBe(0);
    expect(output).toMatch(/verify error/);
    const { cause } = await warned.next();
    expect(cause).toMatchObject({ name: 'CertificateRefused' });
    expect(await say(await opened(clientAt(port)), 'hello')).toBe('hello');
  });

  test('s_server answers, in both versions', async () => {
    const { key, cert } = written();
    for (const version of ['-tls1_2', '-tls1_3']) {
      const port = await freePort();
      const args = ['s_server', '-accept', `127.0.0.1:${port}`, '-key', key, '-cert', cert, '-rev', version];
      await started('openssl', args, /ACCEPT/);
      const connection = await opened(clientAt(port));
      expect(connection.tls?.version).toBe(version === '-tls1_2' ? 'TLSv1.2' : 'TLSv1.3');
      const duplex = connection.over(lines());
      const answer = new Promise((resolve, reject) => duplex.subscribe({ next: resolve, error: reject }));
      duplex.next('hello');
      expect(await answer).toBe('olleh');
      connection.error(new Error('enough'));
    }
  });

  test('s_server that asks for a certificate gets one', async () => {
    const { key, cert, ca } = written();
    const alice = developmentCertificate({ names: ['alice'], issuer: mine });
    const port = await freePort();
    const args = ['s_server', '-accept', `127.0.0.1:${port}`, '-key', key, '-cert', cert, '-CAfile', ca];
    await started('openssl', [...args, '-Verify', '1', '-verify_return_error', '-rev'], /ACCEPT/);
    const connection = await opened(clientAt(port, { certificate: alice.certificate, privateKey: alice.privateKey }));
    connection.next(bytes('hello\n'));
    await heard(connection, 'olleh');
    connection.error(new Error('enough'));
    // Without one: TLS 1.3 tells it after the client has finished (RFC 8446 section 4.4.2.4), TLS 1.2 before.
    expect((await failureOf(clientAt(port, { maxVersion: 'TLSv1.2' }))).name).toMatch(/Required|NoSharedCipher/);
    const late = await opened(clientAt(port));
    late.subscribe({ error: () => {} });
    expect(await late.closed).toMatchObject({
      kind: 'lost',
      error: { name: 'ConnectionLost', cause: { name: 'ClientCertificateRequired' } },
    });
  });

  test('STARTTLS as SMTP has it (RFC 3207), with s_client -starttls', async () => {
    const { ca } = written();
    const server = listen('tcp:0:interface=127.0.0.1');
    const port = new Promise<number>((resolve) =>
      server.address$.subscribe((address) => resolve((address as IpAddress).port)),
    );
    const running = server.subscribe((connection) => {
      const smtp = connection.over(lines());
      smtp.next('220 localhost ESMTP');
      smtp.subscribe({
        next(line) {
          if (line === 'STARTTLS') {
            smtp.next('220 go ahead');
            smtp.startTls({ server: true, privateKey: mine.privateKey, certKey: mine.certificate });
          } else if (line.startsWith('EHLO')) {
            smtp.next('250-localhost');
            smtp.next('250 STARTTLS');
          } else if (line === 'NOOP') smtp.next(`250 ok ${connection.tls?.version}`);
        },
        error: () => {},
        complete: () => smtp.complete(),
      });
    });
    atEnd(() => running.unsubscribe());
    const args = ['s_client', '-connect', `127.0.0.1:${await port}`, '-starttls', 'smtp', '-CAfile', ca];
    const { output } = await answered(
      'openssl',
      [...args, '-verify_return_error', '-verify_hostname', 'localhost', '-crlf', '-quiet', '-no_ign_eof'],
      'NOOP\n',
      /250 ok TLS/,
    );
    expect(output).toContain('250 ok TLSv1.3');
  });
});

withPeers('gnutls-cli', 'gnutls-serv')('GnuTLS', () => {
  test('gnutls-cli is answered, and both end in order', async () => {
    const { ca } = written();
    const { port, ended } = await serving();
    const { output, code } = await run(
      'gnutls-cli',
      [`--x509cafile=${ca}`, '--sni-hostname=localhost', '--verify-hostname=localhost', '-p', `${port}`, '127.0.0.1'],
      'hello\n',
    );
    expect(output).toMatch(/^hello$/m);
    expect(output).toContain('Status: The certificate is trusted.');
    expect(code).toBe(0);
    expect(await ended).toEqual({ kind: 'done' });
  });

  test('gnutls-serv --echo answers', async () => {
    const { key, cert } = written();
    const port = await freePort();
    await started(
      'gnutls-serv',
      ['--echo', `--x509keyfile=${key}`, `--x509certfile=${cert}`, '-p', `${port}`, '--disable-client-cert'],
      /IPv4.*\.\.\.done/,
    );
    const connection = await opened(clientAt(port));
    connection.next(bytes('hello\n'));
    await heard(connection, 'hello\n');
    connection.error(new Error('enough'));
    expect(await failureOf(clientAt(port, { ca: developmentCertificate().ca }))).toBeInstanceOf(CertificateUntrusted);
  });
});

withPeers('python3:ssl')("Python's ssl", () => {
  test('a client: verified, ALPN, and an end in order both ways (unwrap)', async () => {
    const { ca } = written();
    const { port, ended } = await serving({ privateKey: mine.privateKey, certKey: mine.certificate, alpn: ['echo'] });
    const program = `
import socket, ssl
context = ssl.create_default_context(cafile='${ca}')
context.set_alpn_protocols(['echo'])
plain = socket.create_connection(('127.0.0.1', ${port}))
secure = context.wrap_socket(plain, server_hostname='localhost', suppress_ragged_eofs=False)
print(secure.selected_alpn_protocol(), secure.version())
sent = b'hello' * 100000
secure.sendall(sent[:50000])
received = b''
while len(received) < 50000: received += secure.recv(65536)
print(received == sent[:50000])
secure.unwrap()
`;
    const { output, code } = await run(python, ['-c', program]);
    expect([output, code]).toEqual(['echo TLSv1.3\nTrue\n', 0]);
    expect(await ended).toEqual({ kind: 'done' });
  });

  test('a server that is cut off, and one that ends in order, are told apart', async () => {
    const { both } = written();
    const program = `
import socket, ssl, sys
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain('${both}')
server = socket.create_server(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
for polite in (True, False):
    secure = context.wrap_socket(server.accept()[0], server_side=True)
    secure.sendall(b'half of a message')
    if polite:
        secure.unwrap()
        secure.close()
    else:
        secure.shutdown(socket.SHUT_WR)
sys.stdin.read()
`;
    const port = Number(await started(python, ['-c', program], /^\d+$/m));
    const polite = await opened(clientAt(port));
    expect(await say(polite, '')).toBe('half of a message');
    const rude = await opened(clientAt(port));
    await expect(say(rude, '')).rejects.toMatchObject({ name: 'ConnectionTruncated' });
  });
});

withPeers('socat')('socat', () => {
  test('a client of ours, a server of theirs, and the other way round', async () => {
    const { both, ca } = written();
    const { port } = await serving();
    const { output } = await run(
      'socat',
      ['-t2', '-', `OPENSSL:127.0.0.1:${port},cafile=${ca},commonname=localhost,snihost=localhost`],
      'hello\n',
    );
    expect(output).toBe('hello\n');

    const theirs = await freePort();
    await started(
      'socat',
      ['-d', '-d', `OPENSSL-LISTEN:${theirs},bind=127.0.0.1,reuseaddr,cert=${both},verify=0`, 'EXEC:cat'],
      /listening on/,
    );
    const connection = await opened(clientAt(theirs));
    connection.next(bytes('hello'));
    await heard(connection, 'hello');
    connection.error(new Error('enough'));
  });
});

/** A client that is given its input, and then, once it has printed this, the end of it. */
function answered(
  command: string,
  args: readonly string[],
  input: string,
  ready: RegExp,
): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    atEnd(() => child.kill('SIGKILL'));
    let output = '';
    const look = (text: string): void => {
      output += text;
      if (ready.test(output)) child.stdin.end();
    };
    child.stdout.setEncoding('utf8').on('data', look);
    child.stderr.setEncoding('utf8').on('data', look);
    child.on('close', (code) => resolve({ output, code }));
    child.stdin.on('error', () => {}).write(input);
  });
}
