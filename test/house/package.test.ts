/**
 * The package as its users get it: packed, installed beside rxjs, and run as ES module, as CommonJS and by ts-node.
 * Needs no network: what is installed comes from this checkout.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

jest.setTimeout(60_000);

const { exports: map } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown> };
const doors = Object.keys(map).flatMap((name) => (name.endsWith('.json') ? [] : [name.replace('.', 'ropewalk')]));

/** It opens only to tests that Jest runs. */
const jestDoor = 'ropewalk/marbles/jest';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-package-'));
const bin = (path: string): string => resolve('node_modules', path);
let tarball = '';

/** Runs a program of Node's, and gives what it prints; says what it printed if it fails. */
function run(cwd: string, program: string, ...args: string[]): string {
  return print(cwd, process.execPath, program, ...args);
}

function print(cwd: string, command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, NO_COLOR: '1' },
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Packs what is in `path`, and gives the tarball. */
function pack(path: string, ...options: string[]): string {
  const told = print(path, 'npm', 'pack', '--json', '--loglevel=error', `--pack-destination=${folder}`, ...options);
  const [{ filename }] = JSON.parse(told.slice(told.indexOf('[\n'))) as [{ filename: string }];
  return join(folder, filename);
}

/** A file of the consumer's. */
function write(name: string, text: string): void {
  mkdirSync(resolve(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** An echo in the network and one in memory, through three doors. Valid TypeScript, and valid JavaScript. */
const program = `
import { identity } from 'rxjs';
import { bytes, serve, utf8 } from 'ropewalk';
import { dial, listen } from 'ropewalk/node';
import { memory } from 'ropewalk/memory';

const here = memory();
const inMemory = here.listen('memory:echo');
const server = inMemory.pipe(serve(identity)).subscribe();
here.dial('memory:echo').addCallback((connection) => {
  connection.subscribe((chunk) => console.log('memory:', utf8(chunk)));
  connection.next(bytes('hello'));
  connection.complete();
  connection.closed.addCallback(() => server.unsubscribe());
});

const inNetwork = listen('tcp:0:interface=127.0.0.1');
inNetwork.address$.subscribe((address) => {
  dial('tcp:' + address).addCallback((connection) => {
    connection.subscribe((chunk) => console.log('tcp:', utf8(chunk)));
    connection.next(bytes('hello'));
    connection.complete();
    connection.closed.addCallback(() => serving.unsubscribe());
  });
});
const serving = inNetwork.pipe(serve(identity)).subscribe();
`;
const asCommonJs = program.replace(/import (.*) from (.*);/g, 'const $1 = require($2);');
const hellos = ['memory: hello', 'tcp: hello'];
const linesOf = (output: string): string[] => output.trim().split('\n').toSorted();

beforeAll(() => {
  tarball = pack('.');
  const beside = ['rxjs', 'tslib', '@opentelemetry/api'].map((name) =>
    pack(`node_modules/${name}`, '--ignore-scripts'),
  );
  write('package.json', JSON.stringify({ name: 'consumer', private: true }));
  write(
    'ts-node/tsconfig.json',
    JSON.stringify({ compilerOptions: { module: 'commonjs', target: 'es2022', strict: true } }),
  );
  print(folder, 'npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', tarball, ...beside);
  // Nest and Angular are many packages: they are lent, not installed.
  for (const lent of ['@nestjs', '@angular'])
    symlinkSync(resolve('node_modules', lent), join(folder, 'node_modules', lent));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('publint finds nothing to warn of', () => {
  // It suggests a root "type": there is none on purpose, because either value breaks running TypeScript on some Node.
  expect(run('.', bin('publint/src/cli.js'), tarball, '--level=warning')).toContain('All good');
});

test('the types are not wrong', () => {
  // node10 is left out: that resolution knows no exports, and TypeScript has given it up.
  expect(run('.', bin('@arethetypeswrong/cli/dist/index.js'), tarball, '--profile=node16', '--quiet')).toBe('');
});

test('an ES module runs', () => {
  write('echo.mjs', program);
  expect(linesOf(run(folder, 'echo.mjs'))).toEqual(hellos);
});

test('CommonJS runs', () => {
  write('echo.cjs', asCommonJs);
  expect(linesOf(run(folder, 'echo.cjs'))).toEqual(hellos);
});

test('ts-node runs', () => {
  write('ts-node/echo.ts', program);
  expect(linesOf(run(folder, bin('ts-node/dist/bin.js'), '--transpile-only', 'ts-node/echo.ts'))).toEqual(hellos);
});

/** A pool of a module's functions, and one function as text: as ES module, as CommonJS, and as TypeScript by ts-node. */
const pooled = `
import { ConnectionRefused } from 'ropewalk';
import { deferToThread, threads } from 'ropewalk/node';

const pool = threads({ size: 1, module: './jobs/MODULE' });
pool.call('refuse', 3).addErrback(ConnectionRefused, (refused) => console.log(refused.name, refused.message));
pool.stream('count', 3).subscribe((n) => console.log('counted', n));
deferToThread((n) => n * 2, 21).addCallback((n) => console.log('doubled', n));
`;
const done = ['ConnectionRefused nobody for 3', 'counted 0', 'counted 1', 'counted 2', 'doubled 42'];
const working = `
import { ConnectionRefused } from 'ropewalk';
import { thisJob } from 'ropewalk/thread';
export function refuse(n) { if (!thisJob().signal.aborted) throw new ConnectionRefused('nobody for ' + n); }
export function* count(to) { for (let n = 0; n < to; n++) yield n; }
`;
const required = (source: string): string => source.replace(/import (.*) from (.*);/g, 'const $1 = require($2);');

test.each([
  ['mjs', pooled, working],
  ['cjs', required(pooled), `${required(working).replaceAll('export ', '')}\nmodule.exports = { refuse, count };`],
])('threads run, and their program ends: %s', (ending, main, module) => {
  write(`jobs/work.${ending}`, module);
  write(`threads.${ending}`, main.replace('MODULE', `work.${ending}`));
  expect(linesOf(run(folder, `threads.${ending}`))).toEqual(done);
});

test('threads run TypeScript under ts-node', () => {
  // Named as what it will be built to.
  write('ts-node/work.ts', working.replaceAll('(n)', '(n: number)').replace('(to)', '(to: number)'));
  write('ts-node/threads.ts', pooled.replace('./jobs/MODULE', './ts-node/work.js').replace('(n) =>', '(n: number) =>'));
  expect(linesOf(run(folder, bin('ts-node/dist/bin.js'), '--transpile-only', 'ts-node/threads.ts'))).toEqual(done);
});

test('import and require give one and the same class', () => {
  write(
    'same.cjs',
    `import('ropewalk').then((imported) => {
      const required = require('ropewalk');
      const names = Object.keys(required);
      console.log(names.length > 20, names.filter((name) => required[name] !== imported[name]));
    });`,
  );
  expect(run(folder, 'same.cjs')).toBe('true []\n');
});

test('instanceof knows the classes of another copy', () => {
  cpSync(join(folder, 'node_modules/ropewalk'), join(folder, 'node_modules/copy'), { recursive: true });
  write(
    'copies.cjs',
    `const ours = require('ropewalk'), theirs = require('copy');
    const { dial, listen } = require('copy/memory').memory();
    listen('memory:a').subscribe();
    dial('memory:a').addCallback((connection) => {
      const refused = new theirs.ConnectionRefused('nobody');
      console.log(ours.Connection !== theirs.Connection);
      console.log(connection instanceof ours.Connection, connection instanceof ours.Duplex);
      console.log(refused instanceof ours.ConnectionRefused, refused instanceof ours.ConnectError);
      console.log(refused instanceof ours.ListenError, connection instanceof ours.ConnectError);
    });
    console.log(theirs.succeed(1) instanceof ours.Deferred);
    ours.succeed(1).addCallback(() => theirs.succeed(2)).addCallback(console.log);`,
  );
  expect(run(folder, 'copies.cjs')).toBe('true\n2\ntrue\ntrue true\ntrue true\nfalse false\n');
});

test.each([
  ['nodenext', 'nodenext', 'typed.mts'],
  ['nodenext', 'nodenext', 'typed.cts'],
  ['esnext', 'bundler', 'typed.ts'],
])('TypeScript compiles under strict: module %s, resolution %s, %s', (module, moduleResolution, file) => {
  write(file, [program, ...doors.map((door) => `import '${door}';`)].join('\n'));
  const typeRoots = [bin('@types')];
  const compilerOptions = {
    module,
    moduleResolution,
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
    typeRoots,
  };
  write(`${file}.json`, JSON.stringify({ compilerOptions, files: [file] }));
  expect(run(folder, bin('typescript/bin/tsc'), '-p', `${file}.json`)).toBe('');
});

test('TypeScript compiles for a page: no types of Node, no library newer than ES2022', () => {
  const forPages = ['', '/angular', '/browser', '/http', '/marbles', '/memory', '/operators', '/remote', '/websocket'];
  write('page.ts', forPages.map((door) => `import 'ropewalk${door}';`).join('\n'));
  const lib = ['es2022', 'dom', 'dom.iterable'];
  const compilerOptions = {
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'es2022',
    lib,
    types: [],
    noEmit: true,
  };
  write('page.json', JSON.stringify({ compilerOptions: { ...compilerOptions, strict: true }, files: ['page.ts'] }));
  expect(run(folder, bin('typescript/bin/tsc'), '-p', 'page.json')).toBe('');
});

test('every door opens, by require and by import', () => {
  const open = doors.filter((door) => door !== jestDoor);
  write('doors.cjs', open.map((door) => `console.log(typeof require('${door}'));`).join('\n'));
  write('doors.mjs', open.map((door) => `import '${door}';`).join('\n'));
  expect(run(folder, 'doors.cjs')).toBe('object\n'.repeat(open.length));
  expect(run(folder, 'doors.mjs')).toBe('');
});

test('one line of the configuration of Jest has every test looked after', () => {
  write('jest/jest.config.json', JSON.stringify({ setupFilesAfterEnv: [jestDoor] }));
  write(
    'jest/held.test.js',
    `const { HoldGroup } = require('ropewalk');
    test('leaves something held', () => {
      const file = { pause() {}, resume() {}, now: () => 0, toString: () => 'the file' };
      new HoldGroup(file).hold({ backlog: 1, toString: () => 'a queue' }, 'it is full');
    });
    test('leaves nothing', () => {});`,
  );
  expect(() => run(folder, bin('jest/bin/jest.js'), '--config', 'jest/jest.config.json', '--runInBand')).toThrow(
    /left something held:\n\s*the file is still held by a queue: it is full[^]*1 failed, 1 passed, 2 total/,
  );
});
