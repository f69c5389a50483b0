/** Files, both ways. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NEVER, of, take, throwError, type Observable } from 'rxjs';
import { concat, gather, utf8, type Bytes } from 'ropewalk';
import { pair } from 'ropewalk/memory';
import { FileError, FileNotFound, fromFile, toFile } from 'ropewalk/node';
import { spring } from './spring.ts';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const path = (content?: string | Uint8Array): string => {
  const file = join(folder, `file${++files}`);
  if (content !== undefined) writeFileSync(file, content);
  return file;
};

const textOf = (source: Observable<Bytes>): Promise<string> =>
  new Promise((resolve, reject) =>
    source.pipe(gather()).subscribe({ next: (all) => resolve(utf8(all)), error: reject }),
  );

const endOf = (source: Observable<unknown>): Promise<unknown> =>
  new Promise((resolve) => source.subscribe({ error: resolve, complete: () => resolve('completed') }));

describe('fromFile', () => {
  test('a file, whole and in part, from the first byte to the last one, itself included', async () => {
    const file = path('0123456789');
    expect(await textOf(fromFile(file))).toBe('0123456789');
    expect(await textOf(fromFile(file, { start: 3, end: 5 }))).toBe('345');
    expect(await textOf(fromFile(file, { start: 8 }))).toBe('89');
  });

  test('it is cold: each subscription reads anew', async () => {
    const file = path('one');
    const reading = fromFile(file);
    expect(await textOf(reading)).toBe('one');
    writeFileSync(file, 'two');
    expect(await textOf(reading)).toBe('two');
  });

  test('chunk says how much is read at once', async () => {
    const sizes: number[] = [];
    await new Promise<void>((resolve) =>
      fromFile(path('x'.repeat(10)), { chunk: 4 }).subscribe({
        next: ({ length }) => sizes.push(length),
        complete: resolve,
      }),
    );
    expect(sizes).toEqual([4, 4, 2]);
  });

  test('no such file, a folder: errors that say what was being done', async () => {
    const missing = join(folder, 'missing');
    const failure = await endOf(fromFile(missing));
    expect(failure).toBeInstanceOf(FileNotFound);
    expect(failure).toMatchObject({ code: 'ENOENT', message: `reading ${missing}: there is no such file (ENOENT)` });
    const aFolder = await endOf(fromFile(folder));
    expect(aFolder).toBeInstanceOf(FileError);
    expect(aFolder).toMatchObject({ code: 'EISDIR', message: `reading ${folder}: that is a folder (EISDIR)` });
  });

  test('a slow connection bounds the reading, and gets the whole file', async () => {
    const content = new Uint8Array(3 << 20).map((_, at) => at >> 8);
    const [near, far] = pair();
    fromFile(path(content)).subscribe(near);
    while (!near.halves.outbox.holding) await new Promise(setImmediate);
    expect(near.state.unsent).toBeLessThanOrEqual(2 * 65536);
    const parts: Bytes[] = [];
    far.subscribe((chunk) => parts.push(chunk));
    far.complete();
    await new Promise((resolve) => near.closed.addCallback(resolve));
    expect(Buffer.compare(concat(parts), content)).toBe(0);
  });

  test('unsubscribing closes the file', async () => {
    const open = (): string[] => process.getActiveResourcesInfo().filter((name) => name.startsWith('FS'));
    expect(await endOf(fromFile(path(new Uint8Array(1 << 20))).pipe(take(1)))).toBe('completed');
    while (open().length > 0) await new Promise(setImmediate);
  });
});

describe('toFile', () => {
  test('it begins anew, or appends, or refuses a file that is there; with the mode that is asked for', async () => {
    const file = path('before ');
    expect(await endOf(of('after').pipe(toFile(file, { flags: 'a' })))).toBe('completed');
    expect(readFileSync(file, 'utf8')).toBe('before after');
    expect(await endOf(of('anew').pipe(toFile(file)))).toBe('completed');
    expect(readFileSync(file, 'utf8')).toBe('anew');
    expect(await endOf(of('x').pipe(toFile(file, { flags: 'wx' })))).toMatchObject({
      name: 'FileError',
      message: `writing ${file}: it is there already (EEXIST)`,
    });
    const secret = path();
    expect(await endOf(of('secret').pipe(toFile(secret, { mode: 0o600 })))).toBe('completed');
    expect(statSync(secret).mode & 0o777).toBe(0o600);
  });

  test('no such folder', async () => {
    const nowhere = join(folder, 'no', 'file');
    expect(await endOf(of('x').pipe(toFile(nowhere)))).toBeInstanceOf(FileNotFound);
    expect(await endOf(NEVER.pipe(toFile(nowhere)))).toBeInstanceOf(FileNotFound);
  });

  test('the error of the source is told', async () => {
    const file = path();
    const error = new Error('enough');
    expect(await endOf(throwError(() => error).pipe(toFile(file)))).toBe(error);
  });

  test('a fast source is written whole', async () => {
    const file = path();
    const { source, held } = spring(4 << 20);
    expect(await endOf(source.pipe(toFile(file)))).toBe('completed');
    expect([statSync(file).size, held()]).toEqual([4 << 20, false]);
  });
});
