import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, identity, type Observable } from 'rxjs';
import {
  AddressInUse,
  AddressUnavailable,
  bytes,
  Cancelled,
  ConnectError,
  ConnectionRefused,
  ConnectTimeout,
  EndpointError,
  gather,
  ListenError,
  ListenPermissionDenied,
  onWarning,
  serve,
  UnknownHost,
  utf8,
  type Address,
  type CloseReason,
  type IpAddress,
  type RopewalkWarning,
} from 'ropewalk';
import { memory } from 'ropewalk/memory';
import { connect, dial, listen, type ConnectTo, type ListenAt } from 'ropewalk/node';
import { start, talk } from '../examples/program.ts';

/** What a test has started; each test leaves nothing behind. */
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0).toReversed()) stop();
});

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  stops.push(() => rmSync(path, { recursive: true }));
  return path;
};

/** An echo server, once it is bound. */
function serving(endpoint: ListenAt): Promise<Address> {
  return new Promise((resolve, reject) => {
    const server = listen(endpoint);
    server.address$.subscribe(resolve);
    const running = server.pipe(serve(identity)).subscribe({ error: reject });
    stops.push(() => running.unsubscribe());
  });
}

async function portOf(endpoint: ListenAt): Promise<number> {
  return ((await serving(endpoint)) as IpAddress).port;
}

/** Says hello, ends, and gives what is answered. */
function greet(endpoint: ConnectTo): Promise<string> {
  return new Promise((resolve, reject) => {
    connect(endpoint).subscribe({
      next(connection) {
        connection.pipe(gather()).subscribe({ next: (all) => resolve(utf8(all)), error: reject });
        connection.next(bytes('hello'));
        connection.complete();
      },
      error: reject,
    });
  });
}

/** What listening, or dialling, fails with. */
function failureOf(source: Observable<unknown>): Promise<Error & { code?: string }> {
  return new Promise((resolve, reject) => {
    const running = source.subscribe({
      next: () => reject(new Error('it did not fail')),
      error: resolve,
    });
    stops.push(() => running.unsubscribe());
  });
}

/** What is warned while `work` runs. */
async function warnedDuring(work: () => Promise<unknown>): Promise<RopewalkWarning[]> {
  const warnings: RopewalkWarning[] = [];
  const before = onWarning((warning) => warnings.push(warning));
  try {
    await work();
  } finally {
    onWarning(before);
  }
  return warnings;
}

/** A port whose queue of waiting connections is full: whoever dials it waits for ever. */
async function fullPort(): Promise<number> {
  // A stopped process accepts nobody, and the kernel keeps as many waiting as `backlog` says, and one more.
  const program = `
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port));
      process.kill(process.pid, 'SIGSTOP');
    });`;
  const child: ChildProcess = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  stops.push(() => child.kill('SIGKILL'));
  const port = Number(await new Promise<string>((resolve) => child.stdout!.setEncoding('utf8').once('data', resolve)));
  for (let waiting = 0; waiting < 2; waiting++) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {});
    stops.push(() => socket.destroy());
    await new Promise((resolve) => {
      socket.once('connect', resolve);
    });
  }
  return port;
}

describe('an endpoint may be said in every form', () => {
  test('tcp: as text and as a value', async () => {
    const port = await portOf({ type: 'tcp', port: 0, interface: '127.0.0.1', backlog: 5 });
    expect(await greet({ type: 'tcp', host: '127.0.0.1', port, timeout: 5000, bindAddress: '127.0.0.1' })).toBe(
      'hello',
    );
    expect(await greet(`tcp:127.0.0.1:${port}:timeout=5000`)).toBe('hello');
    expect(await greet(`TCP:port=${port}:host=localhost`)).toBe('hello');
  });

  test('unix: as text and as a value; the file goes when listening ends', async () => {
    const path = join(folder(), 'a:b=c');
    expect(String(await serving({ type: 'unix', path }))).toBe(path);
    expect(await greet({ type: 'unix', path })).toBe('hello');
    expect(await greet(`unix:${path.replaceAll(':', '\\:').replaceAll('=', '\\=')}`)).toBe('hello');
    stops.pop()?.();
    expect(existsSync(path)).toBe(false);
  });

  test('one of your own is a value with `listen` or `connect`', async () => {
    const world = memory();
    expect(String(await serving({ listen: () => world.listen('memory:mine') }))).toBe('mine');
    expect(await greet({ connect: () => world.connect('memory:mine') })).toBe('hello');
  });

  test('what makes no sense throws an EndpointError at once', () => {
    for (const nonsense of ['nonsense', 'nonsense:1', 'tcp:', 'tcp:80:colour=red', 'constructor:1'])
      for (const use of [listen, connect, dial] as ((at: string) => unknown)[])
        expect(() => use(nonsense)).toThrow(EndpointError);
    expect(() => listen('udp:53')).toThrow(
      /^unknown endpoint type udp:, expected one of tcp:, tcp6:, tls:, unix:, .*:, at column 1 of the endpoint\n {2}udp:53\n {2}\^$/,
    );
    expect(() => connect('tcp6:[::1]:80')).toThrow('unknown endpoint type tcp6:, expected one of tcp:, tls:, unix:, ');
  });
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

describe('IPv4 and IPv6', () => {
  beforeAll(() => {
    if (!hasIpv6) process.stderr.write('not looked at: IPv6, this machine has none\n');
  });

  test('tcp:0 serves both, and says addresses as people write them', async () => {
    const port = await portOf('tcp:0');
    expect(await greet(`tcp:127.0.0.1:${port}`)).toBe('hello');
    if (hasIpv6) expect(await greet(`tcp:\\:\\:1:${port}`)).toBe('hello');
    const seen = await new Promise<string[]>((resolve, reject) => {
      connect(`tcp:127.0.0.1:${port}`).subscribe({
        next(connection) {
          resolve([String(connection.remote), (connection.local as IpAddress).host]);
          connection.complete();
        },
        error: reject,
      });
    });
    expect(seen).toEqual([`127.0.0.1:${port}`, '127.0.0.1']);
  });

  test('tcp6 alone leaves the port free for IPv4', async () => {
    if (!hasIpv6) return;
    const port = await portOf('tcp6:0');
    expect(await greet(`tcp:\\:\\:1:${port}`)).toBe('hello');
    expect(await failureOf(connect(`tcp:127.0.0.1:${port}`))).toBeInstanceOf(ConnectionRefused);
    await serving(`tcp:${port}:interface=0.0.0.0`);
    expect(await greet(`tcp:127.0.0.1:${port}`)).toBe('hello');
  });
});

describe('what fails when listening says what was being done, and where', () => {
  test('AddressInUse: a port, and a path, that somebody has', async () => {
    const port = await portOf('tcp:0:interface=127.0.0.1');
    const endpoint = `tcp:${port}:interface=127.0.0.1`;
    const failure = await failureOf(listen(endpoint));
    expect(failure).toBeInstanceOf(AddressInUse);
    expect(failure).toMatchObject({ code: 'EADDRINUSE', cause: { code: 'EADDRINUSE', syscall: 'listen' } });
    expect(failure.message).toBe(`listening at ${endpoint}: somebody listens there already (EADDRINUSE)`);
    const path = join(folder(), 'socket');
    await serving(`unix:${path}`);
    expect(await failureOf(listen(`unix:${path}`))).toBeInstanceOf(AddressInUse);
    expect(await greet(`unix:${path}`)).toBe('hello');
  });

  test("AddressUnavailable: not one of this machine's addresses, a name that has none, no such folder", async () => {
    const foreign = await failureOf(listen('tcp:0:interface=192.0.2.1'));
    expect(foreign).toBeInstanceOf(AddressUnavailable);
    expect(foreign.message).toBe(
      "listening at tcp:0:interface=192.0.2.1: that is not one of this machine's addresses (EADDRNOTAVAIL)",
    );
    expect(await failureOf(listen('tcp:0:interface=nobody.invalid'))).toBeInstanceOf(AddressUnavailable);
    const path = join(folder(), 'no', 'socket');
    const nowhere = await failureOf(listen(`unix:${path}`));
    expect(nowhere).toBeInstanceOf(AddressUnavailable);
    expect(nowhere.message).toBe(`listening at unix:${path}: there is no such folder (ENOENT)`);
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    expect(await failureOf(listen(`unix:${file}/socket`))).toBeInstanceOf(AddressUnavailable);
  });

  test('ListenPermissionDenied: a folder that may not be written', async () => {
    const closed = folder();
    chmodSync(closed, 0o555);
    // Root may write everywhere; for this moment it is somebody else.
    const root = process.getuid?.() === 0;
    if (root) process.seteuid!(65_534);
    try {
      const failure = await failureOf(listen(`unix:${closed}/socket`));
      expect(failure).toBeInstanceOf(ListenPermissionDenied);
      expect(failure).toMatchObject({ code: 'EACCES', cause: { code: 'EACCES' } });
      expect(failure.message).toBe(`listening at unix:${closed}/socket: the system forbids it (EACCES)`);
    } finally {
      if (root) process.seteuid!(0);
    }
  });

  test('a mode that cannot be set is a ListenError, and nothing stays bound', async () => {
    // An abstract socket has no file.
    const failure = await failureOf(listen({ type: 'unix', path: `\0ropewalk-${process.pid}`, mode: 0o600 }));
    expect(failure).toBeInstanceOf(ListenError);
    await serving({ type: 'unix', path: `\0ropewalk-${process.pid}` });
  });
});

describe('what fails when dialling says what was being done, and with whom', () => {
  test('ConnectionRefused: a port where nobody listens, by address and by name; a path without a socket', async () => {
    const port = await portOf('tcp:0:interface=127.0.0.1');
    stops.pop()?.();
    const failure = await failureOf(connect(`tcp:127.0.0.1:${port}`));
    expect(failure).toBeInstanceOf(ConnectionRefused);
    expect(failure).toMatchObject({ code: 'ECONNREFUSED', cause: { code: 'ECONNREFUSED', port } });
    expect(failure.message).toBe(`connecting to tcp:127.0.0.1:${port}: nobody listens there (ECONNREFUSED)`);
    expect(await failureOf(connect(`tcp:localhost:${port}`))).toBeInstanceOf(ConnectionRefused);
    const path = join(folder(), 'socket');
    const missing = await failureOf(connect(`unix:${path}`));
    expect(missing).toBeInstanceOf(ConnectionRefused);
    expect(missing.message).toBe(`connecting to unix:${path}: there is no such socket (ENOENT)`);
    writeFileSync(path, 'not a socket');
    expect(await failureOf(connect(`unix:${path}`))).toBeInstanceOf(ConnectionRefused);
  });

  test('UnknownHost: a name that has no address', async () => {
    const failure = await failureOf(connect('tcp:nobody.invalid:80'));
    expect(failure).toBeInstanceOf(UnknownHost);
    expect(failure).toMatchObject({ cause: { syscall: 'getaddrinfo', hostname: 'nobody.invalid' } });
    expect(failure.message).toMatch(/^connecting to tcp:nobody\.invalid:80: that name .* \(E\w+\)$/);
  });

  test('ConnectTimeout: nobody answers in the time that was given', async () => {
    const endpoint = `tcp:127.0.0.1:${await fullPort()}:timeout=50`;
    const failure = await failureOf(connect(endpoint));
    expect(failure).toBeInstanceOf(ConnectTimeout);
    expect(failure).toMatchObject({ code: 'ETIMEDOUT' });
    expect(failure.message).toBe(`connecting to ${endpoint}: no answer in 50 ms`);
  });

  test('an address of this machine that is not one is a ConnectError', async () => {
    const port = await portOf('tcp:0:interface=127.0.0.1');
    const failure = await failureOf(connect(`tcp:127.0.0.1:${port}:bindAddress=192.0.2.1`));
    expect(failure).toBeInstanceOf(ConnectError);
    expect(failure).toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});

describe('giving up', () => {
  const sockets = (): number => process.getActiveResourcesInfo().filter((it) => it === 'TCPSocketWrap').length;

  test('cancel() of a dial, and unsubscribing, stop it', async () => {
    const endpoint = `tcp:127.0.0.1:${await fullPort()}`;
    const before = sockets();
    const dialling = dial(endpoint);
    const subscribed = connect(endpoint).subscribe();
    await new Promise(setImmediate);
    expect(sockets()).toBe(before + 2);
    const failure = new Promise((resolve) => dialling.addErrback(resolve));
    dialling.cancel();
    subscribed.unsubscribe();
    expect(await failure).toBeInstanceOf(Cancelled);
    await new Promise(setImmediate);
    expect(sockets()).toBe(before);
  });

  test('firstValueFrom(connect(...)) closes the connection at once, and a ConnectionDropped is warned', async () => {
    const server = listen('tcp:0:interface=127.0.0.1');
    const ended = new Promise<CloseReason>((resolve) => {
      const running = server.pipe(serve(identity)).subscribe(resolve);
      stops.push(() => running.unsubscribe());
    });
    const { port } = (await firstValueFrom(server.address$)) as IpAddress;
    const warnings = await warnedDuring(async () => {
      const connection = await firstValueFrom(connect(`tcp:127.0.0.1:${port}`));
      expect(await ended).toEqual({ kind: 'done' });
      expect(await connection.closed).toEqual({ kind: 'done' });
    });
    expect(warnings).toEqual([expect.objectContaining({ name: 'ConnectionDropped' })]);
    expect(warnings[0].message).toContain(
      `the connection to tcp:127.0.0.1:${port} was unsubscribed as soon as it came`,
    );
  });
});

describe('unix modes', () => {
  test.each(['600', '660', '0777'])('mode=%s is who may connect', async (mode) => {
    const path = join(folder(), 'socket');
    await serving(`unix:${path}:mode=${mode}`);
    expect(statSync(path).mode & 0o7777).toBe(parseInt(mode, 8));
  });
});

describe('too many files', () => {
  test('listening goes on; dialling and listening give errors of their own', async () => {
    const program = start('test/node/programs/files.ts', { files: 64 });
    const port = Number((await program.prints(/^at 127\.0\.0\.1:(\d+)$/m))[1]);
    program.say('use up');
    await program.prints(/^used up$/m);
    // Whether the system lets it wait or shuts the door is the system's affair.
    const waiting = net.connect(port, '127.0.0.1').on('error', () => {});
    await new Promise((resolve) => {
      waiting.once('connect', resolve);
    });
    program.say('dial');
    await program.prints(/^dialled: ConnectTooManyFiles: connecting to tcp:127\.0\.0\.1:9: .* \(EMFILE\)$/m);
    program.say('listen');
    await program.prints(/^listened: ListenTooManyFiles: listening at tcp:0:interface=127\.0\.0\.1: .* \(EMFILE\)$/m);
    program.say('let go');
    await program.prints(/^let go$/m);
    waiting.destroy();
    expect(await talk(port, 'hello')).toBe('hello');
    program.say('exit');
    expect(await program.exit).toBe(0);
  });

  test('a connection that cannot be accepted is warned about, and listening goes on', async () => {
    // Node 20 shuts the door by itself when it is out of files, and tells nobody; other failures it tells like this.
    const spy = jest.spyOn(net, 'createServer');
    stops.push(() => spy.mockRestore());
    const port = await portOf('tcp:0:interface=127.0.0.1');
    const cause = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    const warnings = await warnedDuring(async () => (spy.mock.results[0].value as net.Server).emit('error', cause));
    expect(warnings).toEqual([expect.objectContaining({ name: 'AcceptFailed', cause })]);
    expect(warnings[0].message).toBe(`tcp:0:interface=127.0.0.1 could not accept a connection: accept EMFILE`);
    expect(await greet(`tcp:127.0.0.1:${port}`)).toBe('hello');
  });
});
