/** An Observable into a Writable: endings, pressure in both contexts, foreign streams. */
import { PassThrough, Writable } from 'node:stream';
import { createGzip, gunzipSync } from 'node:zlib';
import { concatMap, EMPTY, from, map, NEVER, Observable, of, Subject, throwError, timer } from 'rxjs';
import { LimitExceeded, onWarning, type Bytes, type RopewalkWarning } from 'ropewalk';
import { StreamClosed, StreamError, toWritable, type ToWritableOptions } from 'ropewalk/node';
import { spring } from './spring.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

/** How it ended: `completed`, or the error. */
const into = <T>(source: Observable<T>, writable: Writable, options?: ToWritableOptions): Promise<unknown> =>
  new Promise((resolve, reject) => {
    source.pipe(toWritable<T>(writable, options)).subscribe({
      next: () => reject(new Error('it emits nothing')),
      error: resolve,
      complete: () => resolve('completed'),
    });
  });

/** Takes a chunk every few turns. */
class Slow extends Writable {
  took = 0;
  highest = 0;

  override _write(chunk: Bytes, _encoding: string, done: () => void): void {
    this.highest = Math.max(this.highest, this.writableLength);
    this.took += chunk.length;
    void turns(3).then(done);
  }
}

describe('endings', () => {
  test("empty, one, many: it completes when the stream has told 'finish'", async () => {
    for (const words of [[], ['a'], ['a', 'b', 'c']]) {
      const slow = new Slow();
      expect(await into(from(words), slow)).toBe('completed');
      expect([slow.writableFinished, slow.took]).toEqual([true, words.length]);
    }
    expect(await into(EMPTY, new Slow())).toBe('completed');
  });

  test('with end: false the stream stays open, and all that was written is out', async () => {
    const slow = new Slow();
    expect(await into(of('one', 'two'), slow, { end: false })).toBe('completed');
    expect([slow.writable, slow.took, slow.writableLength]).toEqual([true, 6, 0]);
    expect(await into(of('three'), slow, { end: false })).toBe('completed');
    expect(await into(EMPTY, slow, { end: false })).toBe('completed');
    const error = new Error('enough');
    expect(
      await into(
        throwError(() => error),
        slow,
        { end: false },
      ),
    ).toBe(error);
    expect(slow.destroyed).toBe(false);
    slow.destroy();
  });

  test('the error of the source destroys the stream with it', async () => {
    const slow = new Slow();
    const error = new Error('enough');
    const failed = new Promise((resolve) => slow.once('error', resolve));
    expect(
      await into(
        throwError(() => error),
        slow,
      ),
    ).toBe(error);
    expect(await failed).toBe(error);
  });

  test('an error of the stream is a StreamError; a stream that is closed, before or meanwhile, is StreamClosed', async () => {
    const cause = Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    const failing = new Writable({ write: (_chunk, _encoding, done) => done(cause) });
    const failure = await into(of('a'), failing);
    expect(failure).toBeInstanceOf(StreamError);
    expect(failure).toMatchObject({ cause, code: 'ENOSPC', message: 'writing to a Writable: the disk is full' });
    const closing = new Slow();
    const closed = into(NEVER, closing);
    closing.destroy();
    expect(await closed).toBeInstanceOf(StreamClosed);
    expect(await into(of('a'), closing)).toBeInstanceOf(StreamClosed);
  });

  test('a value that the stream cannot carry is an error, not a crash', async () => {
    expect(await into<unknown>(of({ not: 'bytes' }), new Slow())).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(await into<unknown>(of(null), new Slow())).toMatchObject({ code: 'ERR_STREAM_NULL_VALUES' });
  });

  test('unsubscribing destroys the stream, lets everyone go, and leaves no listener', async () => {
    const slow = new Slow();
    const count = (): number[] => ['drain', 'finish', 'close'].map((name) => slow.listenerCount(name));
    const before = count();
    const { source, held } = spring(1 << 20);
    const running = source.pipe(toWritable(slow)).subscribe();
    while (!held()) await turns(1);
    running.unsubscribe();
    expect([held(), slow.destroyed, count()]).toEqual([false, true, before]);
  });

  test('listeners go when it has completed', async () => {
    const stream = new PassThrough().resume();
    const names = ['drain', 'finish', 'close', 'error'];
    const before = names.map((name) => stream.listenerCount(name));
    await into(of('a'), stream, { end: false });
    expect(names.map((name) => stream.listenerCount(name))).toEqual(before);
  });
});

describe('pressure', () => {
  test('a slow stream bounds a fast source that feeds it', async () => {
    const { source, given, held } = spring(2 << 20);
    const slow = new Slow({ highWaterMark: 1024 });
    expect(await into(source.pipe(map((chunk) => chunk)), slow)).toBe('completed');
    expect([slow.took, given(), held()]).toEqual([2 << 20, 2 << 20, false]);
    expect(slow.highest).toBeLessThanOrEqual(65536 + 65536);
  });

  test('a slow stream bounds a fast source that was subscribed for it and answers later', async () => {
    const { source, given } = spring(1 << 20);
    const slow = new Slow();
    const later = new Subject<Bytes>();
    let highest = 0;
    const work = new Observable<Bytes>((subscriber) => {
      subscriber.add(later.subscribe(subscriber));
      subscriber.add(
        source.subscribe({
          next(chunk) {
            highest = Math.max(highest, given() - slow.took);
            // Nobody feeds in a later turn.
            setImmediate(() => later.next(chunk));
          },
          complete: () => void timer(50).subscribe(() => later.complete()),
        }),
      );
    });
    expect(await into(work.pipe(concatMap((chunk) => of(chunk))), slow)).toBe('completed');
    expect(slow.took).toBe(1 << 20);
    expect(highest).toBeLessThanOrEqual(6 * 65536);
  });

  test('a source that cannot be held is warned about, and ends with LimitExceeded', async () => {
    const warnings: RopewalkWarning[] = [];
    const before = onWarning((warning) => warnings.push(warning));
    const stuck = new Writable({ write() {} }).on('error', () => {});
    const failure = await into(from(Array.from({ length: 80 }, () => new Uint8Array(1 << 20))), stuck);
    onWarning(before);
    expect(failure).toBeInstanceOf(LimitExceeded);
    expect(warnings.map(({ name }) => name)).toEqual(['UnpressuredSink']);
    expect(stuck.errored).toBe(failure);
  });
});

test("Node's zlib packs what an Observable gives", async () => {
  const gzip = createGzip();
  const packed = gzip.toArray();
  expect(await into(spring(300_000).source, gzip)).toBe('completed');
  expect(gunzipSync(Buffer.concat(await packed)).length).toBe(300_000);
});
