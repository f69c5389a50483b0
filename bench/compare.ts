/**
 * How fast things are beside each other, on a machine that is never quiet.
 * Knows: interleaved rounds, medians, spread, ratios, what machine it was. Does not know: what is measured.
 * Never fails: a bench tells, a test decides.
 */
import { execFileSync } from 'node:child_process';
import { arch, cpus, loadavg, platform } from 'node:os';

/** A contender: does the work once, and may say how many operations that was (1 when it says nothing). */
export type Contender = () => number | void;

export interface CompareOptions {
  /** How many times each contender has its turn. */
  readonly rounds?: number;
  /** How long a turn lasts, in milliseconds; the work is repeated until then. */
  readonly turn?: number;
}

/** What came out for one contender, in nanoseconds of CPU time (of all threads) per operation. */
export interface Result {
  readonly name: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Operations per second of wall time, the median. */
  readonly rate: number;
  /** The first contender's median divided by this one's: how many times as fast. */
  readonly ratio: number;
}

/** Runs the contenders in turns, so that what disturbs one round disturbs them all. The first one is the measure. */
export function compare(
  contenders: Readonly<Record<string, Contender>>,
  { rounds = 9, turn = 40 }: CompareOptions = {},
): Result[] {
  const names = Object.keys(contenders);
  const turns = names.map(() => ({ cost: [] as number[], rate: [] as number[] }));
  // The first round is for the compiler, and not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, name] of names.entries()) {
      const { cost, rate } = oneTurn(contenders[name], turn);
      if (round === 0) continue;
      turns[i].cost.push(cost);
      turns[i].rate.push(rate);
    }
  }
  const first = median(turns[0].cost);
  return turns.map(({ cost, rate }, i) => ({
    name: names[i],
    median: median(cost),
    low: Math.min(...cost),
    high: Math.max(...cost),
    rate: median(rate),
    ratio: first / median(cost),
  }));
}

/** A table of results; `extra` adds columns of its own. */
export function table(
  results: readonly Result[],
  extra: (result: Result) => Record<string, string> = () => ({}),
): void {
  console.table(
    Object.fromEntries(
      results.map((result) => [
        result.name,
        {
          'ns/op': short(result.median),
          spread: `${short(result.low)}-${short(result.high)}`,
          'op/s': short(result.rate),
          ...extra(result),
          ratio: result.ratio.toFixed(2),
        },
      ]),
    ),
  );
}

/** One line that says where and with what the figures were made. */
export function machine(): string {
  let commit = 'unknown';
  try {
    commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    // Not in a repository: the figures stand without it.
  }
  const [cpu] = cpus();
  return [
    `${cpu?.model ?? 'unknown CPU'} x${cpus().length}, ${platform()} ${arch()}`,
    `load ${loadavg()[0].toFixed(1)}`,
    `node ${process.versions.node}, v8 ${process.versions.v8}, commit ${commit}`,
  ].join('; ');
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function oneTurn(work: Contender, turn: number): { cost: number; rate: number } {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const until = start + BigInt(turn * 1e6);
  let operations = 0;
  let now = start;
  while (now < until) {
    operations += work() ?? 1;
    now = process.hrtime.bigint();
  }
  const { user, system } = process.cpuUsage(cpu);
  return { cost: ((user + system) * 1000) / operations, rate: operations / (Number(now - start) / 1e9) };
}

function short(value: number): number {
  return Number(value.toPrecision(3));
}
