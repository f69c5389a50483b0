/** A Readable as a held source: endings, pressure, foreign streams. */
import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { concatMap, map, take, timer } from 'rxjs';
import { bytes, currentGroup, gather, subscribingFor, utf8, type Bytes, type Hold } from 'ropewalk';
import { pair } from 'ropewalk/memory';
import { fromReadable, StreamClosed, StreamError } from 'ropewalk/node';

/** What a subscription is told, in order. */
function told(
  readable: Readable,
  source = fromReadable<unknown>(readable),
): { log: unknown[]; over: Promise<void>; stop(): void } {
  const log: unknown[] = [];
  let stop = (): void => {};
  const over = new Promise<void>((resolve) => {
    const running = source.subscribe({
      next: (value) => log.push(value),
      error(error: unknown) {
        log.push(error);
        resolve();
      },
      complete() {
        log.push('completed');
        resolve();
      },
    });
    stop = () => running.unsubscribe();
  });
  return { log, over, stop };
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

describe('endings', () => {
  test('never, empty, one, many', async () => {
    const never = told(new Readable({ read() {} }));
    const [empty, one, many] = [[], ['a'], ['a', 'b', 'c']].map((values) => told(Readable.from(values)));
    await Promise.all([empty.over, one.over, many.over]);
    expect([never, empty, one, many].map(({ log }) => log)).toEqual([
      [],
      ['completed'],
      ['a', 'completed'],
      ['a', 'b', 'c', 'completed'],
    ]);
    never.stop();
  });

  test('an error of the stream is a StreamError, with its cause and its code', async () => {
    const stream = new PassThrough();
    const { log, over } = told(stream);
    const cause = Object.assign(new Error('the tape is torn'), { code: 'EIO' });
    stream.destroy(cause);
    await over;
    expect(log).toEqual([expect.any(StreamError)]);
    expect(log[0]).toMatchObject({ cause, code: 'EIO', message: 'reading a PassThrough: the tape is torn' });
  });

  test('a stream that is closed before its end is StreamClosed, also for who comes afterwards', async () => {
    const stream = new PassThrough();
    const early = told(stream);
    stream.destroy();
    await early.over;
    const late = told(stream);
    expect([early.log, late.log]).toEqual([[expect.any(StreamClosed)], [expect.any(StreamClosed)]]);
  });

  test('who comes after the end hears the end', async () => {
    const stream = Readable.from(['a']);
    await told(stream).over;
    expect(told(stream).log).toEqual(['completed']);
  });

  test('the last to leave destroys the stream, and takes all listeners along', async () => {
    const stream = new PassThrough();
    const count = (): number[] => ['data', 'end', 'close', 'drain'].map((name) => stream.listenerCount(name));
    const before = count();
    const source = fromReadable<unknown>(stream);
    const [one, two] = [told(stream, source), told(stream, source)];
    one.stop();
    expect(stream.destroyed).toBe(false);
    two.stop();
    expect(stream.destroyed).toBe(true);
    expect(count()).toEqual(before);
    await turns(2);
    expect([one.log, two.log]).toEqual([[], []]);
  });

  test('a stream that has ended is not destroyed: its other half may go on', async () => {
    const stream = new PassThrough({ allowHalfOpen: true });
    stream.push('all');
    stream.push(null);
    await told(stream).over;
    expect([stream.destroyed, stream.writable]).toEqual([false, true]);
    stream.destroy();
  });
});

describe('pressure', () => {
  test('it feeds in the name of one group, for all its subscribers; while that is held the stream is paused', async () => {
    let given = 0;
    const fast = new Readable({
      read() {
        given++;
        setImmediate(() => this.push(new Uint8Array(16384)));
      },
    });
    const source = fromReadable(fast);
    const holds: Hold[] = [];
    const groups = new Set<unknown>();
    const listening = source.subscribe(() => {
      groups.add(currentGroup());
      if (holds.length === 0) holds.push(currentGroup()!.hold({ backlog: 1 }, 'the test says so'));
    });
    listening.add(source.subscribe(() => groups.add(currentGroup())));
    await turns(20);
    const before = given;
    await turns(50);
    expect(given - before).toBeLessThanOrEqual(5);
    expect(groups.size).toBe(1);
    expect(fast.isPaused()).toBe(true);
    holds[0].release();
    await turns(50);
    expect(given - before).toBeGreaterThan(10);
    listening.unsubscribe();
  });

  test('a connection that is full holds the stream that is sent to it; nothing is lost', async () => {
    const [near, far] = pair();
    let given = 0;
    const total = 2 << 20;
    const fast = new Readable({
      read() {
        setImmediate(() => {
          const chunk = given < total ? new Uint8Array(65536) : null;
          given += chunk?.length ?? 0;
          this.push(chunk);
        });
      },
    });
    fromReadable(fast).subscribe(near);
    await turns(100);
    expect(near.state.unsent).toBeLessThanOrEqual(2 * 65536);
    expect(given).toBeLessThan(total / 2);
    let arrived = 0;
    far.subscribe((chunk) => (arrived += chunk.length));
    far.complete();
    await new Promise((resolve) => near.closed.addCallback(resolve));
    expect(arrived).toBe(total);
  });

  test('what subscribes it for a sink joins that sink, though the values come later', async () => {
    const [near, far] = pair();
    near.next(new Uint8Array(1));
    const stream = new PassThrough();
    const late = fromReadable(stream).pipe(concatMap((chunk) => timer(1).pipe(map(() => chunk as Bytes))));
    const running = subscribingFor(near.halves.outbox, () => late.subscribe((chunk) => near.next(chunk)));
    for (let times = 0; times < 8; times++) stream.write(new Uint8Array(65536));
    while (!near.halves.group.held && !stream.isPaused()) await turns(1);
    expect(stream.isPaused()).toBe(true);
    running.unsubscribe();
    near.error(new Error('the test is over'));
    far.error(new Error('the test is over'));
  });
});

describe("Node's streams", () => {
  test('zlib and crypto', async () => {
    const text = 'hello '.repeat(100_000);
    const gunzip = createGunzip();
    gunzip.end(gzipSync(text));
    const unpacked = await new Promise<string>((resolve, reject) =>
      fromReadable(gunzip)
        .pipe(gather())
        .subscribe({ next: (all) => resolve(utf8(all)), error: reject }),
    );
    expect(unpacked).toBe(text);
    const hash = createHash('sha256');
    hash.end(bytes('abc'));
    const digest = await new Promise<Bytes>((resolve) => fromReadable(hash).pipe(take(1)).subscribe(resolve));
    expect(Buffer.from(digest).toString('hex')).toMatch(/^ba7816bf/);
    const broken = createGunzip();
    const { log, over } = told(broken);
    broken.end('this is not gzip');
    await over;
    expect(log).toEqual([expect.objectContaining({ name: 'StreamError', code: 'Z_DATA_ERROR' })]);
  });
});
