/** Programs to talk to, and servers to talk through: what the tests of proxies have in common. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatMap, defer, firstValueFrom, map, retry, take, timer, type Observable } from 'rxjs';
import {
  bytes,
  ConnectionRefused,
  gather,
  serve,
  utf8,
  type Bytes,
  type Connection,
  type IpAddress,
  type Protocol,
} from 'ropewalk';
import { dial, listen } from 'ropewalk/node';

/** What a test has started; each test leaves nothing behind. */
const stops: (() => unknown)[] = [];

/** Stops it all, last things first. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) await stop();
}

/** Serves, and gives the port once it is bound. */
export function serving(
  protocol: Protocol<Bytes>,
  endpoint: Parameters<typeof listen>[0] = 'tcp:0:interface=127.0.0.1',
): Promise<number> {
  const server = listen(endpoint);
  return new Promise((resolve, reject) => {
    server.address$.subscribe((address) => resolve((address as IpAddress).port));
    const running = server.pipe(serve(protocol)).subscribe({ error: reject });
    stops.push(() => running.unsubscribe());
  });
}

/** A web server of one page, which says what `say` says of the connection. */
export function page(say: (connection: Connection) => string): Protocol<Bytes> {
  return (incoming, connection) =>
    incoming.pipe(
      take(1),
      map(() => bytes(`HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n${say(connection)}`)),
    );
}

/** Asks a page of such a server, on a connection of ours. */
export function ask(dialled: Observable<Connection>): Promise<string> {
  return firstValueFrom(
    dialled.pipe(
      concatMap((connection) => {
        connection.next(bytes('GET / HTTP/1.0\r\n\r\n'));
        return connection.pipe(gather({ max: 1 << 20 }));
      }),
      map((answer) => utf8(answer).replace(/^[^]*?\r\n\r\n/, '')),
    ),
  );
}

/** Runs a program to its end; its exit code, and what it prints. */
export function run(command: string, ...argv: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(command, argv, { encoding: 'utf8', timeout: 20_000 }, (error, output) =>
      resolve({ code: error === null ? 0 : Number(error.code), output }),
    );
  });
}

/** Starts a server that stays in the foreground; it is stopped with the test. */
export function daemon(command: string, ...argv: string[]): void {
  const child = spawn(command, argv, { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  stops.push(() => {
    child.kill('SIGKILL');
    return gone;
  });
}

/** A file with this in it, until the test is over. */
export function file(name: string, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-proxies-'));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A port that nobody has, from below those that systems hand out by themselves. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer()
        .once('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** Resolves once somebody listens on a port: a server may still be starting. */
export async function listening(port: number): Promise<void> {
  const dialled = defer(() => dial(`tcp:127.0.0.1:${port}`)).pipe(
    retry({
      count: 500,
      delay(error: unknown) {
        if (!(error instanceof ConnectionRefused)) throw error;
        return timer(10);
      },
    }),
  );
  const connection = await firstValueFrom(dialled);
  connection.complete();
  await connection.closed;
}
