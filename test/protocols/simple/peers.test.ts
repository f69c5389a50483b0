/** The simplest protocols, and the programs that people have for them: clients of our servers, servers for our clients. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { concatMap, finalize, firstValueFrom, map, retry, take, timer, toArray, type Observable } from 'rxjs';
import {
  bytes,
  ConnectionRefused,
  gather,
  lines,
  ListenPermissionDenied,
  serve,
  utf8,
  type Bytes,
  type CloseReason,
  type Connection,
  type IpAddress,
  type Protocol,
} from 'ropewalk';
import { connect, listen } from 'ropewalk/node';
import {
  askFinger,
  askIdent,
  chargen,
  characters,
  daytime,
  discard,
  echo,
  finger,
  ident,
  qotd,
  readTime,
  time,
  type FingerQuery,
} from 'ropewalk/simple';
import { withPeers } from '../../peers.ts';

/** What a test has started; each test leaves nothing behind. */
const stops: (() => unknown)[] = [];
const stopAll = async (): Promise<void> => {
  for (const stop of stops.splice(0).toReversed()) await stop();
};
afterEach(stopAll);

/** One of our servers, once it is bound, and how its first connection ends. */
function serving(protocol: Protocol<Bytes>, endpoint = 'tcp:0:interface=127.0.0.1') {
  const server = listen(endpoint);
  let ends!: (reason: CloseReason) => void;
  const ended = new Promise<CloseReason>((resolve) => (ends = resolve));
  return new Promise<{ port: number; ended: Promise<CloseReason> }>((resolve, reject) => {
    server.address$.subscribe((address) => resolve({ port: (address as IpAddress).port, ended }));
    const running = server.pipe(serve(protocol)).subscribe({ next: ends, error: reject });
    stops.push(() => running.unsubscribe());
  });
}

/** Runs a client to its end, and gives what it prints. */
function client(command: string, argv: string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      argv,
      { encoding: 'latin1', env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' } },
      (error, output) => (error ? reject(error) : resolve(output)),
    );
    child.stdin!.end(input);
  });
}

/** Starts a server that stays in the foreground; it is stopped with the test. */
function daemon(command: string, argv: string[]): void {
  const child = spawn(command, argv, { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  stops.push(() => {
    child.kill();
    return gone;
  });
}

/**
 * Ports that nobody has, all of them different, from below those that systems hand out by themselves (32768 and up):
 * nobody takes one before the server that it is for.
 */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Dials a server that may still be starting. */
function dialUntilThere(port: number): Observable<Connection> {
  return connect(`tcp:127.0.0.1:${port}`).pipe(
    retry({
      count: 500,
      delay: (error: unknown) => {
        if (!(error instanceof ConnectionRefused)) throw error;
        return timer(10);
      },
    }),
  );
}

withPeers('nc')('our servers answer nc', () => {
  const nc = (port: number, input = ''): Promise<string> => client('nc', ['-N', '127.0.0.1', `${port}`], input);

  test('echo (RFC 862)', async () => {
    const { port, ended } = await serving(echo);
    const sent = 'hello, world\n'.repeat(10_000);
    expect(await nc(port, sent)).toBe(sent);
    expect(await ended).toEqual({ kind: 'done' });
  });

  test('discard (RFC 863)', async () => {
    const { port, ended } = await serving(discard);
    expect(await nc(port, 'hello, world\n'.repeat(10_000))).toBe('');
    expect(await ended).toEqual({ kind: 'done' });
  });

  test('chargen (RFC 864), until nc has read enough', async () => {
    const { port, ended } = await serving(chargen);
    const child = spawn('nc', ['-N', '127.0.0.1', `${port}`], { stdio: ['pipe', 'pipe', 'ignore'] });
    let heard = '';
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
      if (heard.length > 100_000) child.stdin.end();
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(await ended).toEqual({ kind: 'done' });
    const pattern = characters();
    const expected = Array.from({ length: 1000 }, () => utf8(pattern.next().value)).join('');
    expect(heard.slice(0, expected.length)).toBe(expected);
  });

  test('quote of the day (RFC 865)', async () => {
    const { port } = await serving(qotd(() => 'Rope is made by walking backwards.'));
    expect(await nc(port)).toBe('Rope is made by walking backwards.\r\n');
  });

  test('daytime (RFC 867)', async () => {
    const { port } = await serving(daytime());
    expect(await nc(port)).toMatch(/^\w+day, \w+ \d{1,2}, \d{4} \d\d:\d\d:\d\d-UTC\r\n$/);
  });

  test('time (RFC 868)', async () => {
    const { port } = await serving(time({ now: () => Date.UTC(1983, 4, 1) }));
    expect(await nc(port)).toBe('\x9c\xbcD\x80');
  });

  test('finger (RFC 1288)', async () => {
    const { port } = await serving(finger(({ user }) => `${user} is\nhere`));
    expect(await nc(port, 'joe\r\n')).toBe('joe is\r\nhere\r\n');
  });

  test('ident (RFC 1413), several requests at once', async () => {
    const { port } = await serving(
      ident(({ server }) =>
        server === 1 ? { kind: 'error', error: 'NO-USER' } : { kind: 'user', system: 'UNIX', user: 'joe' },
      ),
    );
    expect(await nc(port, '1, 2\r\n6193,23\r\nwhat?\r\n')).toBe(
      '1, 2 : ERROR : NO-USER\r\n6193, 23 : USERID : UNIX : joe\r\n0, 0 : ERROR : INVALID-PORT\r\n',
    );
  });
});

withPeers('rdate')('our time server answers rdate', () => {
  test.each([
    ['May 1, 1983', Date.UTC(1983, 4, 1), /^Sun May +1 00:00:00 UTC 1983\n$/],
    ['now', undefined, new RegExp(` ${new Date().getUTCFullYear()}\n$`)],
  ])('%s', async (_, at, printed) => {
    const { port, ended } = await serving(at === undefined ? time() : time({ now: () => at }));
    expect(await client('rdate', ['-p', '-o', `${port}`, '127.0.0.1'])).toMatch(printed);
    expect((await ended).kind).toBe('done');
  });
});

withPeers('finger')('our finger server answers finger', () => {
  test('one user, everybody, and in detail', async () => {
    const queries: FingerQuery[] = [];
    const answering = finger((query) => {
      queries.push(query);
      return 'is on holiday\nuntil Monday';
    });
    // finger knows one port, 79; another address of the loopback keeps clear of whoever has it.
    const denied = await serving(answering, 'tcp:79:interface=127.0.0.79').then(
      () => undefined,
      (error: unknown) => error,
    );
    if (denied !== undefined) {
      if (process.env.CI === 'true' || !(denied instanceof ListenPermissionDenied)) throw denied;
      process.stderr.write(`not looked at: finger as a client, ${String(denied)}\n`);
      return;
    }
    expect(await client('finger', ['joe@127.0.0.79'])).toMatch(/is on holiday\r?\nuntil Monday\r?\n/);
    await client('finger', ['@127.0.0.79']);
    await client('finger', ['-l', 'joe@127.0.0.79']);
    expect(queries).toEqual([{ user: 'joe', verbose: false }, { verbose: false }, { user: 'joe', verbose: true }]);
  });
});

withPeers('xinetd')("our clients understand xinetd's internal services", () => {
  const names = ['echo', 'discard', 'chargen', 'daytime', 'time'] as const;
  let ports: Record<string, number>;

  beforeEach(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    stops.push(() => rmSync(folder, { recursive: true }));
    const free = await freePorts(names.length);
    ports = Object.fromEntries(names.map((name, index) => [name, free[index]]));
    const service = (name: string): string => `
      service ${name}
      {
        id = ${name}-stream
        type = INTERNAL UNLISTED
        socket_type = stream
        protocol = tcp
        wait = no
        user = ${userInfo().username}
        bind = 127.0.0.1
        port = ${ports[name]}
      }`;
    const config = join(folder, 'xinetd.conf');
    writeFileSync(config, names.map(service).join('\n'));
    daemon('xinetd', ['-dontfork', '-f', config, '-pidfile', join(folder, 'pid')]);
  });

  /** Says it all, ends, and gives all that is answered. */
  const asking = (name: string, said = ''): Promise<string> =>
    firstValueFrom(
      dialUntilThere(ports[name]).pipe(
        concatMap((connection) => {
          connection.next(bytes(said));
          connection.complete();
          return connection.pipe(gather());
        }),
        map((all) => utf8(all)),
      ),
    );

  test('echo (RFC 862)', async () => {
    const said = 'hello, world\n'.repeat(10_000);
    expect(await asking('echo', said)).toBe(said);
  });

  test('discard (RFC 863)', async () => {
    expect(await asking('discard', 'hello, world\n'.repeat(10_000))).toBe('');
  });

  test('chargen (RFC 864): its ring is another, its lines are as long as ours', async () => {
    const heard = await firstValueFrom(
      dialUntilThere(ports.chargen).pipe(
        concatMap((connection) =>
          connection.pipe(
            lines().decode,
            take(300),
            toArray(),
            // It never ends by itself: a polite close would hear it out for five seconds.
            finalize(() => connection.error(new Error('enough'))),
          ),
        ),
      ),
    );
    expect(heard).toHaveLength(300);
    for (const line of heard) expect(line).toMatch(/^[\x20-\x7e]{72}$/);
  });

  test('daytime (RFC 867)', async () => {
    expect(await asking('daytime')).toMatch(/^\d\d [A-Z]{3} \d{4} \d\d:\d\d:\d\d \w+\r\n$/);
  });

  test('time (RFC 868)', async () => {
    const before = Date.now();
    const read = await firstValueFrom(
      dialUntilThere(ports.time).pipe(concatMap((connection) => connection.pipe(readTime()))),
    );
    expect(read.getTime()).toBeGreaterThan(before - 2000);
    expect(read.getTime()).toBeLessThan(Date.now() + 2000);
  });
});

withPeers('socat', 'efingerd')('our finger client understands efingerd', () => {
  test('about a user, about one who is not there, and about everybody', async () => {
    const [port] = await freePorts(1);
    daemon('socat', [`TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`, 'EXEC:efingerd -n,nofork']);
    const asking = (query: FingerQuery): Promise<string> =>
      firstValueFrom(dialUntilThere(port).pipe(concatMap((connection) => askFinger(connection, query))));
    const { username } = userInfo();
    expect(await asking({ user: username })).toMatch(new RegExp(`^${username}\n`));
    // What it says about others is up to the scripts of its administrator; their lines end as ours do.
    for (const query of [{ user: 'nobody-of-that-name' }, {}, { verbose: true }])
      expect(await asking(query)).toMatch(/^\n/);
  });
});

withPeers('oidentd')('our ident client understands oidentd', () => {
  test('whose connection this is, and whose one is not', async () => {
    const [port] = await freePorts(1);
    daemon('oidentd', ['--foreground', '--nosyslog', '--quiet', '--address', '127.0.0.1', '--port', `${port}`]);
    const server = await serving(echo);
    const [mine, identd] = [connect(`tcp:127.0.0.1:${server.port}`), dialUntilThere(port)];
    const replies = await firstValueFrom(
      mine.pipe(
        concatMap((connection) => {
          const pair = { server: (connection.local as IpAddress).port, client: server.port };
          return identd.pipe(
            concatMap((asked) => askIdent(asked.over(lines()), pair)),
            take(1),
          );
        }),
      ),
    );
    expect(replies).toEqual({ kind: 'user', system: 'UNIX', user: userInfo().username });
    const nobodys = await firstValueFrom(
      identd.pipe(concatMap((asked) => askIdent(asked.over(lines()), { server: 1, client: 2 }))),
    );
    expect(nobodys).toEqual({ kind: 'error', error: 'NO-USER' });
  });
});
