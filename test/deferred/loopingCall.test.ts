import { asyncScheduler } from 'rxjs';
import { Deferred, deferLater, loopingCall } from 'ropewalk';
import { failure, reportsOf, value, virtually } from './worlds.ts';

const now = () => asyncScheduler.now();

test('loopingCall calls at once, and then on the grid, until it is stopped', () => {
  const times: number[] = [];
  virtually(() => {
    const loop = loopingCall(() => times.push(now()), { period: 10 });
    const done = loop.whenDone();
    expect(loop.running).toBe(true);
    deferLater(35, () => {
      loop.stop();
      loop.stop();
      expect(done.result).toEqual(value(undefined));
      expect(loop.running).toBe(false);
    });
  });
  expect(times).toEqual([0, 10, 20, 30]);
});

test('loopingCall with now: false waits one period first', () => {
  const times: number[] = [];
  virtually(() => {
    const loop = loopingCall(() => times.push(now()), { period: 10, now: false });
    deferLater(25, () => loop.stop());
  });
  expect(times).toEqual([10, 20]);
});

test('loopingCall waits for an asynchronous result, and skips the ticks it missed', () => {
  const times: number[] = [];
  virtually(() => {
    const loop = loopingCall(
      () => {
        times.push(now());
        return deferLater(times.length === 1 ? 23 : 1);
      },
      { period: 10 },
    );
    deferLater(45, () => loop.stop());
  });
  expect(times).toEqual([0, 30, 40]);
});

test('loopingCall stopped while a result is awaited is done when that is there', () => {
  virtually(() => {
    const loop = loopingCall(() => deferLater(20), { period: 10 });
    const done = loop.whenDone();
    deferLater(5, () => loop.stop());
    deferLater(15, () => expect(done.called).toBe(false));
    deferLater(25, () => expect(done.result).toEqual(value(undefined)));
  });
});

test('loopingCall withCount tells how many periods have passed, and skips none', () => {
  const counts: [number, number][] = [];
  virtually(() => {
    const loop = loopingCall(
      (count) => {
        counts.push([now(), count]);
        return deferLater(counts.length === 1 ? 35 : 1);
      },
      { period: 10, withCount: true },
    );
    deferLater(55, () => loop.stop());
  });
  expect(counts).toEqual([
    [0, 1],
    [40, 4],
    [50, 1],
  ]);
});

test('loopingCall with a period of 0 counts 1 each time', () => {
  const counts: number[] = [];
  virtually(() => {
    const loop = loopingCall(
      (count) => {
        counts.push(count);
        return deferLater(1);
      },
      { period: 0, withCount: true },
    );
    deferLater(3, () => loop.stop());
  });
  expect(new Set(counts)).toEqual(new Set([1]));
  expect(counts.length).toBeGreaterThan(2);
});

test('loopingCall ends with the error of its function, thrown or asynchronous', () => {
  virtually(() => {
    const thrown = loopingCall(
      () => {
        throw 'thrown';
      },
      { period: 10 },
    );
    expect(thrown.whenDone().markHandled().result).toEqual(failure('thrown'));
    expect(thrown.running).toBe(false);
    const failing = new Deferred<void>();
    const later = loopingCall(() => failing, { period: 10 });
    const done = later.whenDone().markHandled();
    failing.errback('later');
    expect(done.result).toEqual(failure('later'));
  });
});

test('rule 38: a loop that failed with nobody waiting for its end is reported', () => {
  expect(
    reportsOf(() => {
      loopingCall(
        () => {
          throw 'unseen';
        },
        { period: 10 },
      );
    }),
  ).toEqual(['unseen']);
});

test('loopingCall.reset() begins a new grid', () => {
  const times: number[] = [];
  virtually(() => {
    const loop = loopingCall(() => times.push(now()), { period: 10 });
    deferLater(14, () => loop.reset());
    deferLater(36, () => loop.stop());
  });
  expect(times).toEqual([0, 10, 24, 34]);
});

test('loopingCall refuses a negative period', () => {
  expect(() => loopingCall(() => 0, { period: -1 })).toThrow(RangeError);
});
