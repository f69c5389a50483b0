/**
 * Servers beside each other: each in a process of its own on one core, the load on another, rounds interleaved.
 * Prints the rate and, because machines are shared and noisy, the server's CPU time for each operation; medians, spread,
 * and the ratio to the first server (above 1: better than it). Judges nothing.
 */
import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { machine, median } from '../compare.ts';

export interface Load {
  /** `messages`: round trips on open connections; `webSocket`: the same, as binary messages; `churn`: connect, one message, close. */
  readonly kind: 'messages' | 'webSocket' | 'churn';
  readonly connections: number;
  /** Bytes in a message. */
  readonly size: number;
  /** What is asked instead of a line of `size` bytes; an operation is then an answer. */
  readonly request?: string;
  /** Messages in flight on each connection. */
  readonly window: number;
}

/** Listens on 127.0.0.1 and tells the port. */
export type StartServer = (listening: (port: number) => void) => void;

const rounds = Number(process.env.ROUNDS ?? 5);
const ms = Number(process.env.ROUND_MS ?? 600);
const serverName = 'ROPEWALK_BENCH_SERVER';

/**
 * Runs the comparison of `file`, which must be the file that calls this. The first server is the peer with ratio 1.
 * A file may compare several times; each server has a name of its own then.
 */
export async function compareServers(
  file: string,
  servers: Record<string, StartServer>,
  loads: Record<string, Load>,
): Promise<void> {
  const mine = process.env[serverName];
  if (mine !== undefined) {
    if (mine in servers) serveThis(servers[mine]);
    return;
  }
  const generator = start(join(__dirname, 'load.ts'), {}, 1);
  const running = await Promise.all(
    Object.keys(servers).map(async (name) => {
      const child = start(file, { [serverName]: name }, 0);
      const [port] = (await once(child, 'message')) as [number];
      return { name, child, port };
    }),
  );
  console.log(`${machine()}; ${rounds} rounds of ${ms} ms, interleaved`);
  for (const [title, load] of Object.entries(loads)) {
    const results = new Map(running.map(({ name }) => [name, { rate: [] as number[], cpu: [] as number[] }]));
    // The first round is for the compiler, and not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const { name, child, port } of running) {
        generator.send({ ...load, port, ms });
        await once(generator, 'message');
        const before = await usage(child);
        const [done] = (await once(generator, 'message')) as [number];
        const cpu = (await usage(child)) - before;
        if (round === 0) continue;
        results.get(name)?.rate.push((done / ms) * 1000);
        results.get(name)?.cpu.push(cpu / done);
      }
    }
    print(title, results);
  }
  for (const { child } of running) child.disconnect();
  generator.disconnect();
}

function serveThis(startServer: StartServer): void {
  startServer((port) => process.send?.(port));
  tellUsage();
}

/** Answers {@link usage}, in the process that is measured, and ends it with the one that measures. */
export function tellUsage(): void {
  process.on('message', (asked) => {
    if (asked !== 'usage') return;
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on('disconnect', () => process.exit());
}

/** All threads' CPU time so far, in microseconds. */
export async function usage(child: ChildProcess): Promise<number> {
  child.send('usage');
  const [used] = (await once(child, 'message')) as [number];
  return used;
}

/** A process of its own for `file`, on one core. */
export function start(file: string, env: Record<string, string>, core: number): ChildProcess {
  const child = fork(file, {
    env: { ...process.env, ...env },
    execArgv: ['-r', 'ts-node/register', '-r', 'tsconfig-paths/register'],
  });
  try {
    execFileSync('taskset', ['-apc', String(core), String(child.pid)], { stdio: 'ignore' });
  } catch {
    console.log('(taskset is not there: servers and load share the cores)');
  }
  return child;
}

/** The results of one load; the first contender is the measure. */
export function print(title: string, results: Map<string, { rate: number[]; cpu: number[] }>): void {
  console.log(`\n${title}`);
  console.log('  server                              ops/s   ratio |  CPU us/op  spread   ratio');
  const [base] = results.values();
  for (const [name, { rate, cpu }] of results) {
    const spread = `±${(((Math.max(...cpu) - Math.min(...cpu)) / 2 / median(cpu)) * 100).toFixed(0)}%`;
    console.log(
      `  ${name.padEnd(32)} ${median(rate).toFixed(0).padStart(8)}  ${(median(rate) / median(base.rate)).toFixed(2).padStart(6)} |` +
        `  ${median(cpu).toFixed(2).padStart(9)}  ${spread.padStart(6)}  ${(median(base.cpu) / median(cpu)).toFixed(2).padStart(6)}`,
    );
  }
}
