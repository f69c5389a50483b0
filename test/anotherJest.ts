/** Jest in a process of its own, and what came of its tests. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface Outcome {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

/** Runs all tests of a configuration. */
export function anotherJest(config: string): Outcome[] {
  const { NODE_OPTIONS: _options, JEST_WORKER_ID: _worker, ...env } = process.env;
  const { stdout } = spawnSync(
    process.execPath,
    [join('node_modules', 'jest', 'bin', 'jest.js'), '--config', config, '--json', '--runInBand'],
    { encoding: 'utf8', env: { ...env, NO_COLOR: '1' }, timeout: 60_000 },
  );
  return outcomesOf(stdout);
}

/** What a runner writes as JSON: Jest and those that do as it does. */
export function outcomesOf(json: string): Outcome[] {
  const { testResults } = JSON.parse(json) as { testResults: { assertionResults: Outcome[] }[] };
  return testResults.flatMap(({ assertionResults }) => assertionResults);
}
