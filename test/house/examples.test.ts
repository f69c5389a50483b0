/**
 * Every program in examples/ is short, says how to run it and what will be seen, and does what test/examples/ says of it.
 * Those in folders of their own need more than Ropewalk, and have tests of their own.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { start, type Program, type Scenario } from '../examples/program.ts';
import { filesIn } from './rooms.ts';

test.each(filesIn('examples').filter((file) => dirname(file) !== 'examples' && !file.endsWith('.d.ts')))(
  '%s, in a folder of its own, has at most 60 lines',
  (file) => expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60),
);

describe.each(filesIn('examples').filter((file) => dirname(file) === 'examples'))('%s', (file) => {
  const source = readFileSync(file, 'utf8');
  const scenario = `test/examples/${basename(file)}`;

  test('has at most 40 lines', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
  });

  test('begins by saying how to run it, and what will be seen', () => {
    const [, opening = ''] = /^\/\*\*(.*?)\*\//s.exec(source) ?? [];
    expect(opening).toContain(`npx ts-node ${file}`);
    expect(opening.split(`npx ts-node ${file}`)[1].trim().length).toBeGreaterThan(20);
  });

  test('does it', async () => {
    if (!existsSync(scenario)) throw new Error(`${file} needs a scenario in ${scenario}: what must be seen of it`);
    const { default: play } = (await import(`../examples/${basename(file)}`)) as { default: Scenario };
    const started: Program[] = [];
    try {
      await play((options) => {
        const program = start(file, options);
        started.push(program);
        return program;
      });
    } finally {
      for (const program of started) program.signal('SIGKILL');
      await Promise.all(started.map(({ exit }) => exit));
    }
  }, 20_000);
});
