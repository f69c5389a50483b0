/** Several processes behind one option of `run`: shared ports, crashes, replacement, draining. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, type Program } from '../examples/program.ts';

const running: Program[] = [];
const sockets: Socket[] = [];
const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
/** While this file is there, new workers die before they listen. */
const broken = join(folder, 'broken');

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  rmSync(broken, { force: true });
  for (const program of running.splice(0)) {
    // Whatever a test left running: the second one aborts.
    program.signal('SIGTERM');
    program.signal('SIGTERM');
    await program.exit;
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the program, and waits until all its workers listen. */
async function crewOf(processes: number, grace = 5_000): Promise<{ program: Program; port: number }> {
  const program = start('test/node/programs/workers.ts', { argv: [`${processes}`, `${grace}`, broken] });
  running.push(program);
  const listening = '\\d+ listens on 127\\.0\\.0\\.1:(\\d+)';
  const [, port] = await program.prints(new RegExp(Array(processes).fill(listening).join('[^]*')));
  return { program, port: Number(port) };
}

/** Says the line on a connection of its own, and gives the answer; `undefined` when there was none. */
function ask(port: number, line: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1' });
    sockets.push(socket);
    socket
      .setEncoding('utf8')
      .on('data', (text: string) => (answer += text))
      .on('error', () => {})
      .on('close', () => resolve(answer === '' ? undefined : answer.trim()))
      .end(`${line}\n`);
  });
}

/** Which processes answer, asked until there are as many as should, or as often as that takes. */
async function whoAnswers(port: number, expected: number): Promise<Set<string>> {
  const pids = new Set<string>();
  for (let asked = 0; asked < 200 && pids.size < expected; asked++) {
    const [, pid] = (await ask(port, 'who'))?.split(' ') ?? [];
    if (pid !== undefined) pids.add(pid);
  }
  return pids;
}

test('all of them share the port, and one that crashes is replaced', async () => {
  const { program, port } = await crewOf(2);
  const first = await whoAnswers(port, 2);
  expect(first.size).toBe(2);
  expect(await ask(port, 'crash')).toBeUndefined();
  const [, dead] = await program.prints(/worker (\d+) ended by SIGKILL; another one starts in \d+ ms/);
  expect([...first]).toContain(dead);
  await program.prints(/(?:listens on[^]*){3}/);
  const second = await whoAnswers(port, 2);
  expect(second.size).toBe(2);
  expect([...second]).not.toContain(dead);
}, 30_000);

test('SIGTERM drains them all: what is being answered is answered, and the exit code is 0', async () => {
  const { program, port } = await crewOf(2);
  const answers = [1, 2, 3, 4].map(() => ask(port, 'slow'));
  // All four have been accepted once a fifth, accepted after them, is answered.
  await ask(port, 'who');
  program.signal('SIGTERM');
  expect(await Promise.all(answers)).toEqual(Array(4).fill(expect.stringMatching(/^slow \d+$/)));
  expect(await program.exit).toBe(0);
  await program.prints(/^parent over: 0$/m);
}, 30_000);

test('SIGHUP replaces them one by one, while clients keep coming and none is refused', async () => {
  const { program, port } = await crewOf(2);
  const before = await whoAnswers(port, 2);
  let replacing = true;
  const answers: (string | undefined)[] = [];
  const clients = [1, 2, 3].map(async () => {
    while (replacing) answers.push(await ask(port, 'who'));
  });
  program.signal('SIGHUP');
  await program.prints(/^all workers are replaced$/m);
  replacing = false;
  await Promise.all(clients);
  expect(answers.length).toBeGreaterThan(3);
  expect(answers.filter((answer) => !/^who \d+$/.test(answer ?? ''))).toEqual([]);
  const after = await whoAnswers(port, 2);
  expect(after.size).toBe(2);
  expect([...after].filter((pid) => before.has(pid))).toEqual([]);
}, 60_000);

test('a new worker that dies before it listens replaces nobody', async () => {
  const { program, port } = await crewOf(2);
  const before = await whoAnswers(port, 2);
  writeFileSync(broken, '');
  program.signal('SIGHUP');
  await program.prints(/the new worker ended with 3 before it listened: the old ones stay/);
  expect(await whoAnswers(port, 2)).toEqual(before);
}, 30_000);

test('workers whose parent is killed drain, and end', async () => {
  const { program, port } = await crewOf(2);
  const answer = ask(port, 'slow');
  await ask(port, 'who');
  program.signal('SIGKILL');
  expect(await answer).toMatch(/^slow \d+$/);
  await program.prints(/worker over: 0[^]*worker over: 0/);
  running.length = 0;
}, 30_000);
