import { take, toArray, VirtualTimeScheduler } from 'rxjs';
import { pull, serve, subscribingFor, type Bytes, type HoldGroup, type Sink } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';

/** A sink that remembers the groups that feed it. */
class Basin implements Sink {
  readonly groups = new Set<HoldGroup>();
  readonly backlog = 1;

  join(group: HoldGroup): void {
    this.groups.add(group);
  }

  leave(group: HoldGroup): void {
    this.groups.delete(group);
  }
}

/** Counts from 0, and writes down whether it was returned. */
function counting() {
  const counted = { drawn: 0, returned: 0 };
  function* numbers(): Generator<number> {
    try {
      for (;;) yield counted.drawn++;
    } finally {
      counted.returned++;
    }
  }
  return { counted, numbers };
}

test(
  'emits what an iterable yields, and completes with it; nothing is drawn while subscribing',
  marbles((m) => {
    m.expect(pull(['a', 'b'])).toBe('(ab|)');
    m.expect(pull([])).toBe('|');
    const { counted, numbers } = counting();
    const subscription = pull(numbers()).subscribe();
    expect(counted.drawn).toBe(0);
    subscription.unsubscribe();
  }),
);

test(
  'draws no more while its group is held, and goes on when it is let go',
  marbles((m) => {
    const basin = new Basin();
    const seen: number[] = [];
    const { counted, numbers } = counting();
    let hold: { release(): void } | undefined;
    const subscription = subscribingFor(basin, () =>
      pull(numbers()).subscribe((n) => {
        seen.push(n);
        if (n % 3 === 2) for (const group of basin.groups) hold = group.hold(basin, 'enough');
      }),
    );
    m.flush();
    expect(seen).toEqual([0, 1, 2]);
    hold?.release();
    m.flush();
    expect([seen, counted.drawn]).toEqual([[0, 1, 2, 3, 4, 5], 6]);
    subscription.unsubscribe();
    expect([basin.groups.size, counted.returned]).toEqual([0, 1]);
    // Whoever still held it finds nobody: nothing is drawn.
    hold?.release();
    m.flush();
    expect(counted.drawn).toBe(6);
  }),
);

test(
  'unsubscribing returns the iterator, also in the middle of a turn; one that is at its end is not returned',
  marbles((m) => {
    const { counted, numbers } = counting();
    m.expect(pull(numbers()).pipe(take(3), toArray())).toBe('(x|)', { x: [0, 1, 2] });
    m.flush();
    expect(counted).toEqual({ drawn: 3, returned: 1 });
    let returned = 0;
    const plain = {
      next: () => ({ done: true as const, value: undefined }),
      return: () => ({ done: true as const, value: ++returned }),
    };
    pull({ [Symbol.iterator]: () => plain }).subscribe();
    m.flush();
    expect(returned).toBe(0);
  }),
);

test(
  'an iterator that throws is an error, after what it gave',
  marbles((m) => {
    function* failing(): Generator<string> {
      yield 'a';
      throw new Error('no more');
    }
    m.expect(pull(failing())).toBe('(a#)', {}, new Error('no more'));
    const unstartable: Iterable<string> = {
      [Symbol.iterator]() {
        throw new Error('not today');
      },
    };
    m.expect(pull(unstartable)).toBe('#', {}, new Error('not today'));
    const plain = {
      next() {
        throw new Error('no next');
      },
    };
    m.expect(pull({ [Symbol.iterator]: () => plain })).toBe('#', {}, new Error('no next'));
  }),
);

test(
  'each subscription draws for itself',
  marbles((m) => {
    const letters = pull(new Set(['a', 'b']));
    m.expect(letters).toBe('(ab|)');
    m.expect(letters, '---^').toBe('---(ab|)');
  }),
);

test('an endless iterable, and a reader that always keeps up, leave timers and immediates their turns', async () => {
  const { counted, numbers } = counting();
  const subscription = pull(numbers()).subscribe();
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  subscription.unsubscribe();
  expect(counted.drawn).toBeGreaterThan(0);
  expect(counted.returned).toBe(1);
});

test('one turn draws at most 1024 values', () => {
  const scheduler = new VirtualTimeScheduler();
  const { counted, numbers } = counting();
  const drawnInTurns: number[] = [];
  pull(numbers(), scheduler).pipe(take(3000)).subscribe();
  while (scheduler.actions.length > 0) {
    const [action] = scheduler.actions.splice(0, 1);
    action.execute(action.state, action.delay);
    drawnInTurns.push(counted.drawn);
  }
  expect(drawnInTurns).toEqual([1024, 2048, 3000]);
});

test(
  'a connection that does not read holds it',
  marbles((m) => {
    const { listen, connect } = m.memory();
    let drawn = 0;
    function* chunks(): Generator<Bytes> {
      for (;;) {
        drawn += 1000;
        yield new Uint8Array(1000);
      }
    }
    listen('memory:fountain')
      .pipe(serve(() => pull(chunks())))
      .subscribe();
    connect('memory:fountain').subscribe();
    m.flush();
    expect(drawn).toBeGreaterThan(65_536);
    expect(drawn).toBeLessThan(300_000);
  }),
);
