/**
 * What a world that failed tells: what is wrong, the seed, all that was decided, the last part of the trace.
 * Knows: how to put it. Does not know: how it came to that.
 */
export interface Failure {
  readonly seed: number;
  readonly problems: readonly string[];
  /** What was asked for and what the seed made of it, one line each. */
  readonly decided: readonly string[];
  readonly trace: readonly string[];
  readonly hash: string;
  /** What a person writes to see it again. */
  readonly replay: string;
  readonly cause: unknown;
}

export class SimulationFailed extends Error {
  override readonly name = 'SimulationFailed';
  readonly seed: number;
  readonly problems: readonly string[];
  readonly trace: readonly string[];
  readonly hash: string;

  constructor({ seed, problems, decided, trace, hash, replay, cause }: Failure) {
    const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');
    super(
      [
        problems.join('\n\n'),
        `the world of seed ${seed} (trace hash ${hash}):\n${indented(decided)}`,
        `the last that happened in it:\n${indented(trace)}`,
        `again: ${replay}`,
      ].join('\n\n'),
      cause === undefined ? undefined : { cause },
    );
    this.seed = seed;
    this.problems = problems;
    this.trace = trace;
    this.hash = hash;
  }
}
