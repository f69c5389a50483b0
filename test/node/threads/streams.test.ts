/** Streams: many results, with pressure, that end in their thread when nobody listens any more. */
import { concatMap as plain, lastValueFrom, take, tap, timer, toArray, type Observable } from 'rxjs';
import {
  ConnectionRefused,
  Feeders,
  heldGroups,
  NotCloneable,
  subscribingFor,
  ThreadCrashed,
  type Holder,
  type ThreadPool,
} from 'ropewalk';
import { concatMap } from 'ropewalk/operators';
import { pool, shared, streamsPool, until, type Work } from './pools.ts';

jest.setTimeout(60_000);

/** Holds whoever feeds it from `full` values on, until it is emptied. */
class Basin extends Feeders implements Holder {
  backlog = 0;
  private readonly full: number;

  constructor(full: number) {
    super();
    this.full = full;
  }

  fillFrom(source: Observable<unknown>): { unsubscribe(): void } {
    return subscribingFor(this, () =>
      source.subscribe(() => {
        if (++this.backlog >= this.full) this.hold(this, 'it is full');
      }),
    );
  }

  empty(): number {
    const { backlog } = this;
    this.backlog = 0;
    this.releaseAll();
    return backlog;
  }
}
const turns = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setTimeout(resolve, 1));
};

test.each(['count', 'countLater'] as const)('what a generator yields arrives, in order: %s', async (name) => {
  const values = await lastValueFrom(pool().stream(name, 5_000).pipe(toArray()));
  expect(values).toEqual(Array.from({ length: 5_000 }, (_, n) => n + 1));
});

test('what an Observable emits arrives, in order; a plain result is a stream of one', async () => {
  const streams = streamsPool();
  expect(await lastValueFrom(streams.stream('ticks', 5_000, shared()).pipe(toArray()))).toHaveLength(5_000);
  expect(await lastValueFrom(streams.stream('clock').pipe(take(3), toArray()))).toEqual([0, 1, 2]);
  expect(await lastValueFrom(streams.stream('deferred', 'a').pipe(toArray()))).toEqual(['a']);
  expect(await lastValueFrom(pool().stream('add', 1, 2).pipe(toArray()))).toEqual([3]);
});

test('a consumer that takes its time with each value does not keep the event loop up', async () => {
  let turns = 0;
  let streaming = true;
  const turn = (): void => {
    turns++;
    if (streaming) setImmediate(turn);
  };
  setImmediate(turn);
  await lastValueFrom(
    pool()
      .stream('count', 3_000)
      .pipe(
        tap(() => {
          const until = performance.now() + 0.1;
          while (performance.now() < until);
        }),
      ),
  );
  streaming = false;
  // 300 milliseconds at least, and a turn ends after 5 and what one message brings.
  expect(turns).toBeGreaterThan(15);
});

test('an error arrives after the values before it, of its class', async () => {
  const values: number[] = [];
  const stream = streamsPool()
    .stream('thenFail', 3)
    .pipe(tap((n) => values.push(n)));
  await expect(lastValueFrom(stream)).rejects.toBeInstanceOf(ConnectionRefused);
  expect(values).toEqual([1, 2, 3]);
});

test.each([
  ['count', pool],
  ['countLater', pool],
] as const)('unsubscribing ends the generator, which cleans up, and the thread is free: %s', async (name, make) => {
  const work = make();
  const seen = shared();
  expect(await lastValueFrom(work.stream(name, Infinity, seen).pipe(take(10), toArray()))).toHaveLength(10);
  await until(seen, 1, 1);
  expect(await work.call('add', 1, 1)).toBe(2);
  expect(work.state).toMatchObject({ lost: 0, running: 0 });
});

test.each([
  ['a generator', () => ({ work: pool(), name: 'count' })],
  ['an asynchronous one', () => ({ work: pool(), name: 'countLater' })],
  ['an Observable', () => ({ work: streamsPool(), name: 'ticks' })],
] as const)('a slow consumer holds the work of the thread: %s', async (_, make) => {
  const { work, name } = make() as { work: ThreadPool<Work>; name: 'count' };
  const seen = shared();
  const basin = new Basin(10);
  const filling = basin.fillFrom(work.stream(name, 1_000_000, seen));
  await until(seen, 0, 1_024);
  await turns(20);
  // The window, and what has been taken.
  expect(basin.backlog).toBe(10);
  expect(seen[0]).toBeLessThanOrEqual(1_024 + 10 + 1);
  expect(heldGroups().map(String)).toEqual([`the stream of ${name} from a thread`]);
  let drawn = 0;
  while (drawn < 5_000) {
    drawn += basin.empty();
    await turns(1);
  }
  expect(seen[0]).toBeLessThanOrEqual(drawn + 10 + 1_024 + 1);
  filling.unsubscribe();
  basin.dismiss();
  expect(heldGroups()).toEqual([]);
});

test('of large values fewer are under way: the window is one of bytes, too', async () => {
  const seen = shared();
  const basin = new Basin(1);
  const filling = basin.fillFrom(pool().stream('lump', 1 << 18, seen));
  await until(seen, 0, 4);
  await turns(20);
  expect(seen[0]).toBeLessThanOrEqual(6);
  filling.unsubscribe();
  basin.dismiss();
});

test('the flow-aware operators hold a stream, as they hold a connection', async () => {
  const seen = shared();
  const slow = pool()
    .stream('count', 1_000_000, seen)
    .pipe(
      concatMap((n) => timer(1).pipe(plain(() => [n]))),
      take(20),
      toArray(),
    );
  expect(await lastValueFrom(slow)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  expect(seen[0]).toBeLessThanOrEqual(1_100);
});

test('a value that cannot be cloned fails its stream', async () => {
  const work = pool();
  await expect(lastValueFrom(work.stream('aFunction'))).rejects.toBeInstanceOf(NotCloneable);
  expect(await work.call('add', 1, 1)).toBe(2);
});

test('a stream whose thread dies fails, and the pool goes on', async () => {
  const work = pool();
  await expect(lastValueFrom(work.stream('exit', 1))).rejects.toBeInstanceOf(ThreadCrashed);
  expect(await work.call('add', 1, 1)).toBe(2);
});

test('a stream has its thread for itself; calls go to the others', async () => {
  const work = pool({ size: 2 });
  const basin = new Basin(1);
  const filling = basin.fillFrom(work.stream('count', 1_000_000));
  expect(await Promise.all(Array.from({ length: 300 }, (_, n) => work.call('add', n, 0)))).toHaveLength(300);
  filling.unsubscribe();
  basin.dismiss();
});

test('one stream after the other in one thread: what the first one had not sent is not in the way', async () => {
  const work = pool();
  for (let n = 0; n < 5; n++) {
    const basin = new Basin(1);
    const filling = basin.fillFrom(work.stream('count', 1_000_000));
    await turns(5);
    filling.unsubscribe();
    basin.dismiss();
  }
  expect(await lastValueFrom(work.stream('count', 3_000).pipe(toArray()))).toHaveLength(3_000);
});

test('a stream that has ended in its thread keeps what was not taken, and frees the thread', async () => {
  const work = pool();
  const basin = new Basin(1);
  let ended = false;
  const filling = basin.fillFrom(work.stream('count', 500).pipe(tap({ complete: () => (ended = true) })));
  expect(await work.call('add', 1, 1)).toBe(2);
  expect([basin.backlog, ended]).toEqual([1, false]);
  let drawn = 0;
  while (!ended) {
    drawn += basin.empty();
    await turns(1);
  }
  expect(drawn + basin.empty()).toBe(500);
  filling.unsubscribe();
  basin.dismiss();
});
