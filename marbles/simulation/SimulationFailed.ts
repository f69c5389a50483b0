/**
 * What a world that failed tells: what is wrong, the seed, all that was decided, the smallest world that fails like it, the
 * last part of the trace, and how to see it again.
 * Knows: how to put it. Does not know: how it came to that, how it was made small (shrink.ts).
 */
import type { SimulationOptions } from './World.ts';

export interface Failure {
  readonly options: SimulationOptions;
  readonly problems: readonly string[];
  /** What was asked for and what the seed made of it, one line each. */
  readonly decided: readonly string[];
  /** Whether there were links: of what lies between hosts there may be less. */
  readonly linked: boolean;
  readonly trace: readonly string[];
  readonly hash: string;
  readonly cause: unknown;
}

/** What is left of a world when all is taken away that its failure does not need. */
export interface Shrunk {
  /** Give them to `simulate`, with the same description. */
  readonly options: SimulationOptions;
  /** How many worlds it took to find out. */
  readonly runs: number;
}

export class SimulationFailed extends Error {
  override readonly name = 'SimulationFailed';
  readonly seed: number;
  readonly problems: readonly string[];
  readonly trace: readonly string[];
  readonly hash: string;
  /** The smallest world that was found to fail in the same way; `undefined` if none is smaller. */
  readonly shrunk: Shrunk | undefined;
  /** All of it, to be told again with more. */
  readonly failure: Failure;

  constructor(failure: Failure, shrunk?: Shrunk | string) {
    const { options, problems, decided, trace, hash, cause } = failure;
    const smaller = typeof shrunk === 'object' ? shrunk : undefined;
    const replays = [`again:   ${replayOf(options)}`, ...(smaller ? [`smaller: ${replayOf(smaller.options)}`] : [])];
    super(
      [
        problems.join('\n\n'),
        `the world of seed ${options.seed} (trace hash ${hash}):\n${indented(decided)}`,
        ...(smaller
          ? [`it takes no more than this (found in ${smaller.runs} runs):\n${indented(remains(smaller))}`]
          : []),
        ...(typeof shrunk === 'string' ? [shrunk] : []),
        `the last that happened in it:\n${indented(trace)}`,
        replays.join('\n'),
      ].join('\n\n'),
      cause === undefined ? undefined : { cause },
    );
    this.seed = options.seed;
    this.problems = problems;
    this.trace = trace;
    this.hash = hash;
    this.shrunk = smaller;
    this.failure = failure;
  }
}

/** What a person writes to see it again. */
export function replayOf(options: SimulationOptions): string {
  return `simulate({ ${given(options)} }, ...)`;
}

/** Options, as they are written. */
export function given(options: SimulationOptions): string {
  const all = Object.entries(options).filter(([, value]) => value !== undefined);
  return all.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ');
}

function remains({ options }: Shrunk): string[] {
  const { faults = {}, without = [], rechunk = true, profile } = options;
  const drawn = Object.entries(faults).map(([link, fault]) => {
    const { diagram, frame } = typeof fault === 'string' ? { diagram: fault, frame: 1000 } : fault;
    return `${link}  ${diagram}   a character is ${typeof frame === 'number' ? `${frame} ms` : frame}`;
  });
  return [
    ...drawn,
    ...(drawn.length === 0 && (options.faults !== undefined || profile === 'still') ? ['no faults'] : []),
    ...(profile === 'still' ? ['a network that takes no time'] : []),
    ...(without.length > 0 ? [`nothing drawn for ${without.join(', ')}`] : []),
    ...(rechunk ? [] : ['reads are whole']),
  ];
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}
