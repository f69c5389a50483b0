import {
  concat,
  EMPTY,
  from,
  map,
  NEVER,
  Observable,
  of,
  range,
  Subject,
  take,
  takeWhile,
  throwError,
  timer,
  toArray,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { ConnectError, ConnectionRefused, Deferred, deferLater, pull, succeed, UnknownHost } from 'ropewalk';
import { both, callback, errback } from 'ropewalk/operators';

const boom = new Error('boom');
const marbles = (program: Parameters<TestScheduler['run']>[0]) => () =>
  void new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(program);

/** What a synchronous stream does, from its first value to its end. */
function eventsOf(source: Observable<unknown>): unknown[] {
  const events: unknown[] = [];
  source.subscribe({
    next: (value) => events.push(value),
    error: (error: unknown) => events.push({ error }),
    complete: () => events.push('complete'),
  });
  return events;
}

describe('callback', () => {
  test('never, empty, one, many, error', () => {
    const plus = callback((n: number) => n + 1);
    expect(eventsOf(NEVER.pipe(plus))).toEqual([]);
    expect(eventsOf(EMPTY.pipe(plus))).toEqual(['complete']);
    expect(eventsOf(of(1).pipe(plus))).toEqual([2, 'complete']);
    expect(eventsOf(of(1, 2, 3).pipe(plus))).toEqual([2, 3, 4, 'complete']);
    expect(eventsOf(throwError(() => boom).pipe(plus))).toEqual([{ error: boom }]);
  });

  test('emits each result as soon as it is there, though the source goes on', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a---b----', { a: 1, b: 2 });
      const result = source.pipe(callback((n) => deferLater(2, () => n * 10)));
      expectObservable(result, '^---------!').toBe('---a---b---', { a: 10, b: 20 });
    })();
  });

  test('keeps the order, one result at a time, and completes after the last', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('ab|');
      expectObservable(source.pipe(callback((v) => cold('---x|').pipe(callback(() => v))))).toBe('---a---b|');
    })();
  });

  test('takes promises', (done) => {
    from([1, 2])
      .pipe(
        callback((n) => Promise.resolve(n * 2)),
        toArray(),
      )
      .subscribe((all) => {
        expect(all).toEqual([2, 4]);
        done();
      });
  });

  test('arrays and strings are plain values', () => {
    expect(eventsOf(of(1).pipe(callback(() => [1, 2])))).toEqual([[1, 2], 'complete']);
    expect(eventsOf(of(1).pipe(callback(() => 'ab')))).toEqual(['ab', 'complete']);
  });

  test('an error thrown, or of a result, fails the stream', () => {
    const throwing = callback(() => {
      throw boom;
    });
    expect(eventsOf(of(1, 2).pipe(throwing))).toEqual([{ error: boom }]);
    expect(eventsOf(of(1, 2).pipe(callback(() => throwError(() => boom))))).toEqual([{ error: boom }]);
  });

  test('a source that emits while subscribing stops when nobody listens any more', () => {
    let calls = 0;
    const counted = callback((n: number) => {
      calls++;
      return n;
    });
    expect(eventsOf(range(0, 1_000_000).pipe(counted, take(2)))).toEqual([0, 1, 'complete']);
    expect(calls).toBe(2);
  });

  test('leaving unsubscribes the source and the result that is awaited', () => {
    const source = new Subject<number>();
    const inner = new Subject<number>();
    const subscription = source.pipe(callback(() => inner)).subscribe();
    source.next(1);
    expect([source.observed, inner.observed]).toEqual([true, true]);
    subscription.unsubscribe();
    expect([source.observed, inner.observed]).toEqual([false, false]);
  });

  test('100,000 results that are there at once, waiting behind one that is not, leave the stack flat', () => {
    const first = new Deferred<number>();
    let seen = 0;
    range(0, 100_000)
      .pipe(callback((n) => (n === 0 ? first : succeed(n))))
      .subscribe(() => seen++);
    expect(seen).toBe(0);
    first.callback(0);
    expect(seen).toBe(100_000);
  });

  test('a slow result holds the source: one more value waits, not all of them, and the order stays', () => {
    marbles(({ cold, flush }) => {
      let drawn = 0;
      function* endless(): Generator<number> {
        for (;;) yield drawn++;
      }
      const seen: number[] = [];
      const subscription = pull(endless())
        .pipe(callback((n) => (n < 3 ? cold('----x|').pipe(map(() => n)) : n)))
        .pipe(takeWhile((n) => n < 5))
        .subscribe((n) => seen.push(n));
      const waitingAt: number[][] = [];
      for (const at of [1, 4, 7, 9]) timer(at).subscribe(() => waitingAt.push([at, drawn]));
      flush();
      // One result is awaited, and one value waits behind it.
      expect(waitingAt).toEqual([
        [1, 2],
        [4, 2],
        [7, 3],
        [9, 3],
      ]);
      expect(seen).toEqual([0, 1, 2, 3, 4]);
      expect(subscription.closed).toBe(true);
    })();
  });

  test('rule 51: on a Deferred it derives, and leaves the chain alone', () => {
    const deferred = succeed(1);
    expect(eventsOf(deferred.pipe(callback((n) => n + 1)))).toEqual([2, 'complete']);
    expect(deferred.result).toEqual({ ok: true, value: 1 });
  });
});

describe('errback', () => {
  test("puts its result in the error's place; values pass", () => {
    const source = concat(
      of(1),
      throwError(() => boom),
    );
    expect(eventsOf(source.pipe(errback((error) => [error])))).toEqual([1, [boom], 'complete']);
    expect(eventsOf(source.pipe(errback(() => succeed('later'))))).toEqual([1, 'later', 'complete']);
    expect(eventsOf(of(1).pipe(errback(() => 0)))).toEqual([1, 'complete']);
  });

  test('rule 8: with a type, only that family; others pass unchanged', () => {
    const refused = new ConnectionRefused('nobody there');
    const source = throwError(() => refused);
    expect(eventsOf(source.pipe(errback(ConnectError, (error) => error.message)))).toEqual([
      'nobody there',
      'complete',
    ]);
    expect(eventsOf(source.pipe(errback(UnknownHost, () => 0)))).toEqual([{ error: refused }]);
  });

  test('an error thrown replaces the error', () => {
    const rethrowing = errback(() => {
      throw boom;
    });
    expect(eventsOf(throwError(() => new Error('first')).pipe(rethrowing))).toEqual([{ error: boom }]);
  });
});

describe('both', () => {
  test('runs on values and on the error, in order', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('a#', { a: 'a' }, 'e');
      expectObservable(source.pipe(both((result) => deferLater(3, () => `${String(result)}!`)))).toBe('---x--(y|)', {
        x: 'a!',
        y: 'e!',
      });
    })();
  });

  test('hands the error on when it gets it back', () => {
    expect(eventsOf(throwError(() => boom).pipe(both((result) => result)))).toEqual([{ error: boom }]);
  });
});
