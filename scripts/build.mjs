/** Builds both halves of the package: CommonJS (what Node loads, by import and by require) and ES modules (for bundlers). */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
for (const [kind, type] of [
  ['cjs', 'commonjs'],
  ['esm', 'module'],
]) {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', `tsconfig.${kind}.json`], {
    stdio: 'inherit',
  });
  writeFileSync(`dist/${kind}/package.json`, `${JSON.stringify({ type, sideEffects: ['./marbles/jest.js'] })}\n`);
}
