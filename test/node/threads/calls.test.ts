/** Calls: what comes back, and what goes wrong. */
import { getPriority } from 'node:os';
import {
  ConnectError,
  ConnectionRefused,
  heldGroups,
  ModuleNotLoaded,
  NotCloneable,
  PoolClosed,
  QueueOverflow,
  setDebugging,
  ThreadCrashed,
  ThreadError,
  UnknownFunction,
} from 'ropewalk';
import { OutOfPaper } from './modules/errors.ts';
import { pool, streamsPool, until } from './pools.ts';

jest.setTimeout(60_000);

const failureOf = (failing: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> =>
  Promise.resolve(failing).then(
    (value) => {
      throw new Error(`it did not fail, it gave ${String(value)}`);
    },
    (error) => error,
  );

test('a function of the module is called in another thread, and its result arrives here', async () => {
  const work = pool();
  expect(await work.call('add', 1, 2)).toBe(3);
  expect(await work.call('thread')).not.toBe(0);
});

test('promises, Deferreds and Observables are waited for in the thread', async () => {
  const work = pool();
  expect(await work.call('later', 'a')).toBe('a');
  const streams = streamsPool();
  expect(await streams.call('deferred', 'b')).toBe('b');
  expect(await streams.call('observable', 3)).toBe(3);
});

test('calls of one turn begin in their order, and each gets its own result', async () => {
  const work = pool();
  const results = await Promise.all(Array.from({ length: 1_000 }, (_, n) => work.call('add', n, 1)));
  expect(results).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
});

test('several threads work at once, and a short job does not wait behind a long one', async () => {
  const work = pool({ size: 2 });
  await Promise.all([work.call('busy', 20), work.call('busy', 20)]);
  const seen = new Int32Array(new SharedArrayBuffer(8));
  const long = work.call('untilAborted', seen);
  // More than one message: some of them have been given to the thread that is stuck.
  const short = await Promise.all(Array.from({ length: 300 }, (_, n) => work.call('add', n, 0)));
  expect(short).toHaveLength(300);
  long.addErrback(() => {}).cancel();
});

test('an error keeps its class, its code, its cause and its stack', async () => {
  const error = await failureOf(streamsPool().call('failing', 'refused'));
  expect(error).toBeInstanceOf(ConnectionRefused);
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({ name: 'ConnectionRefused', message: 'nobody there', code: 'ECONNREFUSED' });
  expect(error.cause).toBeInstanceOf(RangeError);
  expect(error.stack).toMatch(/failing .*streams\.ts/);
});

test("JavaScript's own errors, aggregates among them, and what is no error at all", async () => {
  const work = streamsPool();
  expect(await failureOf(work.call('failing', 'type'))).toBeInstanceOf(TypeError);
  expect(await failureOf(work.call('failing', 'text'))).toBe('plain text');
  expect(await failureOf(work.call('failing', 'platform'))).toMatchObject({
    name: 'AbortError',
    message: 'of the platform',
  });
  expect(work.state.lost).toBe(0);
  const several = await failureOf(work.call('failing', 'all'));
  expect(several).toBeInstanceOf(AggregateError);
  expect(several.errors).toEqual([new TypeError('one'), expect.objectContaining({ name: 'OutOfPaper', tray: 1 })]);
});

test('a DOMException, whose name is a getter, fails its own call and nothing else', async () => {
  const work = pool();
  const failure = await failureOf(
    work.run(() => {
      throw new DOMException('no', 'AbortError');
    }),
  );
  expect([failure.name, failure.message]).toEqual(['AbortError', 'no']);
  expect(work.state.lost).toBe(0);
});

test("a class of the program's own arrives as such if the pool knows it", async () => {
  expect(await failureOf(streamsPool().call('failing', 'paper'))).not.toBeInstanceOf(OutOfPaper);
  const error = await failureOf(streamsPool({ errors: [OutOfPaper] }).call('failing', 'paper'));
  expect(error).toBeInstanceOf(OutOfPaper);
  expect(error).toMatchObject({ name: 'OutOfPaper', message: 'no paper in tray 2', tray: 2 });
});

test('in debug mode the stack also tells where the call was made', async () => {
  setDebugging(true);
  try {
    const { stack } = await failureOf(streamsPool().call('failing', 'type'));
    expect(stack).toMatch(/failing .*streams\.ts[^]*in a thread, asked for[^]*calls\.test\.ts/);
  } finally {
    setDebugging(false);
  }
});

test('a name that the module does not have is an error that lists those it has', async () => {
  const error = await failureOf(pool().call('ad' as 'add', 1, 2));
  expect(error).toBeInstanceOf(UnknownFunction);
  expect(error.message).toMatch(/^no function 'ad' in the thread; its functions are: .*\badd, .*\bask/);
  expect(error.message).not.toMatch(/notAFunction/);
});

test('what an object inherits is no function of the module', async () => {
  expect(await failureOf(pool().call('toString' as 'thread'))).toBeInstanceOf(UnknownFunction);
});

test('an argument that cannot be cloned fails its own call, and tells where it is', async () => {
  const work = pool();
  const before = work.call('add', 1, 1);
  const wrong = work.call('later', [{ id: 1 }, { id: 2, onClick: () => {} }]);
  const after = work.call('add', 2, 2);
  const error = await failureOf(wrong);
  expect(error).toBeInstanceOf(NotCloneable);
  expect(error.message).toBe('later: the arguments cannot go to a thread: args[0][1].onClick is a function');
  expect(await Promise.all([before, after])).toEqual([2, 4]);
});

test('a result that cannot be cloned fails its own call', async () => {
  const work = pool();
  const [before, wrong, after] = [work.call('add', 1, 1), work.call('aFunction'), work.call('add', 2, 2)];
  const error = await failureOf(wrong);
  expect(error).toBeInstanceOf(NotCloneable);
  expect(error.message).toBe('the result cannot leave the thread: it is a function');
  expect(await Promise.all([before, after])).toEqual([2, 4]);
});

test.each([
  ['exit', [3], /exit: its thread died: it exited with 3/],
  ['crash', [], /crash: its thread died: out of nowhere/],
] as const)('a thread that dies (%s) fails its own job, and another one does the rest', async (name, args, message) => {
  const work = pool();
  await work.call('add', 1, 1);
  const [before, dead] = [work.call('add', 1, 2), work.call(name, ...(args as never))];
  const after = work.call('add', 3, 4);
  const error = await failureOf(dead);
  expect(error).toBeInstanceOf(ThreadCrashed);
  expect(error).toBeInstanceOf(ThreadError);
  expect(error.message).toMatch(message);
  expect(await Promise.all([before, after])).toEqual([3, 7]);
  expect(work.state).toMatchObject({ lost: 1, threads: 1 });
});

test('a job that uses more memory than it may dies alone', async () => {
  const work = pool({ resourceLimits: { maxOldGenerationSizeMb: 32 } });
  const error = await failureOf(work.call('leak'));
  expect(error).toBeInstanceOf(ThreadCrashed);
  expect(error.code).toBe('ERR_WORKER_OUT_OF_MEMORY');
  expect(await work.call('add', 1, 1)).toBe(2);
});

test('a module that is not there, or throws, fails the calls and is tried again at the next one', async () => {
  const absent = pool({ module: '/nowhere/at/all.js' });
  const error = await failureOf(absent.call('add', 1, 1));
  expect(error).toBeInstanceOf(ModuleNotLoaded);
  expect(error.message).toMatch(/add: its module cannot be loaded in a thread: Cannot find .*nowhere/);
  expect(await failureOf(absent.call('add', 1, 1))).toBeInstanceOf(ModuleNotLoaded);
  expect(absent.state).toMatchObject({ lost: 2, threads: 0, failed: 2 });
  const throwing = pool({ module: 'data:text/javascript,throw new RangeError("too early")' });
  expect((await failureOf(throwing.call('add', 1, 1))).cause).toBeInstanceOf(RangeError);
  const leaving = pool({ module: 'data:text/javascript,process.exit(4)' });
  expect((await failureOf(leaving.call('add', 1, 1))).message).toMatch(/it exited with 4$/);
});

test('more calls than may wait fail at once', async () => {
  const work = pool({ waiting: 3 });
  const calls = [1, 2, 3].map((n) => work.call('add', n, 0));
  const error = await failureOf(work.call('add', 4, 0));
  expect(error).toBeInstanceOf(QueueOverflow);
  expect(error).toMatchObject({
    limit: 3,
    message: 'add: 3 calls wait for a thread already, and no more than that may',
  });
  expect(await Promise.all(calls)).toEqual([1, 2, 3]);
});

test('a pool that is closing finishes what it has, and takes no more', async () => {
  const work = pool({ size: 2 });
  const calls = [1, 2, 3, 4].map((n) => work.call('add', n, 0));
  const closed = work.close();
  expect(await failureOf(work.call('add', 1, 1))).toBeInstanceOf(PoolClosed);
  expect(await Promise.all(calls)).toEqual([1, 2, 3, 4]);
  await closed;
  expect(work.state).toMatchObject({ phase: 'closed', threads: 0, done: 4 });
  await work.close();
});

test('a pool that was never used closes at once', async () => {
  await pool().close();
});

test('aborting ends what runs and what waits', async () => {
  const work = pool();
  const seen = new Int32Array(new SharedArrayBuffer(8));
  const calls = [work.call('forever', seen), work.call('add', 1, 1)].map(failureOf);
  await until(seen, 0, 1);
  work.abort();
  for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(PoolClosed);
  await work.close();
  expect(heldGroups()).toEqual([]);
});

test("every job sees the pool's data", async () => {
  expect(await pool({ data: { colour: 'red' } }).call('data')).toEqual({ colour: 'red' });
});

test('threads stand back by as much as they are told, and the main one does not', async () => {
  const here = getPriority();
  const told = pool({ nice: 3 });
  const standsBack = process.platform === 'linux' ? Math.min(19, here + 3) : here;
  expect([await told.call('priority'), await pool().call('priority'), getPriority()]).toEqual([standsBack, here, here]);
  for (const nice of [-1, 20, 1.5])
    expect(() => pool({ nice })).toThrow(`a whole number from 0 to 19 for nice, got ${nice}`);
});
