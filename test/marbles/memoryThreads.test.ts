/** The pool in virtual time. What is shown of it here is true of every pool: it is the same code. */
import { map, merge, of, Subject, take, timer } from 'rxjs';
import { Cancelled, QueueOverflow, ThreadCrashed, TimedOut, type PoolState } from 'ropewalk';
import { inThread } from 'ropewalk/operators';
import { marbles, memoryThreads } from 'ropewalk/marbles';

const echo = { echo: (ms: number) => ms };
const takes = (_name: string, ms: unknown): number => ms as number;

test(
  'jobs take their time, as many at once as there are threads, in the order of the calls',
  marbles((m) => {
    const pool = memoryThreads(echo, { size: 2, takes });
    const results = merge(...[3, 1, 1, 4].map((ms) => pool.call('echo', ms)));
    m.expect(results).toBe('-bcd--(e|)', { b: 1, c: 1, d: 3, e: 4 });
  }),
);

test(
  'inThread emits in the order of the values, whichever result is there first',
  marbles((m) => {
    const pool = memoryThreads(echo, { size: 3, takes });
    m.expect(m.cold('abc|', { a: 5, b: 1, c: 2 }).pipe(inThread(pool, 'echo'))).toBe('-----(abc|)', {
      a: 5,
      b: 1,
      c: 2,
    });
  }),
);

test(
  'inThread holds whoever feeds, and lets no more in than it may',
  marbles((m) => {
    const pool = memoryThreads(echo, { takes: () => Infinity });
    const values = new Subject<number>();
    const got: number[] = [];
    values.pipe(inThread(pool, 'echo', { concurrent: 2 })).subscribe((value) => got.push(value));
    for (const value of [1, 2, 3, 4]) values.next(value);
    m.flush();
    expect(pool.state).toMatchObject({ running: 1, waiting: 1 });
    for (let n = 0; n < 4; n++) {
      pool.jobs[0].finish();
      m.flush();
    }
    expect(got).toEqual([1, 2, 3, 4]);
  }),
);

test(
  'an error of inThread comes after the results before it',
  marbles((m) => {
    const pool = memoryThreads(
      {
        half: (n: number) => {
          if (n % 2 === 1) throw new RangeError('odd');
          return n / 2;
        },
      },
      { size: 2, takes: (_name, n) => 5 - (n as number) },
    );
    m.expect(of(2, 4, 3).pipe(inThread(pool, 'half', { concurrent: 3 }))).toBe('---(ab#)', { a: 1, b: 2 }, RangeError);
  }),
);

test(
  'inThread: never, empty, an error of the source, a source that ends while results are awaited',
  marbles((m) => {
    const pool = memoryThreads(echo, { size: 4, takes });
    m.expect(m.cold<number>('-').pipe(inThread(pool, 'echo'))).toBe('-');
    m.expect(m.cold<number>('--|').pipe(inThread(pool, 'echo'))).toBe('--|');
    m.expect(m.cold<number>('a--#', { a: 9 }).pipe(inThread(pool, 'echo'))).toBe('---#');
    m.expect(m.cold<number>('a|', { a: 3 }).pipe(inThread(pool, 'echo'))).toBe('---(a|)', { a: 3 });
  }),
);

test('inThread wants room for at least one', () => {
  expect(() => inThread(memoryThreads(echo), 'echo', { concurrent: 0 })).toThrow('at least one value at a time, got 0');
});

test(
  'the test chooses what ends first',
  marbles((m) => {
    const pool = memoryThreads(echo, { size: 2, takes: () => Infinity });
    const ended: number[] = [];
    for (const n of [1, 2]) pool.call('echo', n).addCallback((value) => ended.push(value));
    m.flush();
    expect(pool.jobs.map(({ name, args }) => [name, args])).toEqual([
      ['echo', [1]],
      ['echo', [2]],
    ]);
    pool.jobs[1].finish();
    m.flush();
    pool.jobs[0].finish();
    m.flush();
    expect(ended).toEqual([2, 1]);
    expect(pool.jobs).toEqual([]);
  }),
);

test(
  'a thread that crashes fails its job alone',
  marbles((m) => {
    const pool = memoryThreads(echo, { size: 1, takes: () => Infinity });
    const first = pool.call('echo', 1).addErrback(ThreadCrashed, ({ message }) => message);
    const second = pool.call('echo', 2);
    m.flush();
    pool.jobs[0].crash(new Error('a segment at fault'));
    m.flush();
    pool.jobs[0].finish();
    m.flush();
    expect([first.result, second.result]).toEqual([
      { ok: true, value: 'echo: its thread died: a segment at fault' },
      { ok: true, value: 2 },
    ]);
  }),
);

test(
  'who is called off and goes on has its grace, then its thread is replaced',
  marbles((m) => {
    const pool = memoryThreads(echo, { takes, grace: 10 });
    const stuck = pool.call('echo', 1_000).addErrback(Cancelled, () => 'cancelled');
    timer(5).subscribe(() => stuck.cancel());
    m.expect(merge(stuck, pool.call('echo', 3))).toBe('-----c------------(d|)', { c: 'cancelled', d: 3 });
    m.flush();
    expect(pool.state).toMatchObject({ lost: 1, threads: 1, done: 1, failed: 1 });
  }),
);

test(
  'who is called off and ends within its grace keeps its thread',
  marbles((m) => {
    const pool = memoryThreads(echo, { takes, grace: 10 });
    const stuck = pool.call('echo', 8).addErrback(Cancelled, () => 'cancelled');
    timer(5).subscribe(() => stuck.cancel());
    m.expect(pool.call('echo', 3)).toBe('-----------(d|)', { d: 3 });
    m.flush();
    expect(pool.state).toMatchObject({ lost: 0, threads: 1 });
  }),
);

test(
  'a timeout counts from the call, waiting included',
  marbles((m) => {
    const pool = memoryThreads(echo, { takes, timeout: 5, grace: 0 });
    m.expect(
      merge(
        pool.call('echo', 3),
        pool.call('echo', 1).addErrback(TimedOut, () => -1),
        pool.call('echo', 9).addErrback(TimedOut, () => 0),
      ),
    ).toBe('---ab(c|)', { a: 3, b: 1, c: 0 });
  }),
);

test(
  'an Observable in a thread is unsubscribed by whoever unsubscribes here',
  marbles((m) => {
    const pool = memoryThreads({ ticks: () => timer(0, 2).pipe(map((n) => `tick ${n}`)) });
    m.expect(pool.stream('ticks').pipe(take(3))).toBe('a-b-(c|)', { a: 'tick 0', b: 'tick 1', c: 'tick 2' });
    m.flush();
    expect(pool.state).toMatchObject({ running: 0, lost: 0 });
  }),
);

test(
  'the waiting line is bounded',
  marbles(() => {
    const pool = memoryThreads(echo, { waiting: 1 });
    pool.call('echo', 1);
    const [full] = [pool.call('echo', 2)];
    expect(full.markHandled().result).toMatchObject({ ok: false, error: expect.any(QueueOverflow) });
  }),
);

test(
  'what happens is told once a turn: state$',
  marbles((m) => {
    const pool = memoryThreads(echo, { takes });
    const states: PoolState[] = [];
    pool.state$.subscribe((state) => states.push(state));
    for (let n = 0; n < 100; n++) pool.call('echo', 1);
    m.flush();
    expect(states.length).toBeLessThan(250);
    expect(states.at(-1)).toMatchObject({ done: 100, waiting: 0, running: 0, busy: 0, threads: 1, size: 1 });
  }),
);

test(
  'as a part of a program it is over when its work is, and a program that is aborted ends it',
  marbles((m) => {
    const stopping = new Subject<void>();
    const pool = memoryThreads(echo, { takes });
    const call = pool.call('echo', 4);
    timer(1).subscribe(() => stopping.next());
    m.expect(pool.service(stopping)).toBe('----|');
    m.expect(call).toBe('----(a|)', { a: 4 });
    const other = memoryThreads(echo, { takes });
    const aborted = other.call('echo', 4).addErrback((error) => (error as Error).message);
    m.expect(other.service(stopping), '^-!').toBe('---');
    m.expect(aborted).toBe('--(b|)', { b: 'echo: the pool was aborted' });
  }),
);
