/** Files of a folder: what is served, what never is, and how it is read. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { type Deferred, type Hold, type HoldGroup, subscribingFor, type Sink } from 'ropewalk';
import { compose, Request, Response, routes } from 'ropewalk/http';
import { contentType, files, type FilesOptions } from 'ropewalk/http/node';

const outside = mkdtempSync(join(tmpdir(), 'ropewalk-files-'));
const root = join(outside, 'public');
const big = 300_000;

beforeAll(() => {
  mkdirSync(join(root, 'folder/deep'), { recursive: true });
  mkdirSync(join(root, 'empty'));
  mkdirSync(join(root, '.hidden'));
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  mkdirSync(join(outside, 'public-not'));
  writeFileSync(join(outside, 'public-not/secret.txt'), 'secret');
  writeFileSync(join(root, 'a b&c.txt'), 'blanks');
  writeFileSync(join(root, 'hello.txt'), 'hello, world');
  writeFileSync(join(root, 'nothing.css'), '');
  writeFileSync(join(root, '.env'), 'secret');
  writeFileSync(join(root, '.hidden/a.txt'), 'secret');
  writeFileSync(join(root, 'folder/index.html'), '<p>index</p>');
  writeFileSync(join(root, 'folder/deep/x.js'), '1');
  writeFileSync(join(root, 'big.bin'), new Uint8Array(big).fill(7));
  symlinkSync(join(outside, 'secret.txt'), join(root, 'out.txt'));
  symlinkSync(join(outside, 'public-not'), join(root, 'out'));
  symlinkSync('hello.txt', join(root, 'in.txt'));
  symlinkSync('loop', join(root, 'loop'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  utimesSync(join(root, 'hello.txt'), 1_000_000_000, 1_000_000_000);
});
afterAll(() => rmSync(outside, { recursive: true }));

const siteOf = (options?: FilesOptions) => routes({ '/files/*path': files(root, options) });
const ask = (target: string, headers: Record<string, string> = {}, method = 'GET', options?: FilesOptions) =>
  siteOf(options)(new Request({ method, target: `/files/${target}`, headers })) as Deferred<Response> | Response;

test('a file comes with its type, its length and its validators', async () => {
  const response = await ask('hello.txt');
  expect(await response.text()).toBe('hello, world');
  expect(Object.fromEntries(response.headers)).toEqual({
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': '12',
    ETag: expect.stringMatching(/^"\w+-\w+-\w+"$/),
    'Last-Modified': 'Sun, 09 Sep 2001 01:46:40 GMT',
    'Accept-Ranges': 'bytes',
    'X-Content-Type-Options': 'nosniff',
  });
});

test.each([
  ['a%20b%26c.txt', 'blanks'],
  ['nothing.css', ''],
  ['folder/', '<p>index</p>'],
  ['folder/index.html', '<p>index</p>'],
  ['folder/deep/x.js', '1'],
  ['in.txt', 'hello, world'],
])('%s is there', async (target, content) => {
  const response = await ask(target);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(content);
});

test.each([
  '../secret.txt',
  '%2e%2e/secret.txt',
  '..%2fsecret.txt',
  '.%2e/secret.txt',
  'folder/../../secret.txt',
  'folder/..%2f..%2fsecret.txt',
  '..%5csecret.txt',
  '%2fetc/passwd',
  '/etc/passwd',
  '//etc/passwd',
  'folder//index.html',
  './hello.txt',
  'hello.txt%00',
  'hello.txt%00.html',
  'hello.txt/',
  'hello.txt/x',
  'out.txt',
  'out/secret.txt',
  'loop',
  '.env',
  '.hidden/a.txt',
  'folder%2findex.html',
  'pipe',
  'empty/',
  'none',
  'x'.repeat(5000),
])('%s is not', async (target) => {
  expect((await ask(target)).status).toBe(404);
});

test('percent signs that make no UTF-8 are 400, also without routes', async () => {
  expect((await ask('%ff')).status).toBe(400);
  expect(compose()(files(root))(new Request({ target: '/%ff' }))).toMatchObject({ status: 400 });
});

test('without routes the whole path is the file', async () => {
  const response = await (compose()(files(root))(new Request({ target: '/hello.txt?v=1' })) as Deferred<Response>);
  expect(await response.text()).toBe('hello, world');
});

test('a folder without its slash is 308, said relative to itself', async () => {
  expect((await ask('folder?q=1')).headers.get('location')).toBe('./folder/?q=1');
  expect((await ask('folder')).status).toBe(308);
});

test('what options allow is served: dots, links, lists; other types and indexes', async () => {
  expect(await (await ask('.env', {}, 'GET', { dotfiles: true })).text()).toBe('secret');
  expect((await ask('../secret.txt', {}, 'GET', { dotfiles: true })).status).toBe(404);
  expect(await (await ask('out.txt', {}, 'GET', { symlinks: true })).text()).toBe('secret');
  const list = await (await ask('', {}, 'GET', { listing: true })).text();
  expect(list).toContain('<li><a href="./a%20b%26c.txt">a b&#38;c.txt</a></li>');
  expect(list).toContain('<li><a href="./folder/">folder/</a></li>');
  expect(list).not.toContain('.env');
  expect((await ask('folder/', {}, 'GET', { index: false })).status).toBe(404);
  expect(await (await ask('folder/deep/', {}, 'GET', { index: 'x.js' })).text()).toBe('1');
  const typed = await ask('hello.txt', {}, 'GET', { types: { txt: 'text/x' }, cacheControl: 'no-store' });
  expect(typed.headers.get('content-type')).toBe('text/x');
  expect(typed.headers.get('cache-control')).toBe('no-store');
});

test('only GET and HEAD are for files', async () => {
  expect((await ask('hello.txt', {}, 'HEAD')).headers.get('content-length')).toBe('12');
  const refused = await ask('hello.txt', {}, 'PUT');
  expect(refused.status).toBe(405);
  expect(refused.headers.get('allow')).toBe('GET, HEAD');
});

test('RFC 9110 section 13: what the client has is not sent again', async () => {
  const { headers } = await ask('hello.txt');
  expect((await ask('hello.txt', { 'If-None-Match': headers.get('etag')! })).status).toBe(304);
  expect((await ask('hello.txt', { 'If-Modified-Since': headers.get('last-modified')! })).status).toBe(304);
  expect((await ask('hello.txt', { 'If-Match': '"other"' })).status).toBe(412);
});

test('RFC 9110 section 14: one part, several, and one that is not there', async () => {
  const part = await ask('hello.txt', { Range: 'bytes=7-' });
  expect(part.status).toBe(206);
  expect(await part.text()).toBe('world');
  const parts = await ask('hello.txt', { Range: 'bytes=0-0,-1' });
  const [, boundary] = /boundary=(.*)/.exec(parts.headers.get('content-type')!)!;
  const content = await parts.text();
  expect(content.length).toBe(Number(parts.headers.get('content-length')));
  expect(content.split(`--${boundary}`)).toHaveLength(4);
  expect((await ask('hello.txt', { Range: 'bytes=12-' })).status).toBe(416);
  expect((await ask('nothing.css', { Range: 'bytes=0-' })).status).toBe(416);
});

test('a file is read as it is taken: whoever is full holds it', async () => {
  const { body } = await ask('big.bin');
  const groups = new Set<HoldGroup>();
  const sink: Sink = { join: (group) => groups.add(group), leave: (group) => groups.delete(group) };
  let received = 0;
  let readOn = 0;
  let hold: Hold | undefined;
  await new Promise<void>((resolve, reject) => {
    subscribingFor(sink, () =>
      body.subscribe({
        next(chunk) {
          if (hold !== undefined) readOn += chunk.length;
          received += chunk.length;
          const [group] = groups;
          hold ??= group.hold({ backlog: 1, toString: () => 'the test' }, 'the test is full');
          setImmediate(() => setImmediate(letGo));
        },
        error: reject,
        complete: resolve,
      }),
    );
  });
  letGo();
  function letGo(): void {
    const taken = hold;
    hold = undefined;
    taken?.release();
  }
  // Nothing came while it was held, but what was read already.
  expect(readOn).toBeLessThanOrEqual(65536);
  expect(received).toBe(big);
  expect(groups.size).toBe(0);
});

/** The file behind a descriptor; none, if that was closed since it was listed, as others of the process may be. */
function fileOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

test('leaving early closes the file, and one that nobody takes was never opened', async () => {
  const open = () => readdirSync('/proc/self/fd').filter((fd) => fileOf(fd).endsWith('/big.bin')).length;
  const response = await ask('big.bin');
  expect(open()).toBe(0);
  await firstValueFrom(response.body);
  for (let turn = 0; turn < 100 && open() > 0; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(open()).toBe(0);
});

test('a file that has changed since is an error, not half of each', async () => {
  const path = join(root, 'changing.txt');
  writeFileSync(path, 'one');
  const response = await ask('changing.txt');
  appendFileSync(path, 'two');
  await expect(response.text()).rejects.toMatchObject({
    name: 'FileError',
    message: expect.stringContaining('has changed'),
  });
});

test('media types are found by the ending, in any case', () => {
  expect(contentType('A.HTML')).toBe('text/html; charset=utf-8');
  expect(contentType('a.tar.gz')).toBe('application/gzip');
  expect(contentType('README')).toBe('application/octet-stream');
  expect(contentType('a.constructor')).toBe('application/octet-stream');
});
