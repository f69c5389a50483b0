/**
 * Claim: small jobs that are asked for together cost an eighth of piscina's, and one at a time no more than three quarters;
 * and while threads compute, the main loop stays free: it is late by less than 20 ms, even where they have to share processors
 * with it, if they are `nice`. A stream whose consumer computes a tenth of a millisecond for each value leaves it as free.
 * Run: npx ts-node bench/threads.ts   (about a minute; JOBS=1000000 for a million jobs a round)
 * One job adds 1 to a number. Rounds are interleaved; CPU time is that of all threads of the process.
 */
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { map, range } from 'rxjs';
import { inThread } from 'ropewalk';
import { eventLoopLag, threads } from 'ropewalk/node';
import { machine, median } from './compare.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const JOBS = Number(process.env['JOBS'] ?? 20_000);
const SIZE = 2;

/** Does `jobs` jobs, with so many in flight. */
type Peer = (jobs: number, inFlight: number) => Promise<void>;

/** Keeps so many under way: each that ends begins the next. `start` calls back when it has ended. */
function pumped(start: (n: number, ended: () => void) => void): Peer {
  return (jobs, inFlight) =>
    new Promise((resolve) => {
      let begun = 0;
      let ended = 0;
      const next = (): void => {
        if (begun < jobs) start(begun++, end);
      };
      const end = (): void => {
        if (++ended === jobs) resolve();
        else next();
      };
      for (let n = 0; n < inFlight; n++) next();
    });
}

const folder = mkdtempSync(join(tmpdir(), 'threads-bench-'));
const job = join(folder, 'job.js');
writeFileSync(job, 'module.exports = (n) => n + 1;');

const pool = threads({ size: SIZE, fn: (n: number) => n + 1, execArgv: [] });
const peers: Record<string, Peer> = {
  ropewalk: pumped((n, ended) => void pool.call('fn', n).addCallback(ended)),
};

const raw = Array.from({ length: SIZE }, () => {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads'); parentPort.on('message', (n) => parentPort.postMessage(n + 1));`,
    { eval: true, execArgv: [] },
  );
  const waiting: (() => void)[] = [];
  worker.on('message', () => waiting.shift()!());
  return { worker, waiting };
});
peers['raw postMessage'] = pumped((n, ended) => {
  const { worker, waiting } = raw[n % SIZE];
  waiting.push(ended);
  worker.postMessage(n);
});

interface Pool {
  run(task: unknown): Promise<unknown>;
  destroy(): Promise<void>;
}
let piscina: Pool | undefined;

async function main(): Promise<void> {
  try {
    const { Piscina } = (await import('piscina')) as unknown as { Piscina: new (options: object) => Pool };
    piscina = new Piscina({ filename: job, minThreads: SIZE, maxThreads: SIZE, execArgv: [] });
    peers['piscina'] = pumped((n, ended) => void piscina!.run(n).then(ended));
  } catch {
    console.log('piscina is not installed: no figures for it');
  }
  console.log(`${machine()}; ${SIZE} threads, ${ROUNDS} rounds`);
  for (const [inFlight, jobs] of [
    [64, JOBS],
    [1, Math.min(JOBS, 4_000)],
    [1_000, JOBS],
  ]) {
    await compare(inFlight, jobs);
  }
  for (const nice of [0, 10]) await lag(nice);
  await streamLag();
  for (const { worker } of raw) await worker.terminate();
  await piscina?.destroy();
  await pool.close();
  rmSync(folder, { recursive: true });
}

async function compare(inFlight: number, jobs: number): Promise<void> {
  const wall = new Map<string, number[]>();
  const cpu = new Map<string, number[]>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, peer] of Object.entries(peers)) {
      const before = process.cpuUsage();
      const start = process.hrtime.bigint();
      await peer(jobs, inFlight);
      const took = Number(process.hrtime.bigint() - start) / 1e3 / jobs;
      const { user, system } = process.cpuUsage(before);
      // The first round is for the compiler, and not counted.
      if (round === 0) continue;
      wall.set(name, [...(wall.get(name) ?? []), took]);
      cpu.set(name, [...(cpu.get(name) ?? []), (user + system) / jobs]);
    }
  }
  const reference = piscina === undefined ? 'raw postMessage' : 'piscina';
  console.log(`\n${jobs} jobs, ${inFlight} in flight; the ratio is to ${reference}`);
  const ratio = (of: Map<string, number[]>, name: string): string =>
    (median(of.get(reference)!) / median(of.get(name)!)).toFixed(2);
  console.table(
    Object.fromEntries(
      Object.keys(peers).map((name) => {
        const times = wall.get(name)!;
        return [
          name,
          {
            'us/job': median(times).toFixed(2),
            spread: `${Math.min(...times).toFixed(2)}-${Math.max(...times).toFixed(2)}`,
            'CPU us/job': median(cpu.get(name)!).toFixed(2),
            ratio: ratio(wall, name),
            'ratio, CPU': ratio(cpu, name),
          },
        ];
      }),
    ),
  );
}

/** Work for four threads, on however many processors there are. */
async function lag(nice: number): Promise<void> {
  const primes = threads({
    size: 4,
    nice,
    execArgv: [],
    fn: (below: number) => {
      let count = 0;
      for (let n = 2; n < below; n++) {
        let prime = true;
        for (let by = 2; by * by <= n && prime; by++) prime = n % by !== 0;
        if (prime) count++;
      }
      return count;
    },
  });
  // All four are there before it is measured.
  await Promise.all([1, 2, 3, 4].map(() => primes.call('fn', 300_000)));
  const told = await late(() =>
    range(0, 64)
      .pipe(
        map(() => 300_000),
        inThread(primes, 'fn'),
      )
      .forEach(() => {}),
  );
  console.log(`\na map over 4 threads, nice ${nice}, ${told}`);
  await primes.close();
}

/** A consumer that is slow in each value. */
async function streamLag(): Promise<void> {
  const counting = threads({
    size: 1,
    execArgv: [],
    *fn(to: number) {
      for (let n = 0; n < to; n++) yield n;
    },
  });
  const told = await late(() =>
    counting.stream('fn', 20_000).forEach(() => {
      const until = performance.now() + 0.1;
      while (performance.now() < until);
    }),
  );
  console.log(`\na stream of 20,000 values, 0.1 ms for each, ${told}`);
  await counting.close();
}

/** How late the main loop is meanwhile. */
async function late(work: () => Promise<void>): Promise<string> {
  const lags: number[] = [];
  const watching = eventLoopLag(200).subscribe(({ max }) => lags.push(max));
  const start = performance.now();
  await work();
  watching.unsubscribe();
  const took = ((performance.now() - start) / 1e3).toFixed(1);
  return lags.length === 0
    ? `for ${took} s: the main loop never came round`
    : `for ${took} s: the main loop is late by at most ${median(lags).toFixed(1)} ms (median of ${lags.length} looks), ${Math.max(...lags).toFixed(1)} ms (the worst)`;
}

void main();
