/** A Transform of Node in the middle of a pipeline: endings both ways, pressure, flushing. */
import { PassThrough, Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { concat as concatOf, EMPTY, from, NEVER, Observable, of, reduce, Subject, take, throwError } from 'rxjs';
import { bytes, heldGroups, pull, utf8, type Bytes } from 'ropewalk';
import { StreamClosed, StreamError, throughStream } from 'ropewalk/node';
import { mergeMap } from 'ropewalk/operators';

const turn = (): Promise<void> => new Promise(setImmediate);

/** What came, as text, and how it ended. */
function heard(source: Observable<Bytes>): Promise<readonly [said: string, ending: unknown]> {
  let said = '';
  return new Promise((resolve) =>
    source.subscribe({
      next: (chunk) => (said += utf8(chunk)),
      error: (error: unknown) => resolve([said, error]),
      complete: () => resolve([said, 'completed']),
    }),
  );
}

const shouting = (): Transform =>
  new Transform({ transform: (chunk: Buffer, _, done) => done(null, chunk.toString().toUpperCase()) });

describe('endings', () => {
  test('empty, one, many: what goes in comes out, and so does the end', async () => {
    for (const words of [[], ['a'], ['a', 'b', 'c']]) {
      const through = from(words.map((word) => bytes(word))).pipe(throughStream(shouting));
      expect(await heard(through)).toEqual([words.join('').toUpperCase(), 'completed']);
    }
    expect(
      await heard(
        EMPTY.pipe(
          throughStream(() => createGzip()),
          throughStream(() => createGunzip()),
        ),
      ),
    ).toEqual(['', 'completed']);
  });

  test('never: nothing comes, and who leaves destroys the stream and leaves the source', async () => {
    const streams: Transform[] = [];
    let left = 0;
    const source = new Observable<Bytes>(() => () => left++);
    const going = source.pipe(throughStream(() => (streams.push(shouting()), streams[0]))).subscribe();
    await turn();
    going.unsubscribe();
    expect([left, streams[0].destroyed]).toEqual([1, true]);
    expect(NEVER.pipe(throughStream(shouting)).subscribe().closed).toBe(false);
  });

  test('each subscription has a stream of its own', async () => {
    let made = 0;
    const through = of(bytes('a')).pipe(throughStream(() => (made++, shouting())));
    expect(made).toBe(0);
    expect([await heard(through), await heard(through), made]).toEqual([['A', 'completed'], ['A', 'completed'], 2]);
  });

  test('an error of the source is passed on as it is, and destroys the stream', async () => {
    const oops = new Error('oops');
    let stream: Transform | undefined;
    const broken = concatOf(
      of(bytes('a')),
      throwError(() => oops),
    );
    expect((await heard(broken.pipe(throughStream(() => (stream = shouting())))))[1]).toBe(oops);
    expect(stream!.destroyed).toBe(true);
  });

  test("the stream's own error is the cause of a StreamError; one that is closed early is StreamClosed", async () => {
    const [, error] = await heard(of(bytes('this is no gzip')).pipe(throughStream(() => createGunzip())));
    expect(error).toBeInstanceOf(StreamError);
    expect((error as StreamError).cause).toMatchObject({ code: 'Z_DATA_ERROR' });
    const closing = throughStream(() => {
      const stream = new PassThrough();
      setImmediate(() => stream.destroy());
      return stream;
    });
    expect((await heard(NEVER.pipe(closing)))[1]).toBeInstanceOf(StreamClosed);
    const failure = (): Error => new RangeError('mine');
    const mine = of(bytes('no gzip')).pipe(throughStream(() => createGunzip(), { failure }));
    expect((await heard(mine))[1]).toBeInstanceOf(RangeError);
  });

  test('one that cannot be made is told to whoever subscribes', async () => {
    const oops = new Error('no memory');
    const [, error] = await heard(
      of(bytes('a')).pipe(
        throughStream(() => {
          throw oops;
        }),
      ),
    );
    expect(error).toBe(oops);
  });
});

test('who is slow behind it holds the source before it', async () => {
  const chunk = new Uint8Array(65_536);
  let made = 0;
  function* pieces(): Iterable<Bytes> {
    for (let n = 0; n < 200; n++) {
      made++;
      yield chunk;
    }
  }
  const go = new Subject<void>();
  const length = pull(pieces()).pipe(
    throughStream(() => new PassThrough()),
    mergeMap(
      (piece) =>
        new Observable<Bytes>((out) => void go.pipe(take(1)).subscribe(() => (out.next(piece), out.complete()))),
      1,
    ),
    reduce((sum, piece) => sum + piece.length, 0),
  );
  const whole = new Promise((resolve) => length.subscribe(resolve));
  for (let n = 0; n < 50; n++) await turn();
  expect(made).toBeLessThan(20);
  const going = setInterval(() => go.next(), 0);
  expect(await whole).toBe(200 * chunk.length);
  clearInterval(going);
  while (heldGroups().length > 0) await turn();
});

describe('with flush', () => {
  test('a lone chunk is not kept back; without it is', async () => {
    const said = new Subject<Bytes>();
    const lone = new Promise<string>((resolve) => {
      said
        .pipe(
          throughStream(() => createGzip(), { flush: true }),
          throughStream(() => createGunzip()),
        )
        .subscribe((chunk) => resolve(utf8(chunk)));
    });
    said.next(bytes('at once'));
    expect(await lone).toBe('at once');
    let kept = '';
    const keeping = said
      .pipe(
        throughStream(() => createGzip()),
        throughStream(() => createGunzip()),
      )
      .subscribe((chunk) => (kept += utf8(chunk)));
    said.next(bytes('later'));
    for (let n = 0; n < 50; n++) await turn();
    expect(kept).toBe('');
    keeping.unsubscribe();
  });

  test('many at once are packed together', async () => {
    const pieces = Array.from({ length: 200 }, () => bytes('the same again and again '));
    const packed = (flush: boolean): Promise<number> =>
      new Promise((resolve) =>
        from(pieces)
          .pipe(
            throughStream(() => createGzip(), { flush }),
            reduce((sum, chunk) => sum + chunk.length, 0),
          )
          .subscribe(resolve),
      );
    expect(await packed(true)).toBeLessThan(2 * (await packed(false)));
  });

  test('a stream that cannot is a TypeError', async () => {
    const [, error] = await heard(of(bytes('a')).pipe(throughStream(() => new PassThrough(), { flush: true })));
    expect(error).toBeInstanceOf(TypeError);
  });
});
