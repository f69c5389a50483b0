/** What a process is given open: by a parent in Python, and by systemd's own activator. */
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { talk } from '../examples/program.ts';
import { python, withPeers } from '../peers.ts';
import { connect, listen } from 'ropewalk/node';

const program = [process.execPath, 'node_modules/ts-node/dist/bin.js', 'test/node/programs/adopted.ts'];

/** Runs a program to its end, and gives what it has said; `seen` is told of all that is said so far. */
function run(command: string[], seen: (said: string) => void = () => {}): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      seen(said);
    });
    child.on('close', () => resolve(said));
  });
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Once `pattern` was said: hello is, and what comes back is noted. */
function greet(pattern: RegExp): { seen: (said: string) => void; answer: Promise<string> } {
  let begun = false;
  let seen = (_said: string): void => {};
  const answer = new Promise<string>((resolve, reject) => {
    seen = (said) => {
      const found = pattern.exec(said);
      if (begun || found === null) return;
      begun = true;
      talk(Number(found[1]), 'hello').then(resolve, reject);
    };
  });
  return { seen, answer };
}

const parent = (body: string): string[] => [python, '-c', `import os, socket, subprocess, sys\n${body}`, ...program];

withPeers('python3')('given by a parent in Python', () => {
  test('a listening socket is listened at, and adopted once', async () => {
    const { seen, answer } = greet(/at 127\.0\.0\.1:(\d+)/);
    const said = run(
      parent(`
listening = socket.create_server(('127.0.0.1', 0))
fd = listening.fileno()
sys.exit(subprocess.call(sys.argv[1:] + [f'listen fd:{fd}', f'listen fd:{fd}', f'connect fd:{fd}'], pass_fds=[fd]))`),
      seen,
    );
    expect(await answer).toBe('hello');
    const lines = (await said).trim().split('\n').toSorted();
    expect(lines).toEqual([
      expect.stringMatching(/^AddressInUse: listening at fd:\d+: descriptor \d+ was adopted before$/),
      expect.stringMatching(/^ConnectError: connecting to fd:\d+: descriptor \d+ was adopted before$/),
      expect.stringMatching(/^at 127\.0\.0\.1:\d+$/),
      'done',
    ]);
  }, 20_000);

  test('a connected socket is a connection, with its half-close', async () => {
    const said = await run(
      parent(`
near, far = socket.socketpair()
child = subprocess.Popen(sys.argv[1:] + [f'connect fd:{far.fileno()}'], pass_fds=[far.fileno()])
far.close()
near.sendall(b'hello')
near.shutdown(socket.SHUT_WR)
answer = near.makefile('rb').read()
child.wait()
print(answer)`),
    );
    expect(said.trim().split('\n').toSorted()).toEqual(["b'hello'", 'completed']);
  }, 20_000);

  test('two pipes are a connection', async () => {
    const said = await run(
      parent(`
theirs, ours = os.pipe()
back, there = os.pipe()
child = subprocess.Popen(sys.argv[1:] + [f'connect fd:{theirs}:output={there}'], pass_fds=[theirs, there])
os.close(theirs); os.close(there)
os.write(ours, b'hello'); os.close(ours)
answer = os.fdopen(back, 'rb').read()
child.wait()
print(answer)`),
    );
    expect(said.trim().split('\n').toSorted()).toEqual(["b'hello'", 'completed']);
  }, 20_000);

  test('what is no socket is an error that says so', async () => {
    const said = await run(
      parent(`
a, b = os.pipe()
c = os.open('/dev/null', os.O_RDONLY)
calls = [f'listen fd:{a}', f'connect fd:{a}', f'connect fd:{c}', 'listen fd:99', 'connect fd:99']
sys.exit(subprocess.call(sys.argv[1:] + calls, pass_fds=[a, c]))`),
    );
    expect(said.replaceAll(/\d+/g, 'N').trim().split('\n').toSorted()).toEqual([
      'AddressUnavailable: listening at fd:N: no such descriptor is open (EBADF)',
      'ConnectError: connecting to fd:N: a pipe goes one way; say where to write: fd:N:output=N',
      'ConnectError: connecting to fd:N: descriptor N is neither a socket nor a pipe',
      'ConnectionRefused: connecting to fd:N: no such descriptor is open (EBADF)',
      'ListenError: listening at fd:N: descriptor N is no socket',
    ]);
  }, 20_000);
});

withPeers('systemd-socket-activate')("given by systemd's activator", () => {
  test.each(['systemd:', 'systemd:INET:name=web', 'systemd:index=0'])(
    '%s',
    async (endpoint) => {
      const port = await freePort();
      const activator = ['systemd-socket-activate', '-l', `127.0.0.1:${port}`, '--fdname=web'];
      const env = ['-E', `PATH=${process.env.PATH}`];
      const said = run([...activator, ...env, ...program, `listen ${endpoint}`]);
      // It listens soon, and starts the program when somebody comes.
      const trying = async (): Promise<string> => {
        for (;;) {
          const answer = await talk(port, 'hello').catch(() => undefined);
          if (answer !== undefined) return answer;
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      expect(await trying()).toBe('hello');
      expect(await said).toBe(`at 127.0.0.1:${port}\ndone\n`);
    },
    20_000,
  );
});

test('fields that make no sense point at the place', () => {
  expect(() => listen('systemd:IPX')).toThrow('expected one of INET, INET6, UNIX for domain');
  expect(() => listen('fd:x')).toThrow('expected the number of a file descriptor for fd');
  expect(() => connect('fd:')).toThrow('fd: needs the number of a file descriptor (fd)');
});
