/** The test kit in runners that it has never heard of (Node's own, Vitest), and in Jest as its users have it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { anotherJest, outcomesOf } from '../anotherJest.ts';

test('node --test runs marble tests, and shows why one fails', () => {
  const program = join(__dirname, 'programs', 'runner.ts');
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--require', require.resolve('ts-node/register'), '--test', '--test-reporter=tap', program],
    { encoding: 'utf8', env, timeout: 60_000 },
  );
  const results = [...stdout.matchAll(/^ {0,4}(ok|not ok) \d+ - (.*)$/gm)].map(
    ([, result, name]) => `${result}: ${name}`,
  );
  expect([results, stderr]).toEqual([expect.arrayContaining(['ok: what is said comes back']), '']);
  expect(results).toEqual(expect.arrayContaining(['ok: laws, cuts and recordings', 'ok: A line']));
  expect(results).toContain('not ok: a failure is told as text');
  expect(stdout).toMatch(/the marbles differ at 1 ms\n\s*expected {2}-b\|\n\s*actual {4}-a\|\n {0,}\s*\^/);
});

test('jest fails a test that leaves something held, once the door is imported, and goes on with rxjs-marbles', () => {
  const outcomes = anotherJest(join(__dirname, 'programs', 'jest', 'jest.config.cjs'));
  expect(outcomes.map(({ title, status }) => `${status}: ${title}`)).toEqual([
    'passed: a byte diagram goes in, rxjs-marbles looks at what comes out',
    'passed: a peer that stays connected holds nobody',
    'failed: an echo whose peer does not read stays held',
    'passed: the test after it is not to blame',
    'passed: one byte that differs is noticed',
    'passed: a Buffer equals the bytes that it is',
  ]);
  expect(outcomes[2].failureMessages.join().split('\n').slice(0, 3)).toEqual([
    'Error: the test has left something held:',
    '  the connection with echo is still held by the connection with echo: nobody listens',
    '  the connection with echo#1 is still held by the connection with echo#1: its send buffer is full',
  ]);
}, 70_000);

test('vitest runs marble tests and worlds, and shows why one fails', () => {
  const { NODE_OPTIONS: _options, VITEST: _vitest, JEST_WORKER_ID: _worker, ...env } = process.env;
  const config = join(__dirname, 'programs', 'vitest', 'vitest.config.mjs');
  const { stdout } = spawnSync(
    process.execPath,
    [join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', config, '--reporter=json', '--no-color'],
    { encoding: 'utf8', env: { ...env, NODE_ENV: 'test' }, timeout: 120_000 },
  );
  const results = outcomesOf(stdout);
  expect(results.map(({ title, status }) => `${status}: ${title}`)).toEqual([
    'passed: what is said comes back',
    'passed: a codec and a world',
    'failed: a failure is told as text',
  ]);
  expect(results[2].failureMessages.join()).toMatch(/the marbles differ at 1 ms\n\s*expected {2}-b\|/);
}, 130_000);
