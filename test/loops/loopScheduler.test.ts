/** A scheduler on a foreign loop: order, slices, timers, what is called off; on a loop whose turns the test decides. */
import { config, from, interval, map, observeOn, of, queueScheduler, take, toArray } from 'rxjs';
import { loopScheduler, type ForeignLoop } from 'ropewalk/gtk';

/** A loop that stands still until it is told to go on. */
class HandLoop implements ForeignLoop {
  time = 0;
  /** What each look at the clock takes. */
  tick = 0;
  private plans: { at: number; work: () => void }[] = [];

  later(work: () => void, delay: number): () => void {
    const plan = { at: this.time + delay, work };
    this.plans.push(plan);
    return () => (this.plans = this.plans.filter((other) => other !== plan));
  }

  now(): number {
    return (this.time += this.tick);
  }

  get waiting(): number {
    return this.plans.length;
  }

  /** One turn: what is due now, and nothing that is asked for meanwhile. */
  turn(passing = 0): void {
    this.time += passing;
    const due = this.plans.filter(({ at }) => at <= this.time);
    this.plans = this.plans.filter((plan) => !due.includes(plan));
    for (const { work } of due) work();
  }
}

const setUp = (slice?: number) => {
  const loop = new HandLoop();
  const seen: unknown[] = [];
  return { loop, scheduler: loopScheduler(loop, { slice }), seen, see: (value: unknown) => seen.push(value) };
};

test('values are observed in one turn of the loop, in order, and not before it', () => {
  const { loop, scheduler, seen, see } = setUp();
  of(1, 2, 3)
    .pipe(observeOn(scheduler))
    .subscribe({ next: see, complete: () => see('end') });
  expect(seen).toEqual([]);
  expect(loop.waiting).toBe(1);
  loop.turn();
  expect(seen).toEqual([1, 2, 3, 'end']);
  expect(loop.waiting).toBe(0);
});

test('what is scheduled meanwhile has its turn after this one (rule 2)', () => {
  const { loop, scheduler, seen, see } = setUp();
  scheduler.schedule(() => {
    see('first');
    scheduler.schedule(() => see('third'));
  });
  scheduler.schedule(() => see('second'));
  loop.turn();
  expect(seen).toEqual(['first', 'second']);
  loop.turn();
  expect(seen).toEqual(['first', 'second', 'third']);
});

test('one turn takes a slice of time, and the rest goes on in the next ones, in order', () => {
  const { loop, scheduler, seen, see } = setUp(3);
  loop.tick = 1;
  from([1, 2, 3, 4, 5]).subscribe((n) => scheduler.schedule(() => see(n)));
  loop.turn();
  expect(seen).toEqual([1, 2, 3]);
  scheduler.schedule(() => see('later'));
  expect(loop.waiting).toBe(1);
  loop.turn();
  expect(seen).toEqual([1, 2, 3, 4, 5, 'later']);
});

test('a slice that is over before it begins does one thing all the same', () => {
  const { loop, scheduler, seen, see } = setUp(0);
  of(1, 2).pipe(observeOn(scheduler)).subscribe(see);
  loop.turn();
  expect(seen).toEqual([1]);
  loop.turn();
  expect(seen).toEqual([1, 2]);
});

test('timers run by the clock of the loop, and may go on for ever', () => {
  const { loop, scheduler, seen, see } = setUp();
  interval(10, scheduler)
    .pipe(
      take(3),
      map((n) => `${n} at ${scheduler.now()}`),
      toArray(),
    )
    .subscribe(see);
  loop.turn(9);
  expect(seen).toEqual([]);
  for (const passing of [1, 10, 10]) loop.turn(passing);
  expect(seen).toEqual([['0 at 10', '1 at 20', '2 at 30']]);
  expect(loop.waiting).toBe(0);
});

test('what is called off is not done, in the queue or in time (rule 4)', () => {
  const { loop, scheduler, seen, see } = setUp();
  scheduler.schedule(() => see('now')).unsubscribe();
  const timer = scheduler.schedule(() => see('in time'), 5);
  timer.unsubscribe();
  timer.unsubscribe();
  scheduler.schedule(() => see('done'));
  loop.turn(10);
  expect(seen).toEqual(['done']);
  expect(loop.waiting).toBe(0);
});

test('work that throws is reported once, and the rest is done all the same (rule 5)', async () => {
  const { loop, scheduler, seen, see } = setUp();
  const reported = new Promise((resolve) => (config.onUnhandledError = resolve));
  const broken = new Error('broken');
  const task = scheduler.schedule(() => {
    throw broken;
  });
  scheduler.schedule(() => see('the rest'));
  loop.turn();
  expect(seen).toEqual(['the rest']);
  expect(task.closed).toBe(true);
  expect(await reported).toBe(broken);
  config.onUnhandledError = null;
});

test('work that is done is forgotten by whoever kept it', () => {
  const { loop, scheduler } = setUp();
  const task = scheduler.schedule(() => {}, 0);
  expect(task.closed).toBe(false);
  loop.turn();
  expect(task.closed).toBe(true);
});

test('work that reschedules itself keeps its state, as with any scheduler of rxjs', () => {
  const count = (scheduler: typeof queueScheduler | ReturnType<typeof loopScheduler>, see: (n: unknown) => void) =>
    scheduler.schedule<number>(
      function (n = 0) {
        see(n);
        if (n < 3) this.schedule(n + 1);
      },
      0,
      0,
    );
  const { loop, scheduler, seen, see } = setUp();
  const expected: unknown[] = [];
  count(queueScheduler, (n) => expected.push(n));
  count(scheduler, see);
  for (let turns = 0; turns < 5; turns++) loop.turn();
  expect(seen).toEqual(expected);
});
