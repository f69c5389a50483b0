import { Cancelled, Deferred, DeferredLock, DeferredSemaphore, succeed } from 'ropewalk';
import { failure, reportsOf, value } from './worlds.ts';

const boom = new Error('boom');

test('rule 45: waiters are served first come, first served', () => {
  const lock = new DeferredLock();
  const served: string[] = [];
  for (const name of ['a', 'b', 'c']) lock.acquire().addCallback(() => served.push(name));
  expect(served).toEqual(['a']);
  lock.release();
  lock.release();
  expect(served).toEqual(['a', 'b', 'c']);
  expect(lock.locked).toBe(true);
  lock.release();
  expect(lock.locked).toBe(false);
});

test('rule 45: a semaphore lets as many in as it has tokens', () => {
  const semaphore = new DeferredSemaphore(2);
  const [a, b, c] = [semaphore.acquire(), semaphore.acquire(), semaphore.acquire()];
  expect([a.called, b.called, c.called]).toEqual([true, true, false]);
  expect([semaphore.tokens, semaphore.waiting]).toEqual([0, 1]);
  semaphore.release();
  expect(c.called).toBe(true);
});

test('rule 45: run(fn) releases after success, failure and asynchronous completion', () => {
  const lock = new DeferredLock();
  expect(lock.run((n: number) => n + 1, 1).result).toEqual(value(2));
  expect(
    lock
      .run(() => {
        throw boom;
      })
      .markHandled().result,
  ).toEqual(failure(boom));
  const work = new Deferred<string>();
  const ran = lock.run(() => work);
  expect(lock.locked).toBe(true);
  work.callback('done');
  expect(ran.result).toEqual(value('done'));
  expect(lock.locked).toBe(false);
});

test('rule 45: cancelling a run that works cancels the work, and releases', () => {
  const lock = new DeferredLock();
  const ran = lock.run(() => new Deferred()).markHandled();
  ran.cancel();
  expect(ran.result).toEqual(failure(expect.any(Cancelled)));
  expect(lock.locked).toBe(false);
});

test('rule 45: releasing what is not held is a RangeError', () => {
  expect(() => new DeferredLock().release()).toThrow(RangeError);
});

test('rule 45: cancelling a waiter removes it', () => {
  const lock = new DeferredLock();
  lock.acquire();
  const impatient = lock.acquire().markHandled();
  const patient = lock.acquire();
  impatient.cancel();
  expect(lock.waiting).toBe(1);
  lock.release();
  expect(patient.called).toBe(true);
});

test('rule 45: tokens below 1 are a RangeError', () => {
  for (const tokens of [0, -1, Number.NaN]) expect(() => new DeferredSemaphore(tokens)).toThrow(RangeError);
});

test('rule 45: `using` releases at the end of the block', async () => {
  const lock = new DeferredLock();
  {
    using held = await lock.acquire();
    expect(held.locked).toBe(true);
  }
  expect(lock.locked).toBe(false);
});

test('rule 45: 100,000 waiters that release at once leave the stack flat', () => {
  const lock = new DeferredLock();
  lock.acquire();
  let served = 0;
  for (let waiter = 0; waiter < 100_000; waiter++) lock.run(() => served++);
  lock.release();
  expect(served).toBe(100_000);
});

test('rule 45: a holder that throws is its own failure only', () => {
  const lock = new DeferredLock();
  expect(
    reportsOf(() => {
      lock.run(() => {
        throw boom;
      });
      expect(lock.run(() => succeed('next')).result).toEqual(value('next'));
    }),
  ).toEqual([boom]);
});
