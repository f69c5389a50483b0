import { EMPTY, from, map, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { bytes, feed, heldGroups, HoldGroup, iterate, lines, over, pull, serve, utf8, type Bytes } from 'ropewalk';
import { memory } from 'ropewalk/memory';

afterEach(() => expect(heldGroups().map(String)).toEqual([]));

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const got: T[] = [];
  for await (const value of values) got.push(value);
  return got;
}

/** A source that counts its subscriptions and writes down when it is paused. */
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

describe('a loop', () => {
  test('sees every value, and ends with the source', async () => {
    expect(await all(iterate(EMPTY))).toEqual([]);
    expect(await all(iterate(of('a')))).toEqual(['a']);
    expect(await all(iterate(from([1, 2, 3])))).toEqual([1, 2, 3]);
    expect(await all(iterate(pull(Array.from({ length: 5000 }, (_, n) => n))))).toHaveLength(5000);
  });

  test('throws what the source fails with, after every value before it, once', async () => {
    await expect(all(iterate(throwError(() => new Error('at once'))))).rejects.toThrow('at once');
    const failing = new Observable<number>((subscriber) => {
      subscriber.next(1);
      subscriber.next(2);
      subscriber.error(new Error('broken'));
    });
    const iterator = iterate(failing);
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    expect(await iterator.next()).toEqual({ done: false, value: 2 });
    await expect(iterator.next()).rejects.toThrow('broken');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('that breaks unsubscribes at once, and so does one that throws', async () => {
    const { told, source, emit } = spring();
    const breaking = (async () => {
      for await (const n of iterate(source)) if (n === 2) break;
    })();
    for (const n of [1, 2, 3]) emit(n);
    await breaking;
    expect(told).toEqual(['subscribe', 'unsubscribe']);

    const other = spring();
    const failing = (async () => {
      for await (const n of iterate(other.source)) throw new Error(`not ${n}`);
    })();
    other.emit(1);
    await expect(failing).rejects.toThrow('not 1');
    expect(other.told).toEqual(['subscribe', 'unsubscribe']);
  });
});

describe('the iterator', () => {
  test('subscribes with the first next(), and never if it is returned before', async () => {
    const { told, source, subject } = spring();
    const iterator = iterate(source);
    expect(told).toEqual([]);
    const first = iterator.next();
    expect(told).toEqual(['subscribe']);
    subject.next(1);
    expect(await first).toEqual({ done: false, value: 1 });
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });

    const unused = spring();
    const returned = iterate(unused.source);
    await returned.return?.();
    expect([await returned.next(), unused.told]).toEqual([{ done: true, value: undefined }, []]);
  });

  test('serves several next() in their order, and the end to all of them', async () => {
    const source = new Subject<string>();
    const iterator = iterate(source);
    const results = Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
    source.next('a');
    source.next('b');
    source.complete();
    expect((await results).map(({ value }) => value)).toEqual(['a', 'b', undefined, undefined]);

    const failing = new Subject<string>();
    const others = iterate(failing);
    const settled = Promise.allSettled([others.next(), others.next()]);
    failing.error(new Error('broken'));
    expect(await settled).toEqual([
      { status: 'rejected', reason: new Error('broken') },
      { status: 'fulfilled', value: { done: true, value: undefined } },
    ]);
  });

  test('that is returned answers those who wait, and forgets what waits', async () => {
    const { told, source, emit } = spring();
    const iterator = iterate(source);
    const [one, two] = [iterator.next(), iterator.next()];
    emit(1);
    await iterator.return?.();
    expect([await one, await two]).toEqual([
      { done: false, value: 1 },
      { done: true, value: undefined },
    ]);
    emit(2);
    expect([await iterator.next(), told]).toEqual([{ done: true, value: undefined }, ['subscribe', 'unsubscribe']]);
  });

  test('gives back what is thrown into it, and unsubscribes', async () => {
    const { told, source } = spring();
    const iterator = iterate(source);
    const waiting = iterator.next();
    await expect(iterator.throw?.(new Error('enough'))).rejects.toThrow('enough');
    expect([await waiting, told]).toEqual([{ done: true, value: undefined }, ['subscribe', 'unsubscribe']]);
  });

  test('is its own iterable', () => {
    const iterator = iterate(NEVER);
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });
});

describe('pressure', () => {
  test('the source is held from the mark on until half of it is free, and what waits is not lost', async () => {
    const { told, source, emit } = spring();
    const iterator = iterate(source, { highWaterMark: 4 });
    const first = iterator.next();
    for (let n = 0; n < 4; n++) emit(n);
    expect(told).toEqual(['subscribe']);
    emit(4);
    emit(5);
    expect(told).toEqual(['subscribe', 'pause']);
    const got = [await first];
    for (let n = 1; n < 3; n++) got.push(await iterator.next());
    expect(told).toEqual(['subscribe', 'pause']);
    got.push(await iterator.next());
    expect(told).toEqual(['subscribe', 'pause', 'resume']);
    for (let n = 4; n < 6; n++) got.push(await iterator.next());
    expect(got.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4, 5]);
    await iterator.return?.();
  });

  test('bytes count, too', async () => {
    const source = new Subject<Bytes>();
    const group = new HoldGroup({ pause() {}, resume() {}, now: () => 0 });
    const iterator = iterate(source, { bytes: 10 });
    const first = iterator.next();
    for (let n = 0; n < 3; n++) feed(group, source, bytes('12345'));
    expect(group.held).toBe(true);
    await first;
    await iterator.next();
    expect(group.held).toBe(false);
    await iterator.return?.();
  });

  test('returning, the end and an error let the source go', async () => {
    for (const end of ['return', 'complete', 'error'] as const) {
      const { told, source, subject, emit } = spring();
      const iterator = iterate(source, { highWaterMark: 1 });
      const first = iterator.next();
      emit(1);
      emit(2);
      expect(told).toEqual(['subscribe', 'pause']);
      if (end === 'return') await iterator.return?.();
      else if (end === 'complete') subject.complete();
      else subject.error(new Error('broken'));
      expect(told).toContain('resume');
      await first;
    }
  });

  test('a fast source and a loop that stands still are bounded', async () => {
    let drawn = 0;
    function* numbers(): Generator<number> {
      for (;;) yield drawn++;
    }
    const iterator = iterate(pull(numbers()));
    expect(await iterator.next()).toEqual({ done: false, value: 0 });
    // Some turns in which a source that was not held would draw thousands.
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(drawn).toBe(17);
    for (let n = 1; n < 1000; n++) expect((await iterator.next()).value).toBe(n);
    expect(drawn).toBeLessThanOrEqual(1000 + 17);
    await iterator.return?.();
  });

  test('a protocol that is an async generator is bounded by the connection it answers, and loses nothing', async () => {
    const { listen, dial } = memory();
    let most = 0;
    async function* answers(said: Observable<string>): AsyncGenerator<string> {
      for await (const line of iterate(said)) for (let n = 0; n < 10; n++) yield `${line}${n}`;
    }
    const server = listen('memory:tenfold')
      .pipe(
        serve((incoming, connection) =>
          over(lines(), (said) => from(answers(said)))(incoming, connection).pipe(
            map((chunk) => {
              most = Math.max(most, connection.state.unsent);
              return chunk;
            }),
          ),
        ),
      )
      .subscribe();
    const connection = await dial('memory:tenfold');
    const line = 'x'.repeat(997);
    let asked = 0;
    for (let n = 0; n < 2000 && connection.state.unsent <= 65_536; n++) {
      connection.next(bytes(`${line}\n`));
      asked++;
      if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    // Nobody reads the answers: sooner or later the questions are not read either.
    expect(connection.state.unsent).toBeGreaterThan(65_536);
    connection.complete();
    const heard: string[] = [];
    for await (const chunk of iterate(connection)) heard.push(utf8(chunk));
    expect(heard.join('').split('\r\n').length - 1).toBe(asked * 10);
    expect(most).toBeLessThan(1 << 20);
    server.unsubscribe();
  });

  test('what cannot be held piles up, and is all there', async () => {
    const source = new Subject<number>();
    const iterator = iterate(source, { highWaterMark: 1 });
    const first = iterator.next();
    for (let n = 0; n < 100; n++) source.next(n);
    source.complete();
    expect([(await first).value, ...(await all(iterator))]).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });
});

test('refuses what makes no sense', () => {
  expect(() => iterate(NEVER, { highWaterMark: 0 })).toThrow(RangeError);
  expect(() => iterate(NEVER, { bytes: 0 })).toThrow(RangeError);
});
