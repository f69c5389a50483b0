import { asyncScheduler } from 'rxjs';
import type { SchedulerLike } from 'rxjs';
import { Cancelled, cooperate, Deferred, deferLater } from 'ropewalk';
import { failure, reportsOf, value, virtually } from './worlds.ts';

/** A clock that a step of work moves on by hand, and turns that are run by hand. */
function handClock() {
  let time = 0;
  const due: (() => void)[] = [];
  const scheduler = {
    now: () => time,
    schedule: (work: () => void) => due.push(work),
  } as unknown as SchedulerLike;
  return { scheduler, work: (ms: number) => void (time += ms), turn: () => due.splice(0).forEach((work) => work()) };
}

function* numbers(upTo: number, step: (n: number) => unknown): Generator<unknown> {
  for (let n = 0; n < upTo; n++) yield step(n);
}

test('cooperate works in turns of about 10 ms', () => {
  const clock = handClock();
  let steps = 0;
  const task = cooperate(
    numbers(8, () => {
      clock.work(3);
      steps++;
    }),
    { scheduler: clock.scheduler },
  );
  const done = task.whenDone();
  expect(steps).toBe(0);
  clock.turn();
  expect(steps).toBe(4);
  clock.turn();
  expect(steps).toBe(8);
  expect(done.called).toBe(false);
  clock.turn();
  expect(done.result).toEqual(value(undefined));
});

test('tasks of one scheduler share its turns, step by step', () => {
  const clock = handClock();
  const order: string[] = [];
  for (const name of ['a', 'b']) {
    cooperate(
      numbers(3, () => {
        clock.work(4);
        order.push(name);
      }),
      { scheduler: clock.scheduler },
    );
  }
  clock.turn();
  expect(order).toEqual(['a', 'b', 'a']);
  clock.turn();
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
});

test('a step that yields a Deferred is waited for, with parallelism others go on', () => {
  virtually(() => {
    let active = 0;
    let most = 0;
    const work = function* () {
      for (let n = 0; n < 6; n++) {
        most = Math.max(most, ++active);
        yield deferLater(10, () => active--);
      }
    };
    const done = cooperate(work(), { parallelism: 3 }).whenDone();
    deferLater(19, () => expect(done.called).toBe(false));
    deferLater(25, () => {
      expect(done.result).toEqual(value(undefined));
      expect(most).toBe(3);
    });
  });
  expect(() => cooperate([], { parallelism: 0 })).toThrow(RangeError);
});

test('pause counts, and resume goes on', () => {
  const clock = handClock();
  let steps = 0;
  const task = cooperate(
    numbers(2, () => steps++),
    { scheduler: clock.scheduler },
  );
  task.pause();
  task.pause();
  clock.turn();
  task.resume();
  clock.turn();
  expect(steps).toBe(0);
  task.resume();
  clock.turn();
  expect(steps).toBe(2);
  expect(() => task.resume()).toThrow(RangeError);
});

test('stop ends with Cancelled, runs the finally of the iterator, and is nobody else’s business', () => {
  const cleanup = jest.fn();
  const work = function* () {
    try {
      for (;;) yield deferLater(10);
    } finally {
      cleanup();
    }
  };
  expect(
    reportsOf(() => {
      const task = cooperate(work());
      const done = task.whenDone().markHandled();
      deferLater(25, () => {
        task.stop();
        task.stop();
        expect(done.result).toEqual(failure(expect.any(Cancelled)));
      });
    }),
  ).toEqual([]);
  expect(cleanup).toHaveBeenCalledTimes(1);
});

test('a step that throws, or whose result fails, ends the task', () => {
  expect(
    reportsOf(() => {
      const thrown = cooperate(
        numbers(1, () => {
          throw 'thrown';
        }),
      );
      const failing = new Deferred<void>();
      cooperate(numbers(2, () => failing));
      thrown.whenDone().addErrback((error) => expect(error).toBe('thrown'));
      asyncScheduler.schedule(() => failing.errback('unseen'), 5);
    }),
  ).toEqual(['unseen']);
});

test('an abandoned virtual clock does not stop the turns for good', () => {
  const steps: string[] = [];
  expect(() =>
    virtually(() => {
      cooperate(numbers(1, () => steps.push('lost')));
      throw new Error('a failing test');
    }),
  ).toThrow('a failing test');
  virtually(() => {
    asyncScheduler.schedule(() => cooperate(numbers(1, () => steps.push('found'))), 2_000);
  });
  expect(steps).toContain('found');
});
