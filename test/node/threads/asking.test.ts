/** A thread that asks and waits, buffers that move, memory that is shared. */
import { asapScheduler, type SchedulerLike } from 'rxjs';
import { Cancelled, deferLater, transfer, UnknownFunction } from 'ropewalk';
import { deferToThread, threads } from 'ropewalk/node';
import { thisJob } from 'ropewalk/thread';
import { fromSources, pool, shared, until } from './pools.ts';

jest.setTimeout(60_000);

const answers = {
  greet: (name: string) => deferLater(5, () => `hello ${name}`),
  fail: () => {
    throw new RangeError('I will not say');
  },
  never: (seen: Int32Array) => {
    Atomics.store(seen, 0, 1);
    return new Promise(() => {});
  },
  closure: () => () => 1,
};

test('a thread asks the main thread, and waits for the answer in the middle of a function', async () => {
  const work = pool({ answers });
  expect(await work.call('askFor', 'greet', 'world')).toBe('hello world');
  await expect(work.call('askFor', 'fail')).rejects.toMatchObject({ name: 'RangeError', message: 'I will not say' });
  await expect(work.call('askFor', 'fail')).rejects.toBeInstanceOf(RangeError);
  await expect(work.call('askFor', 'closure')).rejects.toThrow(
    'the answer to closure cannot go to a thread: it is a function',
  );
  await expect(work.call('askFor', 'nobody')).rejects.toThrow(
    "no answer to 'nobody'; the pool's answers are: greet, fail, never, closure",
  );
  await expect(work.call('askFor', 'toString')).rejects.toBeInstanceOf(Error);
  expect(await work.call('add', 1, 1)).toBe(2);
});

test('a job that waits for an answer is called off', async () => {
  const work = pool({ answers });
  const seen = shared();
  const asking = work.call('askFor', 'never', seen).addErrback(Cancelled, () => 'cancelled');
  await until(seen, 0, 1);
  asking.cancel();
  expect(await asking).toBe('cancelled');
  expect(await work.call('askFor', 'greet', 'again')).toBe('hello again');
  expect(work.state.lost).toBe(0);
});

test('buffers move there and back, and nothing is copied', async () => {
  const buffer = new ArrayBuffer(1 << 20);
  const filling = pool().call('fill', transfer(buffer, [buffer]));
  const filled = await filling;
  expect(buffer.byteLength).toBe(0);
  expect(filled).toHaveLength(1 << 20);
  expect(filled[12_345]).toBe(7);
});

test('shared memory is shared', async () => {
  const memory = new SharedArrayBuffer(8);
  expect(await pool().call('lengthAfter', memory)).toBe(8);
  expect(new Uint8Array(memory)[0]).toBe(9);
});

test('a function is sent along as text: an arrow, a function with its job as `this`, a method, one with a name', async () => {
  expect(await deferToThread((a: number, b: number) => a * b, 6, 7)).toBe(42);
  expect(
    await deferToThread(function (this: { signal: AbortSignal }) {
      return this.signal.aborted;
    }),
  ).toBe(false);
  const { twice, later } = {
    twice(n: number) {
      return n * 2;
    },
    async later(n: number) {
      return n;
    },
  };
  expect(await deferToThread(twice, 21)).toBe(42);
  expect(await deferToThread(later, 1)).toBe(1);
  await expect(deferToThread(() => Object.keys(answers))).rejects.toBeInstanceOf(ReferenceError);
  expect(() => deferToThread(parseInt, '1')).toThrow('expected a function whose text can be sent to a thread');
});

test('a pool of one function', async () => {
  const squares = threads({ size: 1, fn: (n: number) => n ** 2, ...fromSources });
  expect(await squares.call('fn', 9)).toBe(81);
  await expect(squares.call('nf' as 'fn', 1)).rejects.toBeInstanceOf(UnknownFunction);
  await squares.close();
});

test('results arrive where the scheduler puts them, many at a time', async () => {
  let scheduled = 0;
  const scheduler: SchedulerLike = {
    now: () => asapScheduler.now(),
    schedule(work, delay, state) {
      scheduled++;
      return asapScheduler.schedule(work as never, delay, state);
    },
  };
  const work = pool({ scheduler });
  await work.call('add', 1, 1);
  scheduled = 0;
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => work.call('add', n, 1)));
  expect(scheduled).toBeGreaterThan(0);
  expect(scheduled).toBeLessThan(500);
});

test('outside of a thread there is no job', () => {
  expect(() => thisJob()).toThrow('for functions that run in a thread of a pool');
});
