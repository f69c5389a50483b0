/** TLS in mid-stream, over whatever carries bytes, and what must not come with it. */
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join, resolve } from 'node:path';
import { asyncScheduler, first, map, type Observable } from 'rxjs';
import {
  ask,
  bytes,
  Cancelled,
  CertificateUntrusted,
  codec,
  ConnectionDone,
  ConnectionTruncated,
  lines,
  netstrings,
  NotTls,
  over,
  PlaintextInjected,
  serve,
  text,
  TlsError,
  TlsUnavailable,
  utf8,
  type Address,
  type Bytes,
  type Connection,
  type IpAddress,
  type Protocol,
} from 'ropewalk';
import { memory, pair } from 'ropewalk/memory';
import { ChildConnection, dial, fromDuplex, listen, startTls, tlsConnect, tlsListener } from 'ropewalk/node';
import { withPeers } from '../../peers.ts';
import { wire } from '../streams/world.ts';
import { atEnd, clientAt, everything, failureOf, folder, mine, opened, say, serving, warnings } from './tlsBench.ts';

const server = { server: true, privateKey: mine.privateKey, certKey: mine.certificate } as const;
const client = { servername: 'localhost', ca: mine.ca };

/** A server of lines that begins TLS when it is asked to, and tells what it heard. */
async function lineServerAt(endpoint: string): Promise<{ address: Address; heard: string[]; ends: unknown[] }> {
  const told: string[] = [];
  const ends: unknown[] = [];
  const listening = listen(endpoint);
  const bound = new Promise<Address>((resolve) => listening.address$.subscribe(resolve));
  const running = listening.subscribe((connection) => {
    connection.closed.addCallback((reason) => void ends.push(reason.kind === 'done' ? 'done' : reason.error));
    const duplex = connection.over(lines());
    duplex.subscribe({
      next(line) {
        told.push(connection.tls ? `${line} (secure)` : line);
        if (line !== 'STARTTLS') return duplex.next(`you said ${line}`);
        duplex.next('220 ready');
        duplex.startTls(server).addErrback(() => {});
      },
      error: () => {},
      complete: () => duplex.complete(),
    });
  });
  atEnd(() => running.unsubscribe());
  return { address: await bound, heard: told, ends };
}

async function lineServer(): Promise<{ port: number; heard: string[]; ends: unknown[] }> {
  const { address, ...rest } = await lineServerAt('tcp:0:interface=127.0.0.1');
  return { port: (address as IpAddress).port, ...rest };
}

const tcpTo = (port: number): Promise<Connection> => opened(`tcp:127.0.0.1:${port}`);

describe('startTls', () => {
  test('in mid-stream on both sides (RFC 3207): the same connection and the same layers go on, under TLS', async () => {
    const { port, heard: atServer } = await lineServer();
    const connection = await tcpTo(port);
    const mail = connection.over(lines());
    expect(await ask(mail, 'hello')).toBe('you said hello');
    expect(connection.tls).toBeUndefined();
    expect(await ask(mail, 'STARTTLS')).toBe('220 ready');
    const agreed = mail.startTls(client);
    // What is written before the handshake is over waits for it.
    expect(await ask(mail, 'secret')).toBe('you said secret');
    expect(await agreed).toMatchObject({ version: 'TLSv1.3', servername: 'localhost' });
    expect(connection.tls).toBe(await agreed);
    expect(atServer).toEqual(['hello', 'STARTTLS', 'secret (secure)']);
    mail.complete();
  });

  test('the tour: what it returns can be subscribed to', async () => {
    const { port, heard: atServer } = await lineServer();
    const mail = (await tcpTo(port)).over(lines());
    const answer = await new Promise((resolve, reject) => {
      mail.next('STARTTLS');
      mail.pipe(first()).subscribe(() => {
        mail.startTls(client).subscribe({
          next() {
            mail.pipe(first()).subscribe(resolve);
            mail.next('EHLO me');
          },
          error: reject,
        });
      });
    });
    expect(answer).toBe('you said EHLO me');
    expect(atServer).toEqual(['STARTTLS', 'EHLO me (secure)']);
  });

  test('who is not believed ends the connection; closed tells it, too', async () => {
    const { port } = await lineServer();
    const connection = await tcpTo(port);
    const mail = connection.over(lines());
    await ask(mail, 'STARTTLS');
    const error = await failed(connection.startTls({ servername: 'localhost' }));
    expect(error).toBeInstanceOf(CertificateUntrusted);
    expect(await connection.closed).toEqual({ kind: 'lost', error });
  });

  test('cancelling aborts', async () => {
    const connection = await tcpTo((await lineServer()).port);
    const upgrade = connection.startTls(client);
    const told = failed(upgrade);
    upgrade.cancel();
    expect(await told).toBeInstanceOf(Cancelled);
    expect(await connection.closed).toMatchObject({ kind: 'aborted', error: { name: 'Cancelled' } });
  });

  test('after one side has ended it cannot begin, and nothing happens', async () => {
    const connection = await tcpTo((await lineServer()).port);
    connection.complete();
    expect(await failed(connection.startTls(client))).toBeInstanceOf(ConnectionDone);
    expect(await connection.closed).toEqual({ kind: 'done' });
  });

  test('where the platform has no TLS it is TlsUnavailable, and startTls of ropewalk/node helps', async () => {
    const [near, far] = pair();
    expect(await failed(near.startTls(client))).toBeInstanceOf(TlsUnavailable);
    expect(near.state.phase).toBe('open');
    far.subscribe(far);
    startTls(far, server);
    await startTls(near, client);
    expect(await say(near, 'hello')).toBe('hello');
    letGo(near, far);
  });

  test('complete() in the middle of the handshake: all that was written is sent under TLS, then the end', async () => {
    const [near, far] = pair();
    const received = everything(far);
    startTls(far, server);
    startTls(near, client);
    near.next(bytes('last words'));
    near.complete();
    expect(await received).toBe('last words');
    far.complete();
    expect(await near.closed).toEqual({ kind: 'done' });
  });
});

/** Both ends of a wire in memory stay open, and held, until somebody ends them. */
function letGo(...connections: readonly Connection[]): void {
  for (const connection of connections) connection.error(new Error('the test is over'));
}

describe('what came in the clear is never taken for what comes under TLS (CVE-2011-0411)', () => {
  /** Sends `injected` as somebody in between can: before the client's handshake. */
  async function inject(injected: string): Promise<{ heard: string[]; ends: unknown[] }> {
    const { port, heard: atServer, ends } = await lineServer();
    const connection = await tcpTo(port);
    const closed = connection.closed;
    connection.next(bytes(injected));
    await heardOrClosed(connection);
    connection.startTls(client).addErrback(() => {});
    connection.next(bytes('QUIT\r\n'));
    await closed;
    await until(() => ends.length === 1);
    return { heard: atServer, ends };
  }

  test('a command behind STARTTLS in one packet: it is not heard, and the connection is cut off', async () => {
    const { heard: atServer, ends } = await inject('STARTTLS\r\nRCPT TO:<mallory>\r\n');
    expect(atServer).toEqual(['STARTTLS']);
    expect(ends).toEqual([expect.any(PlaintextInjected)]);
  });

  test('half a command behind STARTTLS, to which the first words under TLS would be added', async () => {
    const { heard: atServer, ends } = await inject('STARTTLS\r\nRCPT TO:<mallory>');
    expect(atServer).toEqual(['STARTTLS']);
    expect(ends).toEqual([expect.any(PlaintextInjected)]);
  });

  test.each<[string, Protocol<Bytes>, Bytes]>([
    ['lines served without a duplex', upgrading(lines()), bytes('go\r\nevil\r\n')],
    ['half a line served without a duplex', upgrading(lines()), bytes('go\r\nev')],
    ['netstrings', upgrading(netstringsOfText()), bytes('2:go,4:evil,')],
    ['half a netstring', upgrading(netstringsOfText()), bytes('2:go,4:ev')],
    ['half a character', upgrading(text()), Uint8Array.of(...bytes('go'), 0xc3)],
  ])('%s', async (_name, protocol, injected) => {
    const ends: unknown[] = [];
    const listening = listen('tcp:0:interface=127.0.0.1');
    const port = new Promise<number>((resolve) =>
      listening.address$.subscribe((address) => resolve((address as IpAddress).port)),
    );
    const running = listening
      .pipe(serve(protocol))
      .subscribe((reason) => ends.push(reason.kind === 'done' ? 'done' : reason.error));
    atEnd(() => running.unsubscribe());
    const connection = await tcpTo(await port);
    connection.next(injected);
    connection.flush();
    await heardOrClosed(connection);
    connection.startTls(client).addErrback(() => {});
    connection.next(bytes('il\r\n'));
    await until(() => ends.length === 1);
    expect(ends).toEqual([expect.any(PlaintextInjected)]);
  });

  test('what waits, decoded, and nobody has heard (an answer injected into a client)', async () => {
    const [near, far] = pair();
    const mail = near.over(lines());
    far.next(bytes('220 ready\r\n250 AUTH=PLAIN\r\n'));
    expect(await ask(mail, 'STARTTLS')).toBe('220 ready');
    expect(await failed(startTls(near, client))).toBeInstanceOf(PlaintextInjected);
    expect(await near.closed).toMatchObject({ kind: 'aborted', error: { name: 'PlaintextInjected' } });
    letGo(far);
  });

  test('what waits, not decoded, belongs to TLS: a handshake that came early begins it, anything else ends it', async () => {
    const [near, far] = pair();
    startTls(near, client);
    await until(() => far.state.bytesReceived > 0);
    await startTls(far, server);
    far.subscribe(far);
    expect(await say(near, 'hello')).toBe('hello');

    const [mallory, victim] = pair();
    mallory.next(bytes('RCPT TO:<mallory>\r\n'));
    await until(() => victim.state.bytesReceived > 0);
    expect(await failed(startTls(victim, server))).toBeInstanceOf(NotTls);
    letGo(near, far, mallory, victim);
  });

  test('without anything injected all of these go on under TLS', async () => {
    const [near, far] = pair();
    const heardFar: string[] = [];
    over(
      netstringsOfText(),
      map((message: string) => {
        heardFar.push(message);
        if (message === 'go') {
          far.next(bytes('5:ready,'));
          startTls(far, server);
        }
        return message;
      }),
    )(far, far).subscribe(far);
    const duplex = near.over(netstringsOfText());
    expect(await ask(duplex, 'go')).toBe('ready');
    await startTls(near, client);
    expect(await ask(duplex, 'on')).toBe('go');
    expect(heardFar).toEqual(['go', 'on']);
    letGo(near, far);
  });
});

describe('TLS over streams and processes: their own platform has it', () => {
  test('a pair of Node streams: connection.startTls on both sides, and both ends are said under TLS', async () => {
    const [near, far] = wire().map((stream) => fromDuplex(stream));
    far.subscribe(far);
    const agreed = await Promise.all([near.startTls(client), far.startTls(server)]);
    expect(agreed).toMatchObject([{ version: 'TLSv1.3' }, { servername: 'localhost' }]);
    const sent = 'hello '.repeat(50_000);
    expect(await say(near, sent)).toBe(sent);
    expect([await near.closed, await far.closed]).toEqual([{ kind: 'done' }, { kind: 'done' }]);
  });

  test('a pair of Node streams: one that is cut is ConnectionTruncated, in order below as it may be (RFC 8446 section 6.1)', async () => {
    const [stream, cut] = wire();
    const near = fromDuplex(stream);
    const far = fromDuplex(cut);
    await Promise.all([near.startTls(client), far.startTls(server)]);
    const closed = near.closed;
    near.subscribe({ error: () => {} });
    cut.end();
    expect(await closed).toMatchObject({ kind: 'lost', error: expect.any(ConnectionTruncated) });
  });

  test('a child process that carries bytes: in mid-stream, to a server behind it', async () => {
    const path = join(folder(), 'lines.sock');
    const { heard: atServer } = await lineServerAt(`unix:${path}`);
    const child = await dial({
      type: 'exec',
      command: process.execPath,
      args: [resolve('test/node/programs/relay.cjs'), path],
    });
    const mail = child.over(lines());
    expect(await ask(mail, 'hello')).toBe('you said hello');
    expect(await ask(mail, 'STARTTLS')).toBe('220 ready');
    expect(await mail.startTls(client)).toMatchObject({ version: 'TLSv1.3', servername: 'localhost' });
    expect(await ask(mail, 'secret')).toBe('you said secret');
    expect(atServer).toEqual(['hello', 'STARTTLS', 'secret (secure)']);
    mail.complete();
    mail.subscribe();
    expect(await child.closed).toEqual({ kind: 'done' });
    expect(await child.exit).toEqual({ code: 0, signal: undefined });
  });

  test('rule 6: a child process that works on after both ends were said under TLS is waited for, and ends by itself', async () => {
    const path = join(folder(), 'lines.sock');
    await lineServerAt(`unix:${path}`);
    const works = `process.stdin.on('end', () => setTimeout(() => {}, 800)); process.argv.splice(1, 0, ''); require(process.argv[3]);`;
    const child = await dial({
      type: 'exec',
      command: process.execPath,
      args: ['-e', works, path, resolve('test/node/programs/relay.cjs')],
    });
    const mail = child.over(lines());
    expect(await ask(mail, 'STARTTLS')).toBe('220 ready');
    await mail.startTls(client);
    mail.complete();
    mail.subscribe();
    expect(await child.closed).toEqual({ kind: 'done' });
    expect(await child.exit).toEqual({ code: 0, signal: undefined });
  });

  test('a child process that dies in the middle of the handshake: it fails with that', async () => {
    const child = await dial('exec:cat:args=/dev/null');
    const error = await failed(child.startTls(client));
    expect(error).toBeInstanceOf(TlsError);
    expect(await child.closed).toEqual({ kind: 'lost', error });
  });
});

withPeers('socat')('TLS over a child process', () => {
  test('tls:HOST:PORT:endpoint=exec\\:socat...: socat dials, and the server proves its name through it', async () => {
    const { port, ended } = await serving();
    const ca = join(folder(), 'root.pem');
    writeFileSync(ca, mine.ca);
    const way = `exec\\:socat\\:args=- TCP\\\\\\:127.0.0.1\\\\\\:${port}`;
    const connection = await opened(`tls:localhost:${port}:ca=${ca}:endpoint=${way}`);
    expect(connection).toBeInstanceOf(ChildConnection);
    expect(connection.tls).toMatchObject({ version: 'TLSv1.3', servername: 'localhost' });
    const sent = 'hello '.repeat(50_000);
    expect(await say(connection, sent)).toBe(sent);
    expect(await connection.closed).toEqual({ kind: 'done' });
    expect(await ended).toEqual({ kind: 'done' });
    expect((await failureOf(`tls:localhost:${port}:endpoint=${way}`)).name).toBe('CertificateUntrusted');
  });

  test('TLS in the TLS of socat: startTls within what the child process has secured already', async () => {
    const { port } = await serving(undefined, (incoming, connection) => {
      startTls(connection, server);
      return incoming;
    });
    const child = await dial({
      type: 'exec',
      command: 'socat',
      args: ['-', `OPENSSL:127.0.0.1:${port},verify=0`],
    });
    expect(child.tls).toBeUndefined();
    expect(await child.startTls(client)).toMatchObject({ servername: 'localhost' });
    expect(await say(child, 'hello')).toBe('hello');
  });
});

describe('TLS over any connection', () => {
  test('TLS in TLS', async () => {
    const { port } = await serving(undefined, (incoming, connection) => {
      startTls(connection, server);
      return incoming;
    });
    const connection = await opened(clientAt(port));
    const outer = connection.tls;
    await connection.startTls(client);
    expect(connection.tls).not.toBe(outer);
    const sent = 'hello '.repeat(50_000);
    expect(await say(connection, sent)).toBe(sent);
    expect(await connection.closed).toEqual({ kind: 'done' });
  });

  test('through another endpoint: tls:HOST:PORT:endpoint=..., whose colons are escaped', async () => {
    const { port } = await serving();
    // A tunnel that knows nothing of TLS.
    const tunnel = net.createServer({ allowHalfOpen: true }, (socket) => {
      const upstream = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => {}).pipe(upstream.on('error', () => {}));
      upstream.pipe(socket);
    });
    tunnel.listen(0, '127.0.0.1');
    atEnd(() => tunnel.close());
    await new Promise((resolve) => tunnel.once('listening', resolve));
    const tunnelPort = (tunnel.address() as net.AddressInfo).port;
    const through = `tcp\\:127.0.0.1\\:${tunnelPort}`;
    expect((await failureOf(`tls:localhost:1:endpoint=${through}`)).name).toBe('CertificateUntrusted');
    const connection = await opened({
      type: 'tls',
      host: 'localhost',
      port: 1,
      ca: mine.ca,
      endpoint: `tcp:127.0.0.1:${tunnelPort}`,
    });
    expect((connection.remote as IpAddress).port).toBe(tunnelPort);
    expect(await say(connection, 'hello')).toBe('hello');
  });

  test('in memory, much of it, and with pressure: what nobody reads stays where it was sent from', async () => {
    const world = memory(asyncScheduler);
    const accepted: Connection[] = [];
    const running = tlsListener(world.listen('memory:x'), { ...server }).subscribe((connection) =>
      accepted.push(connection),
    );
    atEnd(() => running.unsubscribe());
    const connection = await new Promise<Connection>((resolve, reject) => {
      const dialling = tlsConnect(world.connect('memory:x'), client).subscribe({ next: resolve, error: reject });
      atEnd(() => dialling.unsubscribe());
    });
    await until(() => accepted.length === 1);
    // Nothing that could be held feeds it: a warning says so.
    warnings();
    connection.next(new Uint8Array(8 << 20));
    connection.complete();
    await heardNothing();
    expect(connection.state.unsent).toBeGreaterThan(7 << 20);
    expect(accepted[0].state.bytesReceived).toBeLessThanOrEqual(65_536);
    let length = 0;
    await new Promise<void>((resolve, reject) => {
      accepted[0].subscribe({ next: (chunk) => (length += chunk.length), complete: resolve, error: reject });
    });
    expect(length).toBe(8 << 20);
    accepted[0].complete();
    expect(await connection.closed).toEqual({ kind: 'done' });
  });
});

function netstringsOfText(): ReturnType<typeof codec<Bytes, string>> {
  const { decode, encode } = netstrings();
  return codec<Bytes, string>(
    (source) => decode(source).pipe(map((message) => utf8(message))),
    (source: Observable<string>) => encode(source.pipe(map((message) => bytes(message)))),
  );
}

/** Says each message back; at `go` it says that it is ready, and begins TLS. */
function upgrading(layer: ReturnType<typeof codec<Bytes, string>>): Protocol<Bytes> {
  return over(layer, (incoming, connection) =>
    incoming.pipe(
      map((message) => {
        if (message === 'go') {
          connection.next(bytes('ready'));
          startTls(connection, server).addErrback(() => {});
        }
        return message;
      }),
    ),
  );
}

async function failed(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

/** Waits for an answer, or the end. */
async function heardOrClosed(connection: Connection): Promise<void> {
  await new Promise<void>((resolve) => {
    connection.pipe(first()).subscribe({ next: () => resolve(), error: () => resolve(), complete: () => resolve() });
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Several turns, in which whatever should not happen could. */
async function heardNothing(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
}
