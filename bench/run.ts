/**
 * `npm run bench [-- NAME ...]`: runs the benches one after the other, or those that are named.
 * Each prints what it claims and what it measured; nothing here passes or fails.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const helpers = ['run', 'compare'];
const all = readdirSync(__dirname)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'))
  .filter((name) => !helpers.includes(name));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));

if (wanted.includes('--help') || unknown.length > 0) {
  console.log(`usage: npm run bench [-- NAME ...]\nbenches: ${all.join(', ')}`);
  console.log('ROUNDS=5 and ROUND_MS=600 set how often and how long a server bench measures.');
  process.exitCode = wanted.includes('--help') ? 0 : 2;
} else {
  for (const name of wanted.length > 0 ? wanted : all) {
    const file = join(__dirname, `${name}.ts`);
    const claim = /\/\*\*([\s\S]*?)\*\//.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    console.log(`\n== ${name}${claim.replaceAll(/\n \* ?/g, '\n   ').trimEnd()}\n`);
    const { status } = spawnSync(process.execPath, ['-r', 'ts-node/register', '-r', 'tsconfig-paths/register', file], {
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  }
}
