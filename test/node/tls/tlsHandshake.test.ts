/** Who is believed, what is agreed on, and which check failed when there is no TLS. */
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { map, NEVER, switchMap, type Observable, type Subscription } from 'rxjs';
import {
  AlpnMismatch,
  bytes,
  CertificateExpired,
  CertificateNotYetValid,
  CertificateUntrusted,
  CertificateUnusable,
  ClientCertificateRequired,
  ConnectError,
  ConnectionLost,
  ConnectionRefused,
  ConnectionTruncated,
  HandshakeTimeout,
  HostnameMismatch,
  lines,
  ListenError,
  NoSharedCipher,
  NotTls,
  over,
  reconnect,
  serve,
  TlsError,
  TlsVersionMismatch,
  type Connection,
} from 'ropewalk';
import {
  connect,
  dial,
  developmentCertificate,
  HandshakeFailed,
  listen,
  TooManyHandshakes,
  type TlsServer,
} from 'ropewalk/node';
import { freePort } from '../proxies/programs.ts';
import {
  atEnd,
  clientAt,
  everything,
  failureOf,
  folder,
  heard,
  mine,
  opened,
  say,
  serving,
  warnings,
} from './tlsBench.ts';

const day = 86_400_000;
const own: Partial<TlsServer> = { privateKey: mine.privateKey, certKey: mine.certificate };

describe('what was agreed on is told', () => {
  test('version, cipher, application protocol, name, and who the peer is', async () => {
    const seen: unknown[] = [];
    const { port } = await serving({ ...own, alpn: ['b', 'a'] }, (incoming, connection) => {
      seen.push(connection.tls);
      return incoming;
    });
    const connection = await opened(clientAt(port, { alpn: ['a', 'b'] }));
    expect(connection.tls).toMatchObject({
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      // RFC 7301 section 3.2: the server's preference counts.
      alpn: 'b',
      servername: 'localhost',
      resumed: false,
      peerCertificate: { subject: 'CN=localhost', issuer: 'CN=Ropewalk development root' },
    });
    expect(connection.tls!.peerCertificate!.names).toEqual(['localhost', '127.0.0.1', '0:0:0:0:0:0:0:1']);
    expect(connection.tls!.peerCertificate!.validTo.getTime()).toBeGreaterThan(Date.now());
    expect(await say(connection, 'hello')).toBe('hello');
    expect(seen).toMatchObject([{ alpn: 'b', servername: 'localhost', peerCertificate: undefined }]);
  });

  test('as text, with files', async () => {
    const files = folder();
    for (const [name, pem] of Object.entries(mine)) writeFileSync(join(files, name), pem);
    const server = listen(
      `tls:0:${files}/privateKey:${files}/certificate:interface=127.0.0.1:minVersion=TLSv1.3:alpn=x,y`,
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.address$.subscribe((address) => resolve('port' in address ? address.port : 0));
      const running = server.subscribe({
        next: (connection) => connection.subscribe(connection),
        error: reject,
      });
      atEnd(() => running.unsubscribe());
    });
    const connection = await opened(`tls:127.0.0.1:${port}:servername=localhost:ca=${files}/ca:alpn=y`);
    expect(connection.tls).toMatchObject({ version: 'TLSv1.3', alpn: 'y' });
    expect(await say(connection, 'hello')).toBe('hello');
    // By address: the certificate must have it, and it is not sent as a name (RFC 6066 section 3).
    const byAddress = await opened(`tls:127.0.0.1:${port}:ca=${files}/ca`);
    expect(byAddress.tls).toMatchObject({ servername: '127.0.0.1', alpn: undefined });
  });

  test('a session is taken up again by who subscribes again, at most once for each ticket (RFC 8446 appendix C.4)', async () => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const { port } = await serving();
      const again = connect(clientAt(port, { maxVersion }));
      const resumed: boolean[] = [];
      for (let times = 0; times < 4; times++) {
        await new Promise<void>((resolve, reject) => {
          again.subscribe({
            next(connection) {
              resumed.push(connection.tls!.resumed);
              expect(connection.tls!.peerCertificate?.subject).toBe('CN=localhost');
              say(connection, 'hello')
                .then((answer) => expect(answer).toBe('hello'))
                .catch(reject);
            },
            complete: resolve,
            error: reject,
          });
        });
      }
      // A server of Node's gives two tickets to who is new, and none to who comes again.
      if (maxVersion === 'TLSv1.3') expect(resumed.slice(0, 3)).toEqual([false, true, true]);
      else expect(resumed).toEqual([false, true, true, true]);
    }
  });
});

describe('the error says which check failed', () => {
  const issued = (validFrom: Date, validTo: Date): Partial<TlsServer> => {
    const { privateKey, certificate } = developmentCertificate({ validFrom, validTo, issuer: mine });
    return { privateKey, certKey: certificate };
  };
  const stranger = developmentCertificate();

  test.each<[string, new (...args: never[]) => TlsError, Partial<TlsServer>, object, RegExp]>([
    [
      'CertificateExpired',
      CertificateExpired,
      issued(new Date(Date.now() - 2 * day), new Date(Date.now() - day)),
      {},
      /^TLS with 127\.0\.0\.1:\d+ as localhost: the peer's certificate has expired .*\(CERT_HAS_EXPIRED\)$/,
    ],
    [
      'CertificateNotYetValid',
      CertificateNotYetValid,
      issued(new Date(Date.now() + day), new Date(Date.now() + 2 * day)),
      {},
      /is not valid yet/,
    ],
    ['CertificateUntrusted: another root', CertificateUntrusted, own, { ca: stranger.ca }, /nobody who is believed/],
    ["CertificateUntrusted: the platform's own roots", CertificateUntrusted, own, { ca: undefined }, /nobody who is/],
    [
      'CertificateUntrusted: the roots of the system',
      CertificateUntrusted,
      own,
      { ca: undefined, trustRoots: 'system' },
      /nobody/,
    ],
    ['HostnameMismatch', HostnameMismatch, own, { servername: 'example.test' }, /for somebody else .*example\.test/],
    [
      'TlsVersionMismatch',
      TlsVersionMismatch,
      { ...own, minVersion: 'TLSv1.3' },
      { maxVersion: 'TLSv1.2' },
      /no version/,
    ],
    [
      'NoSharedCipher',
      NoSharedCipher,
      { ...own, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
      { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
      /no cipher suite in common/,
    ],
    ['AlpnMismatch (RFC 7301 section 3.2)', AlpnMismatch, { ...own, alpn: ['h2'] }, { alpn: ['smtp'] }, /ALPN/],
  ])('%s', async (_name, type, server, client, words) => {
    warnings();
    const { port } = await serving(server);
    const failure = await failureOf(clientAt(port, client));
    expect(failure).toBeInstanceOf(type);
    expect(failure).toBeInstanceOf(TlsError);
    expect(failure).toBeInstanceOf(ConnectError);
    expect(failure.message).toMatch(words);
  });

  test('the server knows, too, and goes on: a HandshakeFailed for each', async () => {
    const warned = warnings();
    const { port, reasons } = await serving({ ...own, alpn: ['h2'], minVersion: 'TLSv1.3' });
    await failureOf(clientAt(port, { alpn: ['smtp'] }));
    await failureOf(clientAt(port, { maxVersion: 'TLSv1.2' }));
    await failureOf(clientAt(port, { ca: stranger.ca }));
    const told = [await warned.next(), await warned.next()];
    expect(told.map(({ cause }) => (cause as Error).name)).toEqual(['AlpnMismatch', 'TlsVersionMismatch']);
    expect(told[0]).toBeInstanceOf(HandshakeFailed);
    expect(told[0].message).toMatch(
      /^tls:0:.* sent 127\.0\.0\.1:\d+ away: TLS with 127\.0\.0\.1:\d+: no application protocol/,
    );
    // Nothing that is secret is in the name of the endpoint.
    expect(told[0].message).toContain('privateKey=(given)');
    expect(told[0].message).not.toContain('PRIVATE KEY');
    expect(await say(await opened(clientAt(port)), 'hello')).toBe('hello');
    expect(reasons.filter(({ kind }) => kind === 'done').length).toBeLessThanOrEqual(1);
  });

  test('NotTls: a server that speaks something else, and a client that does', async () => {
    const plain = net
      .createServer((socket) => socket.on('error', () => {}).end('220 ready\r\n'))
      .listen(0, '127.0.0.1');
    atEnd(() => plain.close());
    await new Promise((resolve) => plain.once('listening', resolve));
    expect(await failureOf(clientAt((plain.address() as net.AddressInfo).port))).toBeInstanceOf(NotTls);

    const warned = warnings();
    const { port } = await serving();
    net
      .connect(port, '127.0.0.1')
      .on('error', () => {})
      .end('GET / HTTP/1.0\r\n\r\n');
    expect((await warned.next()).cause).toBeInstanceOf(NotTls);
  });

  test('a peer that goes away in the middle of its handshake is a TlsError; where nobody listens it is as with TCP', async () => {
    const deaf = net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.destroy()));
    deaf.listen(0, '127.0.0.1');
    await new Promise((resolve) => deaf.once('listening', resolve));
    const { port } = deaf.address() as net.AddressInfo;
    const failure = await failureOf(clientAt(port));
    expect(failure).toBeInstanceOf(TlsError);
    expect(failure.message).toMatch(/in the middle of the TLS handshake/);
    await new Promise((resolve) => deaf.close(resolve));
    const refused = await failureOf(clientAt(port));
    expect(refused).toBeInstanceOf(ConnectionRefused);
    expect(refused.message).toMatch(
      /^connecting to tls:127\.0\.0\.1:\d+:servername=localhost:ca=\(given\): nobody listens/,
    );
  });

  test('a client that ends before its handshake is over is let go of at once', async () => {
    const warned = warnings();
    const { port } = await serving();
    net
      .connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      .on('error', () => {})
      .end();
    const { cause } = await warned.next();
    expect(cause).toBeInstanceOf(TlsError);
    expect((cause as Error).message).toMatch(/went away in the middle of the TLS handshake$/);
  });

  test('HandshakeTimeout: whoever says nothing is sent away, and does not keep others waiting', async () => {
    const warned = warnings();
    const { port } = await serving({ ...own, handshakeTimeout: 200 });
    const silent = net.connect(port, '127.0.0.1');
    const ended = new Promise((resolve) => silent.on('error', () => {}).on('close', resolve));
    expect(await say(await opened(clientAt(port)), 'hello')).toBe('hello');
    const { cause } = await warned.next();
    expect(cause).toBeInstanceOf(HandshakeTimeout);
    expect((cause as Error).message).toMatch(/^TLS with 127\.0\.0\.1:\d+: no handshake in 200 ms$/);
    await ended;

    const mute = net.createServer().listen(0, '127.0.0.1');
    atEnd(() => mute.close());
    await new Promise((resolve) => mute.once('listening', resolve));
    const { port: mutePort } = mute.address() as net.AddressInfo;
    expect(await failureOf(clientAt(mutePort, { handshakeTimeout: 50 }))).toBeInstanceOf(HandshakeTimeout);
  });

  test('cancelling a dial in the middle of its handshake closes the socket', async () => {
    const closed = new Promise<void>((resolve) => {
      const mute = net.createServer((socket) =>
        socket
          .on('error', () => {})
          .on('close', () => resolve())
          .once('data', () => dialled.cancel()),
      );
      mute.listen(0, '127.0.0.1');
      atEnd(() => mute.close());
      let dialled: ReturnType<typeof dial>;
      mute.once('listening', () => {
        dialled = dial(clientAt((mute.address() as net.AddressInfo).port));
        dialled.addErrback(() => {});
      });
    });
    await closed;
  });
});

describe('client certificates', () => {
  const client = developmentCertificate({ names: ['alice'] });
  const asks: Partial<TlsServer> = { ...own, ca: client.ca, requireClientCertificate: true };

  test('who has one is known by it', async () => {
    const { port } = await serving(asks, (incoming, { tls: agreed }) => {
      expect(agreed?.peerCertificate?.names).toEqual(['alice']);
      return incoming;
    });
    const { certificate, privateKey } = client;
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const connection = await opened(clientAt(port, { certificate, privateKey, maxVersion }));
      expect(await say(connection, 'hello')).toBe('hello');
    }
  });

  test('ClientCertificateRequired: who has none is sent away', async () => {
    const warned = warnings();
    const { port, reasons } = await serving(asks);
    // In TLS 1.3 a client has finished before the server has looked (RFC 8446 section 2).
    const [attempt] = await Promise.allSettled([opened(clientAt(port)).then(everything)]);
    expect(attempt.status).toBe('rejected');
    expect((await warned.next()).cause).toBeInstanceOf(ClientCertificateRequired);
    expect(reasons).toEqual([]);
  });

  test('who has one of somebody else is sent away; one is asked for and not required without requireClientCertificate', async () => {
    const warned = warnings();
    const { certificate, privateKey } = developmentCertificate({ names: ['mallory'] });
    const { port } = await serving({ ...asks, requireClientCertificate: false });
    const [attempt] = await Promise.allSettled([opened(clientAt(port, { certificate, privateKey })).then(everything)]);
    expect(attempt.status).toBe('rejected');
    expect((await warned.next()).cause).toBeInstanceOf(CertificateUntrusted);
    expect(await say(await opened(clientAt(port)), 'hello')).toBe('hello');
  });

  test('requiring one of nobody in particular makes no sense', async () => {
    await expect(serving({ ...own, requireClientCertificate: true })).rejects.toThrow(ListenError);
  });
});

describe('verification is there unless a program says the word', () => {
  test('insecurelyAcceptAnyCertificate believes everybody', async () => {
    const { port } = await serving();
    const connection = await opened(
      clientAt(port, { ca: undefined, servername: 'example.test', insecurelyAcceptAnyCertificate: true }),
    );
    expect(await say(connection, 'hello')).toBe('hello');
  });

  test('no text can say it, and no version before 1.2 can be asked for', () => {
    expect(() => connect('tls:localhost:1:insecurelyAcceptAnyCertificate=true')).toThrow('unknown argument');
    expect(() => connect('tls:localhost:1:minVersion=TLSv1.1')).toThrow('expected TLSv1.2 or TLSv1.3');
  });

  test('NODE_TLS_REJECT_UNAUTHORIZED does not switch it off', async () => {
    const { port } = await serving();
    const emit = process.emitWarning;
    process.emitWarning = () => {};
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(await failureOf(clientAt(port, { ca: undefined }))).toBeInstanceOf(CertificateUntrusted);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      process.emitWarning = emit;
    }
  });

  test('nothing is sent to a peer before it has proved who it is', async () => {
    const received: string[] = [];
    const server = tls.createServer({ key: mine.privateKey, cert: mine.certificate }, (socket) =>
      socket.on('error', () => {}).on('data', (chunk) => received.push(String(chunk))),
    );
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const gone = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)));
    const { port } = server.address() as net.AddressInfo;
    const connection = await opened(`tcp:127.0.0.1:${port}`);
    const agreed = connection.startTls({ servername: 'example.test', ca: mine.ca });
    connection.next(bytes('my password'));
    await expect(agreed).rejects.toBeInstanceOf(HostnameMismatch);
    await gone;
    server.close();
    expect(received).toEqual([]);
  });
});

describe('handshakes in progress are bounded', () => {
  test('maxHandshakes: who comes beyond it is sent away, and it is said once; who has begun is not disturbed', async () => {
    const warned = warnings();
    const { port } = await serving({ ...own, maxHandshakes: 2 });
    const idle = [];
    for (let guests = 0; guests < 2; guests++) idle.push(await opened(`tcp:127.0.0.1:${port}`));
    for (let guests = 0; guests < 3; guests++) expect(await failureOf(clientAt(port))).toBeInstanceOf(ConnectError);
    expect(warned.all).toEqual([expect.any(TooManyHandshakes)]);
    expect(warned.all[0]).toMatchObject({ limit: 2, message: expect.stringContaining('has 2 handshakes in progress') });
    // Those who wait go on as if nobody else had come, and make room.
    for (const connection of idle) {
      await connection.startTls({ servername: 'localhost', ca: mine.ca });
      expect(await say(connection, 'hello')).toBe('hello');
    }
    expect(await say(await opened(clientAt(port)), 'hello')).toBe('hello');
    // And the next time it is said again.
    for (let guests = 0; guests < 2; guests++) await opened(`tcp:127.0.0.1:${port}`);
    expect(await failureOf(clientAt(port))).toBeInstanceOf(ConnectError);
    expect(warned.all).toEqual([expect.any(TooManyHandshakes), expect.any(TooManyHandshakes)]);
  });

  test('it can be said in a description', async () => {
    expect(() => listen('tls:8443:key.pem:maxHandshakes=100')).not.toThrow();
    expect(() => listen('tls:8443:key.pem:maxHandshakes=0')).toThrow('expected a number of handshakes');
  });
});

describe('a server that goes away and comes back', () => {
  test('the client comes back, too: its session begins anew, and takes up that of TLS (RFC 8446 section 2.2)', async () => {
    const port = await freePort();
    const server = listen({ type: 'tls', port, interface: '127.0.0.1', ...own });
    const begin = (): Subscription =>
      server
        .pipe(
          serve(
            over(
              lines(),
              map((line: string) => line.toUpperCase()),
            ),
          ),
        )
        .subscribe();
    const failures: unknown[] = [];
    const told: string[] = [];
    const resumed: boolean[] = [];
    const session = (connection: Connection): Observable<string> => {
      resumed.push(connection.tls!.resumed);
      const chat = connection.over(lines());
      chat.next('are you there?');
      return chat;
    };
    let running = begin();
    atEnd(() => running.unsubscribe());
    const away = new Promise<void>((resolve) => {
      const client = connect(clientAt(port))
        .pipe(
          switchMap(session),
          reconnect({
            delay: 5,
            when(error) {
              failures.push(error);
              if (error instanceof ConnectionRefused) resolve();
              return true;
            },
          }),
        )
        .subscribe((line) => {
          told.push(line);
          if (told.length === 1) running.unsubscribe();
        });
      atEnd(() => client.unsubscribe());
    });
    // Nobody is there at least once.
    await away;
    expect(failures[0]).toBeInstanceOf(ConnectionLost);
    running = begin();
    while (told.length < 2) await new Promise(setImmediate);
    expect(told).toEqual(['ARE YOU THERE?', 'ARE YOU THERE?']);
    expect(resumed).toEqual([false, true]);
  });
});

describe('what cannot be used is said at once', () => {
  test.each<[string, Partial<TlsServer>, RegExp]>([
    ['no such file', { privateKey: '/nowhere/key.pem' }, /reading the private key: ENOENT/],
    ['no certificate', { privateKey: mine.privateKey }, /expected a certificate in PEM, found none/],
    ['no key', { certKey: mine.certificate }, /expected a private key in PEM, found none/],
    ['nothing at all', {}, /expected a private key/],
    [
      "a key that is another's",
      { privateKey: developmentCertificate().privateKey, certKey: mine.certificate },
      /is of no use: .*key values mismatch/i,
    ],
    ['an empty folder', { certificates: '/proc/self/task' }, /there are none/],
  ])('listening: %s', async (_name, options, words) => {
    const failure = await serving(options).catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(ListenError);
    expect((failure as Error).cause).toBeInstanceOf(CertificateUnusable);
    expect((failure as Error).message).toMatch(words);
  });

  test('dialling: a CertificateUnusable', async () => {
    expect(await failureOf(clientAt(1, { ca: '/nowhere/ca.pem' }))).toBeInstanceOf(CertificateUnusable);
    expect(await failureOf(clientAt(1, { ca: 'no PEM -----BEGIN at all' }))).toBeInstanceOf(CertificateUnusable);
    expect(await failureOf(clientAt(1, { trustRoots: '/nowhere' }))).toBeInstanceOf(CertificateUnusable);
  });
});

describe('the end', () => {
  test('a stream that ends without close_notify was cut (RFC 8446 section 6.1): ConnectionTruncated, which is a ConnectionLost', async () => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const sockets: net.Socket[] = [];
      const server = tls.createServer({ key: mine.privateKey, cert: mine.certificate, maxVersion });
      server.on('connection', (socket: net.Socket) => sockets.push(socket));
      server.on('secureConnection', (socket) => socket.on('error', () => {}).write('half of a'));
      server.listen(0, '127.0.0.1');
      atEnd(() => server.close());
      await new Promise((resolve) => server.once('listening', resolve));
      const connection = await opened(clientAt((server.address() as net.AddressInfo).port));
      await heard(connection, 'half of a');
      // The end of TCP, and not of TLS.
      sockets[0].end();
      const reason = await connection.closed;
      expect(reason).toMatchObject({ kind: 'lost', error: { name: 'ConnectionTruncated' } });
      expect(reason.kind === 'lost' && reason.error).toBeInstanceOf(ConnectionTruncated);
      sockets[0].destroy();
    }
  });

  test('both ends were said under TLS, and the one of TCP does not come: it is waited for, and not for ever', async () => {
    const { port } = await serving();
    const keeper = net.createServer({ allowHalfOpen: true }, (socket) => {
      const upstream = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => {}).pipe(upstream.on('error', () => {}));
      // All but the end.
      upstream.on('data', (chunk) => socket.write(chunk));
      atEnd(() => [socket, upstream].forEach((end) => end.destroy()));
    });
    keeper.listen(0, '127.0.0.1');
    atEnd(() => keeper.close());
    await new Promise((resolve) => keeper.once('listening', resolve));
    const connection = await opened(clientAt((keeper.address() as net.AddressInfo).port));
    const { closed } = connection;
    expect(await say(connection, 'hello')).toBe('hello');
    expect(await closed).toEqual({ kind: 'done' });
  });

  test('a record that was changed on the way ends the connection', async () => {
    const { port } = await serving(own, () => NEVER);
    let towardsClient!: (socket: net.Socket) => void;
    const through = new Promise<net.Socket>((resolve) => (towardsClient = resolve));
    const meddler = net.createServer((socket) => {
      const upstream = net.connect(port, '127.0.0.1');
      socket.on('error', () => {}).pipe(upstream.on('error', () => {}));
      upstream.on('data', (chunk) => socket.write(chunk));
      socket.on('close', () => upstream.destroy());
      upstream.on('close', () => socket.destroy());
      towardsClient(socket);
    });
    meddler.listen(0, '127.0.0.1');
    atEnd(() => meddler.close());
    await new Promise((resolve) => meddler.once('listening', resolve));
    const connection = await opened(clientAt((meddler.address() as net.AddressInfo).port));
    // An application record (RFC 8446 section 5.1) whose seal nobody but the peers could make.
    (await through).write(Buffer.concat([Buffer.from([23, 3, 3, 0, 32]), Buffer.alloc(32, 1)]));
    const reason = await connection.closed;
    expect(reason).toMatchObject({ kind: 'lost', error: { name: 'ConnectionLost' } });
  });
});
