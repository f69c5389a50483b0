import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identity } from 'rxjs';
import { AddressInUse, bytes, ConnectionRefused, gather, serve, utf8, type PathAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { connect, dial, listen } from 'ropewalk/node';
import { python, withPeers } from '../peers.ts';
import { openThings } from './openThings.ts';
import { where } from './thisMachine.ts';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('Unix sockets keep the contract of a Duplex', () => {
  let sockets = 0;
  const cases = complianceOf({
    listen,
    connect,
    endpoint: () => `unix:${join(folder, `${++sockets}.sock`)}`,
    reach: (address) => `unix:${(address as PathAddress).path}`,
    // A Unix socket has no reset: a peer that goes away looks like one that has ended.
    can: { reset: false, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

/** An echo server, once it is bound; rejects if it cannot be. */
function serving(endpoint: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const listener = listen(endpoint);
    listener.address$.subscribe(() => resolve(() => running.unsubscribe()));
    const running = listener.pipe(serve(identity)).subscribe({ error: reject });
  });
}

async function greet(endpoint: string): Promise<string> {
  const connection = await dial(endpoint);
  const answer = new Promise<string>((resolve, reject) =>
    connection.pipe(gather()).subscribe({ next: (all) => resolve(utf8(all)), error: reject }),
  );
  connection.next(bytes('hello'));
  connection.complete();
  return answer;
}

/** What a server that was killed leaves behind. */
function stale(name: string): string {
  const path = join(folder, name);
  const program = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program, path]);
  if (!lstatSync(path).isSocket()) throw new Error('it left nothing behind');
  return path;
}

describe('a socket that was left behind', () => {
  test('is removed when nobody answers at it, and its place is taken; ours goes with us', async () => {
    const path = stale('stale.sock');
    const stop = await serving(`unix:${path}:mode=600`);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(await greet(`unix:${path}`)).toBe('hello');
    stop();
    expect(existsSync(path)).toBe(false);
  });

  test('one where somebody answers is in use, and goes on', async () => {
    const path = join(folder, 'live.sock');
    const stop = await serving(`unix:${path}`);
    await expect(serving(`unix:${path}`)).rejects.toBeInstanceOf(AddressInUse);
    expect(await greet(`unix:${path}`)).toBe('hello');
    stop();
  });

  test('what is not a socket is never removed: a file, a link to a socket', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, 'precious');
    await expect(serving(`unix:${file}`)).rejects.toBeInstanceOf(AddressInUse);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    const link = join(folder, 'link');
    symlinkSync(stale('target.sock'), link);
    await expect(serving(`unix:${link}`)).rejects.toBeInstanceOf(AddressInUse);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  test('nothing is removed for who unsubscribes at once', async () => {
    const path = stale('kept.sock');
    listen(`unix:${path}`).subscribe().unsubscribe();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(lstatSync(path).isSocket()).toBe(true);
  });

  test('of many who start at once, one gets the place and the others are told', async () => {
    const path = stale('crowd.sock');
    const started = await Promise.allSettled(Array.from({ length: 10 }, () => serving(`unix:${path}`)));
    const stops = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(stops.length).toBe(1);
    expect(await greet(`unix:${path}`)).toBe('hello');
    for (const stop of stops) stop();
  });
});

where(process.platform === 'linux', 'this is not Linux')("a name of Linux's own", () => {
  const name = `@ropewalk-${process.pid}`;
  /** Some versions of Node fill the name with zeros to its greatest length; who comes from elsewhere must do so, too. */
  const padded = (): boolean => readFileSync('/proc/net/unix', 'latin1').includes(`${name}@`);

  test('@name has no file, is free when it is closed, and is refused then', async () => {
    const stop = await serving(`unix:${name}`);
    expect(existsSync(name)).toBe(false);
    expect(await greet(`unix:${name}`)).toBe('hello');
    await expect(serving(`unix:${name}`)).rejects.toBeInstanceOf(AddressInUse);
    stop();
    await expect(greet(`unix:${name}`)).rejects.toBeInstanceOf(ConnectionRefused);
    (await serving(`unix:${name}`))();
  });

  withPeers('socat')('and socat', () => {
    test('comes to us', async () => {
      const stop = await serving(`unix:${name}`);
      const socat = await dial(
        `exec:socat:args=-t 5 STDIO ABSTRACT-CONNECT\\:${name.slice(1)}${padded() ? ',unix-tightsocklen=0' : ''}`,
      );
      const answer = new Promise<string>((resolve) => socat.pipe(gather()).subscribe((all) => resolve(utf8(all))));
      socat.next(bytes('hello'));
      socat.complete();
      expect(await answer).toBe('hello');
      stop();
    });
  });

  withPeers('python3')('and Python', () => {
    test('both ways', async () => {
      const client = `import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect('\\0'+sys.argv[1].replace('*', '\\0')); s.sendall(b'hello'); s.shutdown(1); print(s.makefile().read(), end='')`;
      const stop = await serving(`unix:${name}`);
      const theirs = padded() ? name.slice(1).padEnd(107, '*') : name.slice(1);
      const visitor = await dial({ type: 'exec', command: python, args: ['-c', client, theirs] });
      const heard = new Promise<string>((resolve) => visitor.pipe(gather()).subscribe((all) => resolve(utf8(all))));
      expect(await heard).toBe('hello');
      stop();
      const server = `import socket,sys; s=socket.socket(socket.AF_UNIX); s.bind('\\0'+sys.argv[1].replace('*', '\\0')); s.listen(); print('up', flush=True); c,_=s.accept(); c.sendall(c.makefile('rb').read()); c.close()`;
      const host = await dial({ type: 'exec', command: python, args: ['-c', server, theirs] });
      await new Promise<void>((resolve) => host.subscribe(() => resolve()));
      expect(await greet(`unix:${name}`)).toBe('hello');
    });
  });
});
