/**
 * What a page is sent: bundled, minified and compressed as a site would do it. RxJS is beside it: the page has that anyway.
 * Its sizes are bounded, and nothing of Node's reaches it.
 */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { doors } from '../house/rooms.ts';

interface Bundle {
  readonly minified: number;
  readonly gzip: number;
  /** What it imports when it runs. */
  readonly imports: readonly string[];
}

async function bundle(program: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: ['rxjs', 'rxjs/*'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const [{ contents }] = outputFiles;
  const [{ imports }] = Object.values(metafile.outputs);
  return { minified: contents.length, gzip: gzipSync(contents).length, imports: imports.map(({ path }) => path) };
}

const all = (...names: string[]): string => names.map((name) => `export * from '${name}';`).join('\n');

const chat = `
  import { connect } from 'ropewalk/browser';
  import { reconnect } from 'ropewalk';
  import { webSocketText } from 'ropewalk/websocket';
  import { switchMap } from 'rxjs';
  connect('wss://chat.example/').pipe(
    switchMap((connection) => {
      const lines = connection.over(webSocketText());
      lines.next('hello');
      return lines;
    }),
    reconnect(),
  ).subscribe(console.log);`;

const worker = `
  import { dial, messagePort } from 'ropewalk/browser';
  import { lines } from 'ropewalk';
  dial(messagePort(new Worker('worker.js'))).addCallback((connection) => connection.over(lines()).subscribe(console.log));`;

const remote = `
  import { dial } from 'ropewalk/browser';
  import { remote } from 'ropewalk/remote';
  dial('wss://api.example/').addCallback((connection) => remote(connection).add(2, 3).addCallback(console.log));`;

test.each([
  ['a page that speaks text with a server, and comes back', chat, 15_000],
  ['a page that speaks lines with its worker', worker, 18_500],
  ['a page that calls functions of a server', remote, 23_500],
  ['all of the core', all('ropewalk'), 31_000],
  ['all operators', all('ropewalk/operators'), 23_000],
  ['all of the browser room', all('ropewalk/browser'), 27_000],
  ['everything in these three', all('ropewalk', 'ropewalk/operators', 'ropewalk/browser'), 50_000],
])('%s is small', async (what, program, bound) => {
  const { minified, gzip } = await bundle(program);
  process.stderr.write(`${what}: ${minified} bytes minified, ${gzip} compressed, of ${bound} at most\n`);
  expect(gzip).toBeLessThanOrEqual(bound);
});

/** The doors that only Node opens. */
const forNode = /\/(node|gtk|marbles\/disk|nestjs|opentelemetry)$/;

test.each(Object.keys(doors).filter((door) => !forNode.test(door)))('%s needs nothing of Node', async (door) => {
  const { imports } = await bundle(all(door));
  expect(imports.filter((path) => !path.startsWith('rxjs'))).toEqual([]);
});

test.each(Object.keys(doors).filter((door) => forNode.test(door)))('%s would be noticed', async (door) => {
  await expect(bundle(all(door))).rejects.toThrow(/Could not resolve/);
});
