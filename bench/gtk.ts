/**
 * Claim: with a window and a site on one loop, a press of a button is handled within a frame (16.7 ms) while 1,000 requests a second are served.
 * Run: npx ts-node bench/gtk.ts   (about half a minute; needs what examples/gtk needs, and Xvfb, openbox, xdotool)
 * The window is on a screen of its own, pressed by xdotool; requests come at fixed times, whether the last ones are answered or not.
 */
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { machine } from './compare.ts';

const presses = 200;
/** How long a press waits for the next one, in milliseconds: not in step with frames. */
const pause = 37;
const clients = 16;

interface Told {
  readonly waits: readonly number[];
  readonly frames: readonly number[];
  readonly cpu: number;
}

async function main(): Promise<void> {
  if (!existsSync('examples/gtk/node_modules/node-gtk')) {
    console.log('node-gtk is not installed: (cd examples/gtk && npm ci)');
    return;
  }
  const x = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '640x480x24'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [display] = (await once(createInterface(x.stdio[3] as NodeJS.ReadableStream), 'line')) as [string];
  const env = { ...process.env, DISPLAY: `:${display}`, GSK_RENDERER: 'cairo', GTK_A11Y: 'none' };
  const manager = spawn('openbox', { env, stdio: 'ignore' });
  const program = fork(join(__dirname, 'gtk/window.ts'), {
    env,
    execArgv: ['-r', 'ts-node/register', '-r', 'tsconfig-paths/register'],
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  });
  try {
    const [{ port }] = (await once(program, 'message')) as [{ port: number }];
    const search = ['search', '--sync', '--onlyvisible', '--name', '^Measured$'];
    const window = execFileSync('xdotool', search, { env, encoding: 'utf8' }).trim();
    execFileSync('xdotool', ['mousemove', '--window', window, '100', '34'], { env });
    await wait(2_000);
    const before = await ask(program, 'tell');
    await wait(3_000);
    const { cpu } = await ask(program, 'draw');
    console.log(machine());
    console.log(`idle for 3 s: ${(cpu - before.cpu).toFixed(1)} ms of CPU time`);
    for (const rate of [0, 1_000, 2_000]) await measure({ program, port, env, rate });
  } finally {
    for (const child of [program, manager, x]) child.kill();
  }
}

/** What there was since it was asked last. */
async function ask(program: ChildProcess, order: 'draw' | 'tell'): Promise<Told> {
  program.send(order);
  return ((await once(program, 'message')) as [Told])[0];
}

interface Setting {
  readonly program: ChildProcess;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  /** Requests per second. */
  readonly rate: number;
}

/** Presses while so many requests are served, and prints how long either waited. */
async function measure({ program, port, env, rate }: Setting): Promise<void> {
  const load = rate > 0 ? await requests(port, rate) : undefined;
  await wait(500);
  const before = await ask(program, 'tell');
  const since = performance.now();
  const pressing = spawn('xdotool', ['click', '--repeat', String(presses), '--delay', String(pause), '1'], { env });
  await once(pressing, 'exit');
  const { waits, frames, cpu } = await ask(program, 'tell');
  const seconds = (performance.now() - since) / 1000;
  const answered = load?.stop() ?? [];
  const gaps = frames.slice(1).map((at, index) => at - frames[index]);
  console.log(`${rate} requests a second asked for, ${Math.round((cpu - before.cpu) / seconds / 10)} % of a CPU`);
  console.table({
    'a press, until it is handled': row(waits, `${waits.length} of ${presses}`),
    'a request, until it is answered': row(answered, `${Math.round(answered.length / seconds)} a second`),
    'from frame to frame': row(gaps, `${Math.round(frames.length / seconds)} a second`),
  });
}

function row(values: readonly number[], count: string): Record<string, string> {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    sorted.length === 0
      ? '-'
      : `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1)} ms`;
  return { count, median: at(0.5), '99 %': at(0.99), worst: at(1) };
}

/** Asks `rate` times a second, one client after the other, and gives how many milliseconds each answer took, from when it should have been asked for. */
async function requests(port: number, rate: number): Promise<{ stop(): number[] }> {
  const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  const took: number[] = [];
  const sockets = Array.from({ length: clients }, () => connect({ port, host: '127.0.0.1', noDelay: true }));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const asked = sockets.map((): number[] => []);
  for (const [index, socket] of sockets.entries()) {
    socket.setEncoding('latin1').on('data', (data: string) => {
      for (const _ of data.matchAll(/HTTP\/1\.1 200/g)) took.push(performance.now() - asked[index].shift()!);
    });
  }
  const start = performance.now();
  let sent = 0;
  const asking = setInterval(() => {
    for (; start + (sent * 1000) / rate < performance.now(); sent++) {
      asked[sent % clients].push(start + (sent * 1000) / rate);
      sockets[sent % clients].write(request);
    }
  }, 1);
  return {
    stop() {
      clearInterval(asking);
      for (const socket of sockets) socket.destroy();
      return took;
    },
  };
}

void main();
