/** Standard input and output as a connection, in programs of their own: through pipes, and at a terminal. */
import { spawn } from 'node:child_process';
import { python, withPeers } from '../peers.ts';

const program = (what: string): string[] => [
  process.execPath,
  'node_modules/ts-node/dist/bin.js',
  'test/node/programs/stdio.ts',
  what,
];

interface Run {
  readonly out: string;
  readonly err: string;
  readonly exit: unknown;
}

/** Runs it, and gives it `input`; the end of its input comes when `until` says so of what it has said so far. */
function run(
  command: string[],
  input: string,
  until: (said: Run) => boolean = () => true,
  more: (said: Run) => string = () => '',
): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), { env: { ...process.env, NO_COLOR: '1' } });
    let [out, err] = ['', ''];
    let ended = false;
    const look = (): void => {
      const said = { out, err, exit: undefined };
      if (ended || !until(said)) return;
      ended = true;
      child.stdin.end(more(said));
    };
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
      look();
    });
    child.stdout.on('end', () => {
      out += '(end)';
      look();
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
      look();
    });
    child.stdin.on('error', () => {});
    child.stdin.write(input);
    look();
    child.on('close', (code, signal) => resolve({ out, err, exit: code ?? signal }));
  });
}

test('a server of lines, piped into: it answers, completes with its input, and the program ends', async () => {
  expect(await run(program('serve'), 'hello\nworld\n')).toEqual({
    out: 'you said hello\r\nyou said world\r\n(end)',
    err: 'done\ncompleted\n',
    exit: 0,
  });
});

test('it answers each line as it comes', async () => {
  const said = await run(
    program('serve'),
    'one\n',
    ({ out }) => out.includes('one'),
    () => 'two\n',
  );
  expect(said.out).toBe('you said one\r\nyou said two\r\n(end)');
});

test('rule 3: its reader hears its end while it goes on reading', async () => {
  const said = await run(
    program('end first'),
    '',
    ({ out }) => out.includes('(end)'),
    () => 'still there?\n',
  );
  expect(said).toEqual({ out: 'bye\r\n(end)', err: 'after my end: still there?\ncompleted\n', exit: 0 });
});

test('unsubscribed before its input ends, it keeps the program from ending no longer', async () => {
  const said = await run(program('one line'), 'hello\nmore\n', ({ out }) => out.includes('(end)'));
  expect(said).toEqual({ out: '(end)', err: 'hello\n', exit: 0 });
}, 15_000);

test('there is one of it: who comes second is told so', async () => {
  const said = await run(program('twice'), '');
  expect(said.err).toBe(
    'AddressInUse: listening at stdio:: it is a connection already\n' +
      'ConnectError: connecting to stdio:: it is a connection already\n',
  );
});

test('rule 5: a reader that goes away is a loss, not a crash', async () => {
  const shell = ['sh', '-c', `"$@" | head -n 1`, 'sh', ...program('flood')];
  const said = await run(shell, '', () => false);
  expect(said).toMatchObject({ out: 'line\n(end)', exit: 0 });
  expect(said.err).toBe('the connection with standard input and output was lost: the peer takes no more\nlost\n');
});

/** Starts its arguments at a terminal of their own, types, and says what is seen there. */
const atTerminal = `
import os, pty, sys
typed = iter([b'hello\\n', b'\\x04'])
seen = b''
def read(fd):
    global seen
    data = os.read(fd, 1024)
    seen += data
    if seen.count(b'you said') == 1 and b'\\n' in seen.split(b'you said')[1]:
        for keys in typed: os.write(fd, keys)
    return data
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
os.write(fd, next(typed))
while True:
    try:
        data = read(fd)
    except OSError:
        break
    if not data: break
print(repr(seen))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

withPeers('python3')('at a terminal', () => {
  test('it answers lines, and ends at the key for the end', async () => {
    const said = await run([python, '-c', atTerminal, ...program('serve')], '', () => false);
    expect(said.err).toBe('');
    expect(said.out).toContain(String.raw`hello\r\nyou said hello`);
    expect(said.out).toContain(String.raw`done\r\ncompleted\r\n`);
    expect(said.exit).toBe(0);
  });
});
