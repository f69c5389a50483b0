import { concat, EMPTY, from, map, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { bytes, feed, fromWeb, heldGroups, HoldGroup, pull, toWeb } from 'ropewalk';

afterEach(() => expect(heldGroups().map(String)).toEqual([]));

async function all<T>(stream: ReadableStream<T>): Promise<T[]> {
  const got: T[] = [];
  const reader = stream.getReader();
  for (let result = await reader.read(); !result.done; result = await reader.read()) got.push(result.value);
  return got;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A source that writes down what becomes of it. */
function spring() {
  const told: string[] = [];
  const group = new HoldGroup({ pause: () => told.push('pause'), resume: () => told.push('resume'), now: () => 0 });
  const subject = new Subject<number>();
  const source = new Observable<number>((subscriber) => {
    told.push('subscribe');
    subscriber.add(() => told.push('unsubscribe'));
    subscriber.add(subject.subscribe(subscriber));
  });
  return { told, subject, source, emit: (value: number) => feed(group, subject, value) };
}

describe('the stream', () => {
  test('gives every value, and closes with the source', async () => {
    expect(await all(toWeb(EMPTY))).toEqual([]);
    expect(await all(toWeb(of('a')))).toEqual(['a']);
    expect(await all(toWeb(from([1, 2, 3])))).toEqual([1, 2, 3]);
    const many = Array.from({ length: 5000 }, (_, n) => n);
    expect(await all(toWeb(pull(many), { highWaterMark: 1000 }))).toEqual(many);
  });

  test('is errored with the very error of the source, at once: what was not read is gone', async () => {
    const error = new Error('broken');
    await expect(all(toWeb(throwError(() => error)))).rejects.toBe(error);
    const reader = toWeb(
      concat(
        of(1, 2),
        throwError(() => error),
      ),
      { highWaterMark: 9 },
    ).getReader();
    await turn();
    await expect(reader.read()).rejects.toBe(error);
  });

  test('subscribes at the first read, and not to a stream that is cancelled before', async () => {
    const { told, source, subject } = spring();
    const stream = toWeb(source);
    await turn();
    expect(told).toEqual([]);
    const reading = all(stream);
    await turn();
    expect(told).toEqual(['subscribe']);
    subject.next(1);
    subject.complete();
    expect([await reading, told]).toEqual([[1], ['subscribe', 'unsubscribe']]);
    const unused = spring();
    await toWeb(unused.source).cancel();
    expect(unused.told).toEqual([]);
  });

  test('that is cancelled, or left by a loop, unsubscribes and lets go', async () => {
    const { told, source, emit } = spring();
    const reader = toWeb(source).getReader();
    const first = reader.read();
    await turn();
    emit(1);
    await first;
    expect(told).toEqual(['subscribe', 'pause']);
    await reader.cancel('enough');
    expect(told).toEqual(['subscribe', 'pause', 'unsubscribe', 'resume']);
    let drawn = 0;
    function* numbers(): Generator<number> {
      for (;;) yield drawn++;
    }
    for await (const n of toWeb(pull(numbers()))) if (n === 3) break;
    expect(drawn).toBeLessThan(6);
  });

  test('whose strategy throws has that error, and leaves the source', async () => {
    const { told, source, emit } = spring();
    const size = (): number => {
      throw new Error('immeasurable');
    };
    const reader = toWeb(source, { highWaterMark: 1, size }).getReader();
    await turn();
    emit(1);
    await expect(reader.read()).rejects.toThrow('immeasurable');
    expect(told).toEqual(['subscribe', 'unsubscribe']);
  });
});

describe('pressure', () => {
  test('the source is held while nobody reads, and goes on with the next read', async () => {
    const { told, source, subject, emit } = spring();
    const reader = toWeb(source).getReader();
    const [first, second] = [reader.read(), reader.read()];
    await turn();
    emit(1);
    expect(told).toEqual(['subscribe']);
    emit(2);
    expect(told).toEqual(['subscribe', 'pause']);
    emit(3);
    expect([await first, await second, await reader.read()].map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(told).toEqual(['subscribe', 'pause']);
    const fourth = reader.read();
    await turn();
    expect(told).toEqual(['subscribe', 'pause', 'resume']);
    emit(4);
    subject.complete();
    expect([await fourth, await reader.read()].map(({ value }) => value)).toEqual([4, undefined]);
  });

  test('the strategy says how much may wait; at half of it the source goes on', async () => {
    const { told, source, emit } = spring();
    const reader = toWeb(source, new CountQueuingStrategy({ highWaterMark: 4 })).getReader();
    await turn();
    for (let n = 0; n < 3; n++) emit(n);
    expect(told).toEqual(['subscribe']);
    emit(3);
    expect(told).toEqual(['subscribe', 'pause']);
    await reader.read();
    expect(told).toEqual(['subscribe', 'pause']);
    await reader.read();
    expect(told).toEqual(['subscribe', 'pause', 'resume']);
    await reader.cancel();
  });

  test('a fast source and a reader that stands still are bounded', async () => {
    let drawn = 0;
    function* numbers(): Generator<number> {
      for (;;) yield drawn++;
    }
    const reader = toWeb(pull(numbers()), { highWaterMark: 10 }).getReader();
    expect((await reader.read()).value).toBe(0);
    for (let at = 0; at < 10; at++) await turn();
    expect(drawn).toBe(11);
    for (let n = 1; n < 300; n++) expect((await reader.read()).value).toBe(n);
    expect(drawn).toBeLessThanOrEqual(300 + 11);
    await reader.cancel();
  });

  test('reaches through the streams it is piped through', async () => {
    let drawn = 0;
    function* numbers(): Generator<number> {
      for (;;) yield drawn++;
    }
    const reader = toWeb(pull(numbers()).pipe(map((n) => n * 2)))
      .pipeThrough(new TransformStream<number, number>())
      .getReader();
    expect((await reader.read()).value).toBe(0);
    for (let at = 0; at < 10; at++) await turn();
    expect(drawn).toBeLessThan(10);
    await reader.cancel();
  });
});

describe('the platform reads it', () => {
  const page$ = of('Grüße, ', 'world').pipe(map((text) => bytes(text)));

  test('Response', async () => {
    expect(await new Response(toWeb(page$)).text()).toBe('Grüße, world');
  });

  test('TextDecoderStream, across a letter that is cut', async () => {
    const cut$ = from([...bytes('Grüße')].map((byte) => Uint8Array.of(byte)));
    expect((await all(toWeb(cut$).pipeThrough(new TextDecoderStream() as never))).join('')).toBe('Grüße');
  });

  test('CompressionStream, and DecompressionStream on the way back', async () => {
    const text = 'all work and no play '.repeat(10_000);
    const packed = toWeb(of(text).pipe(map((part) => bytes(part)))).pipeThrough(new CompressionStream('gzip') as never);
    let size = 0;
    const counted = fromWeb(packed as ReadableStream<Uint8Array>).pipe(
      map((chunk) => {
        size += chunk.length;
        return chunk;
      }),
    );
    const unpacked = toWeb(counted).pipeThrough(new DecompressionStream('gzip') as never);
    expect(await new Response(unpacked as never).text()).toBe(text);
    expect(size).toBeLessThan(2_000);
  });

  test('tee: both halves get everything', async () => {
    const [one, two] = toWeb(from([1, 2, 3])).tee();
    expect([await all(one), await all(two)]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });
});

test('a source that never ends is left when the reader has enough', async () => {
  await toWeb(concat(of(1), NEVER)).cancel();
});
