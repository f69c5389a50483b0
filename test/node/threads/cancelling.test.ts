/** Cancellation is real: what waits never runs, what runs is told, and what does not listen is ended. */
import { asyncScheduler, Subject } from 'rxjs';
import { Cancelled, ThreadCrashed, TimedOut, type ThreadPool } from 'ropewalk';
import { inThread } from 'ropewalk/operators';
import { pool, shared, until, type Work } from './pools.ts';

jest.setTimeout(60_000);

/** From then on the pool gives its threads jobs ahead: it has seen that they are short. */
const quick = (work: ThreadPool<Work>): Promise<unknown> =>
  Promise.all(Array.from({ length: 200 }, (_, n) => work.call('add', n, 0)));

test('a call that is cancelled while it waits is never made', async () => {
  const work = pool();
  const first = shared();
  const second = shared();
  await quick(work);
  const running = work.call('untilAborted', first);
  await until(first, 0, 1);
  // Given to the thread ahead, and taken back.
  const ahead = work.call('untilAborted', second);
  await new Promise(setImmediate);
  expect(work.state).toMatchObject({ running: 2, waiting: 0 });
  for (const each of [ahead, running]) each.markHandled();
  ahead.cancel();
  expect(ahead.result).toMatchObject({ ok: false, error: expect.any(Cancelled) });
  expect(work.state).toMatchObject({ running: 1, failed: 1 });
  running.cancel();
  expect(await work.call('add', 1, 1)).toBe(2);
  expect(second[0]).toBe(0);
});

test.each(['untilAborted', 'untilAbortedLater'] as const)(
  'a call that runs is told by its signal: %s',
  async (name) => {
    const work = pool();
    const seen = shared();
    const call = work.call(name, seen);
    await until(seen, 0, 1);
    call.markHandled().cancel();
    expect(call.result).toMatchObject({ ok: false, error: expect.any(Cancelled) });
    await until(seen, 0, 2);
    expect(await work.call('add', 1, 1)).toBe(2);
    expect(work.state.lost).toBe(0);
  },
);

test('a call that does not listen is ended with its thread when its grace is over; nobody else is the worse for it', async () => {
  const work = pool({ grace: 30 });
  const seen = shared();
  await quick(work);
  const call = work.call('forever', seen).addErrback(Cancelled, () => 'cancelled');
  await until(seen, 0, 1);
  const behind = [work.call('add', 1, 1), work.call('add', 2, 2)];
  await new Promise(setImmediate);
  call.cancel();
  expect(await call).toBe('cancelled');
  expect(await Promise.all(behind)).toEqual([2, 4]);
  expect(work.state).toMatchObject({ lost: 1, threads: 1 });
  const at = seen[1];
  await new Promise((resolve) => asyncScheduler.schedule(resolve, 20));
  expect(seen[1]).toBe(at);
});

test('a grace belongs to one call: one that stopped in time leaves nothing of its own to the next one', async () => {
  const work = pool({ grace: 200 });
  const [first, second] = [shared(), shared()];
  await quick(work);
  const listening = work.call('untilAborted', first).markHandled();
  const deaf = work.call('forever', second).markHandled();
  await until(first, 0, 1);
  listening.cancel();
  // The first one has stopped, well within its grace, and has had the thread's next job begin.
  await until(second, 0, 1);
  deaf.cancel();
  expect(await work.call('add', 1, 1)).toBe(2);
  expect(work.state).toMatchObject({ lost: 1, failed: 2, threads: 1 });
});

test('what was done before the one that is ended with its thread has left, or is told as lost', async () => {
  const work = pool({ grace: 30 });
  await quick(work);
  const seen = shared();
  // Nothing is known of the second one: the result of the first does not wait for it.
  const sums = work.call('add', 1, 1);
  const deaf = work.call('forever', seen).markHandled();
  expect(await sums).toBe(2);
  await until(seen, 0, 1);
  deaf.cancel();
  await work.call('add', 1, 1);
  // Of these it is thought that they are short.
  await Promise.all(Array.from({ length: 200 }, () => work.call('busyOn', 0)));
  const [short, long] = [shared(), shared()];
  const behind = work.call('busyOn', 0, short).addErrback(ThreadCrashed, ({ message }) => message);
  const endless = work.call('busyOn', Infinity, long).markHandled();
  await until(long, 0, 1);
  endless.cancel();
  expect([
    undefined,
    'busyOn: its thread died: it was ended, because busyOn did not stop when it was called off',
  ]).toContain(await behind);
  expect(short[0]).toBe(1);
  expect(work.state).toMatchObject({ lost: 2 });
});

test('a call that takes too long fails with TimedOut, and its thread is replaced', async () => {
  const work = pool({ grace: 10 });
  const seen = shared();
  const call = work.call('forever', seen);
  await until(seen, 0, 1);
  const error = await call.addTimeout(20).addErrback((error) => error);
  expect(error).toBeInstanceOf(TimedOut);
  expect(await work.call('add', 1, 1)).toBe(2);
  expect(work.state.lost).toBe(1);
});

test('unsubscribing from inThread calls off everything under way', async () => {
  const work = pool();
  const seen = shared();
  const values = new Subject<Int32Array>();
  const subscription = values.pipe(inThread(work, 'untilAborted', { concurrent: 3 })).subscribe();
  for (let n = 0; n < 5; n++) values.next(seen);
  await until(seen, 0, 1);
  subscription.unsubscribe();
  await until(seen, 0, 2);
  expect(await work.call('add', 1, 1)).toBe(2);
  expect(work.state).toMatchObject({ failed: 3, lost: 0, waiting: 0, running: 0 });
});
