/** A child process as a connection: rules of docs/duplex.md by number, and what a process has beside them. */
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onErrorResumeNextWith, toArray } from 'rxjs';
import {
  bytes,
  connecting,
  ConnectionRefused,
  ConnectPermissionDenied,
  gather,
  utf8,
  type CloseReason,
  type Connection,
  type PathAddress,
} from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import {
  CommandNotFound,
  connect,
  dial,
  listen,
  ProcessTerminated,
  type ChildConnection,
  type ConnectTo,
} from 'ropewalk/node';
import { withPeers } from '../peers.ts';
import { spring } from './streams/spring.ts';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Programs of a line or two, in Node. */
const node = (program: string, more: object = {}) =>
  ({ type: 'exec', command: process.execPath, args: ['-e', program], ...more }) as const;

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const reasonOf = (connection: Connection): Promise<CloseReason> =>
  new Promise((resolve) => connection.closed.addCallback(resolve));

/** What is said on standard output, to the last word. */
const textOf = (connection: Connection): Promise<string> =>
  new Promise((tell) => connection.pipe(onErrorResumeNextWith(), gather()).subscribe((all) => tell(utf8(all))));

const failureOf = (endpoint: ConnectTo): Promise<Error> =>
  new Promise((tell, reject) => {
    connect(endpoint).subscribe({ next: () => reject(new Error('it runs')), error: tell });
  });

describe('a child process keeps the contract of a Duplex, as far as a relay to a Unix socket can show it', () => {
  let sockets = 0;
  const bound = new Set<string>();
  const cases = complianceOf({
    listen(endpoint) {
      const listener = listen(endpoint);
      listener.address$.subscribe((address) => bound.add(String(address)));
      return listener;
    },
    connect: (path) =>
      // A process starts whether or not anybody listens at the socket; that is looked up here.
      existsSync(path)
        ? connect({ type: 'exec', command: process.execPath, args: [resolve('test/node/programs/relay.cjs'), path] })
        : connecting(path, (events) => {
            events.failed(new ConnectionRefused(`connecting to ${path}: nobody listens there`));
            return () => {};
          }),
    endpoint: () => `unix:${join(folder, `${++sockets}.sock`)}`,
    reach: (address) => (address as PathAddress).path,
    can: { reset: false, halfClose: true },
    open: () => process.getActiveResourcesInfo().filter((name) => /^(Pipe|Process|Timeout|Immediate)/.test(name)),
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

describe('what goes in and comes out', () => {
  test('rules 3 and 5: sort sorts what it is given when it has the end, and that is the end in order', async () => {
    const sort = await dial('exec:sort:args=-u');
    const sorted = textOf(sort);
    for (const word of ['b', 'a', 'b', 'c']) sort.next(bytes(`${word}\n`));
    sort.complete();
    expect(await sorted).toBe('a\nb\nc\n');
    expect(await reasonOf(sort)).toEqual({ kind: 'done' });
    expect(await sort.exit).toEqual({ code: 0, signal: undefined });
    expect(alive(sort.pid)).toBe(false);
  });

  test('arguments are what they are: no shell reads them', async () => {
    const echo = await dial(String.raw`exec:/bin/echo:args=$HOME 'a  b' it\\'s *;cwd=/`);
    expect(await textOf(echo)).toBe("$HOME a  b it's *;cwd=/\n");
  });

  test('cwd and env; without them, ours', async () => {
    const where = realpathSync(folder);
    const program = 'console.log(process.cwd(), Object.keys(process.env).join())';
    expect(await textOf(await dial(node(program, { cwd: where, env: { ONE: '1' } })))).toBe(`${where} ONE\n`);
    expect(await textOf(await dial(`exec:/usr/bin/env:env=A=b=c 'D=e f'`))).toBe('A=b=c\nD=e f\n');
    expect(await textOf(await dial(node('console.log(process.cwd(), process.env.PATH)')))).toBe(
      `${process.cwd()} ${process.env.PATH}\n`,
    );
  });

  test('rule 8: a process that does not read bounds whoever feeds it, and nothing is lost', async () => {
    const { source, given, held } = spring(4 << 20);
    const child = await dial(
      node(`process.stdin.once('readable', () => setTimeout(() => {
        let total = 0;
        process.stdin.on('data', (chunk) => (total += chunk.length)).on('end', () => console.log(total));
      }, 200))`),
    );
    const total = textOf(child);
    source.subscribe(child);
    let highest = 0;
    let heldAt = 0;
    while (given() < 4 << 20) {
      highest = Math.max(highest, child.state.unsent);
      if (held()) heldAt ||= given();
      await new Promise(setImmediate);
    }
    expect(await total).toBe(`${4 << 20}\n`);
    expect(highest).toBeLessThanOrEqual(2 * 65536);
    expect(heldAt).toBeGreaterThan(0);
    expect(heldAt).toBeLessThan(1 << 20);
  });

  test('rule 8: a process that says more than anybody reads waits', async () => {
    const yes = await dial('exec:yes');
    while (!yes.state.held) await new Promise(setImmediate);
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(yes.state.bytesReceived).toBeLessThanOrEqual(65536);
    yes.error(new Error('enough'));
    expect(await reasonOf(yes)).toMatchObject({ kind: 'aborted' });
  });

  test('a process that reads no further and says its last words is heard out, and ends in order', async () => {
    const head = await dial('exec:head:args=-n 1');
    const said = textOf(head);
    for (let times = 0; times < 8; times++) head.next(bytes('a line\n'.repeat(10_000)));
    expect(await said).toBe('a line\n');
    expect(await reasonOf(head)).toEqual({ kind: 'done' });
  });
});

describe('its standard error', () => {
  const program = `process.stderr.write('oh'); process.stdout.write('ah');`;

  test('ignore, and merge', async () => {
    expect(await textOf(await dial(node(program, { stderr: 'ignore' })))).toBe('ah');
    expect([...(await textOf(await dial(node(program, { stderr: 'merge' }))))].toSorted().join('')).toBe('ahho');
  });

  test('pipe: it waits until somebody listens, and is heard to its end', async () => {
    const child = await dial(
      node(`process.stderr.write('x'.repeat(300_000)); process.exitCode = 3;`, { stderr: 'pipe' }),
    );
    const errors = new Promise<number>((tell) =>
      child.stderr.pipe(toArray()).subscribe((chunks) => tell(chunks.reduce((sum, { length }) => sum + length, 0))),
    );
    expect(await reasonOf(child)).toMatchObject({ kind: 'lost', error: { exitCode: 3 } });
    expect(await errors).toBe(300_000);
  });

  test('pipe: if nobody listens it is let go of with the process', async () => {
    const child = await dial(node(program, { stderr: 'pipe' }));
    expect(await textOf(child)).toBe('ah');
    expect(await reasonOf(child)).toEqual({ kind: 'done' });
  });

  test('unless it was asked for there is nothing to listen to', async () => {
    const child = await dial('exec:true');
    let completed = false;
    child.stderr.subscribe({ complete: () => (completed = true) });
    expect(completed).toBe(true);
  });
});

describe('how it ends', () => {
  test('rule 5: an exit code that is not 0 is ProcessTerminated; what was said before is heard', async () => {
    const child = await dial(node(`process.stdout.write('half'); process.exitCode = 7;`));
    const heard: unknown[] = [];
    child.subscribe({ next: (chunk) => heard.push(utf8(chunk)), error: (error) => heard.push(error) });
    const reason = await reasonOf(child);
    expect(reason).toMatchObject({
      kind: 'lost',
      error: { exitCode: 7, signal: undefined, name: 'ProcessTerminated' },
    });
    expect(heard).toEqual(['half', expect.any(ProcessTerminated)]);
    expect((heard[1] as Error).message).toBe(`the process ${process.execPath} ended with exit code 7`);
    expect(await child.exit).toEqual({ code: 7, signal: undefined });
  });

  test('rule 5: a signal is ProcessTerminated, too', async () => {
    const child = await dial('exec:sleep:args=100');
    expect(child.kill('SIGINT')).toBe(true);
    expect(await reasonOf(child)).toMatchObject({ kind: 'lost', error: { exitCode: undefined, signal: 'SIGINT' } });
    expect(child.kill()).toBe(false);
  });

  test('rule 4: an abort kills', async () => {
    const child = await dial(node(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up');`));
    await new Promise<void>((tell) => child.subscribe({ next: () => tell(), error() {} }));
    const error = new Error('enough');
    child.error(error);
    expect(await reasonOf(child)).toEqual({ kind: 'aborted', error });
    expect(await child.exit).toEqual({ code: undefined, signal: 'SIGKILL' });
    expect(alive(child.pid)).toBe(false);
  });

  test('a process that closes its output and works on has ended its half; its exit code is awaited', async () => {
    const child = await dial(
      node(
        `require('node:fs').closeSync(1); process.stdin.resume().on('end', () => setTimeout(() => process.exit(4), 50))`,
      ),
    );
    let ended = false;
    child.subscribe({ complete: () => (ended = true) });
    while (!ended) await new Promise(setImmediate);
    expect(child.state.phase).toBe('open');
    child.complete();
    expect(await reasonOf(child)).toMatchObject({ kind: 'lost', error: { exitCode: 4 } });
  });

  test('unsubscribing the connection ends its input, and a process that ends on that is not disturbed', async () => {
    let child: ChildConnection | undefined;
    const running = connect('exec:cat').subscribe((opened) => (child = opened));
    while (child === undefined) await new Promise(setImmediate);
    child.next(bytes('last words'));
    running.unsubscribe();
    expect(await reasonOf(child)).toEqual({ kind: 'done' });
    expect(await child.exit).toEqual({ code: 0, signal: undefined });
  });

  test('unsubscribing: one that does not end is asked with SIGTERM after the linger, then killed', async () => {
    let child: ChildConnection | undefined;
    let heard = '';
    const running = connect(
      node(`process.on('SIGTERM', () => console.log('asked')); setInterval(() => {}, 1000); console.log('up');`, {
        grace: 300,
      }),
    ).subscribe((opened) => {
      child = opened;
      opened.subscribe({ next: (chunk) => (heard += utf8(chunk)), error() {} });
    });
    while (!heard.includes('up')) await new Promise(setImmediate);
    running.unsubscribe();
    expect(await reasonOf(child!)).toEqual({ kind: 'done' });
    expect(heard).toBe('up\nasked\n');
    expect(await child!.exit).toEqual({ code: undefined, signal: 'SIGKILL' });
    expect(alive(child!.pid)).toBe(false);
  }, 10_000);

  test('cancelling the dial kills it', async () => {
    const file = join(folder, 'started');
    const dialling = dial(node(`setTimeout(() => require('node:fs').writeFileSync(${JSON.stringify(file)}, ''), 200)`));
    dialling.addErrback(() => {});
    dialling.cancel();
    const processes = (): string[] => process.getActiveResourcesInfo().filter((name) => name.startsWith('Process'));
    while (processes().length > 0) await new Promise(setImmediate);
    expect(existsSync(file)).toBe(false);
  });
});

withPeers('socat')('a program that wants a terminal, through socat, which makes one', () => {
  const program = `test -t 0 && stty rows 40 cols 100 && stty size; trap 'echo interrupted; exit 0' INT; echo ready; while :; do sleep 0.02; done`;

  test('it has one, of the size that it is given, and ^C in what is written interrupts it', async () => {
    const file = join(folder, 'terminal.sh');
    writeFileSync(file, program);
    const child = await dial({
      type: 'exec',
      command: 'socat',
      args: ['-', `EXEC:sh ${file},pty,setsid,ctty,stderr,echo=0`],
    });
    let said = '';
    const over = new Promise<void>((tell, reject) => {
      child.subscribe({
        next(chunk) {
          const waited = !said.includes('ready');
          said += utf8(chunk);
          if (waited && said.includes('ready')) child.next(bytes('\x03'));
        },
        complete: tell,
        error: reject,
      });
    });
    await over;
    expect(said.split('\r\n')).toEqual(['40 100', 'ready', expect.stringMatching('interrupted'), '']);
    child.complete();
    expect(await reasonOf(child)).toEqual({ kind: 'done' });
  });
});

describe('what cannot be started', () => {
  test('CommandNotFound: no such command, no such folder', async () => {
    const failure = await failureOf('exec:no-such-command:args=x');
    expect(failure).toBeInstanceOf(CommandNotFound);
    expect(failure).toMatchObject({ code: 'ENOENT', name: 'CommandNotFound' });
    expect(failure.message).toBe(
      'connecting to exec:no-such-command:args=x: there is no command no-such-command (ENOENT)',
    );
    expect((await failureOf('exec:true:cwd=/no/such/folder')).message).toContain('there is no folder /no/such/folder');
  });

  test('ConnectPermissionDenied: a file that may not be executed', async () => {
    const file = join(folder, 'text');
    writeFileSync(file, 'not a program');
    chmodSync(file, 0o644);
    expect(await failureOf(`exec:${file}`)).toBeInstanceOf(ConnectPermissionDenied);
  });

  test('a description that makes no sense points at the place', () => {
    expect(() => connect(`exec:sort:args='-u`)).toThrow("expected words with every quote closed for args, got ''-u'");
    expect(() => connect('exec:sort:env=novalue')).toThrow('expected NAME=VALUE words');
    expect(() => connect('exec:sort:stderr=loud')).toThrow('expected one of inherit, ignore, merge, pipe for stderr');
    expect(() => connect('exec:')).toThrow('exec: needs some text (command)');
  });
});
