import {
  delay,
  EMPTY,
  from,
  map,
  NEVER,
  of,
  Observable,
  range,
  Subject,
  switchMap,
  take,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import {
  callback,
  explain,
  feed,
  heldGroups,
  HoldGroup,
  LimitExceeded,
  over,
  lines,
  onWarning,
  overflow,
  pull,
  serve,
  subscribingFor,
  type Dropped,
  type Hold,
  type Holder,
  type OverflowPolicy,
  type Sink,
} from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { pair } from 'ropewalk/memory';

afterEach(() => expect(heldGroups().map(String)).toEqual([]));

/** Passes on what comes, and holds the group of whoever feeds it from the first value on, for so many milliseconds. */
const slowly = (ms: number): MonoTypeOperatorFunction<string> => callback((value: string) => of(value).pipe(delay(ms)));

/** A sink that takes a hold when it is told to, and writes down what it is given. */
class Basin<T> implements Sink, Holder {
  readonly got: T[] = [];
  readonly groups = new Set<HoldGroup>();
  readonly backlog = 7;
  end: unknown = 'none';
  private holds: Hold[] = [];

  join(group: HoldGroup): void {
    this.groups.add(group);
  }

  leave(group: HoldGroup): void {
    this.groups.delete(group);
  }

  toString(): string {
    return 'the basin';
  }

  fill(): void {
    for (const group of this.groups) this.holds.push(group.hold(this, 'it is full'));
  }

  drain(): void {
    for (const hold of this.holds.splice(0)) hold.release();
  }

  take(source: Observable<T>) {
    return subscribingFor(this, () =>
      source.subscribe({
        next: (value) => this.got.push(value),
        error: (error: unknown) => (this.end = error),
        complete: () => (this.end = 'complete'),
      }),
    );
  }
}

describe('while nobody holds it, everything passes at once,', () => {
  const policies: OverflowPolicy[] = ['hold', 'drop-oldest', 'drop-newest', 'latest', 'error'];
  test.each(policies)('with the policy %s', (policy) =>
    marbles((m) => {
      m.expect(m.cold('-a-(bcd)-e-|').pipe(overflow({ policy, items: 1 }))).toBe('-a-(bcd)-e-|');
      m.expect(m.cold('-a-#').pipe(overflow({ policy }))).toBe('-a-#');
      m.expect(EMPTY.pipe(overflow({ policy }))).toBe('|');
      m.expect(NEVER.pipe(overflow({ policy }))).toBe('-');
      m.expect(m.cold('-a-b-c').pipe(overflow({ policy })), '---^---!').toBe('----a-b');
      m.expect(range(1, 1_000_000).pipe(overflow({ policy }), take(1))).toBe('(a|)', { a: 1 });
    })(),
  );
});

test(
  'what waits comes out in order once it may, and the completion after it',
  marbles((m) => {
    m.expect(m.cold('abc|').pipe(overflow({ policy: 'hold' }), slowly(3))).toBe('---a--b--(c|)');
    m.expect(m.cold('(abcd|)').pipe(overflow({ policy: 'drop-oldest', items: 1 }), slowly(3))).toBe('---a--b--(d|)');
    m.expect(m.cold('(abcd|)').pipe(overflow({ policy: 'drop-newest', items: 1 }), slowly(3))).toBe('---a--b--(c|)');
    m.expect(m.cold('(abcd|)').pipe(overflow({ policy: 'latest' }), slowly(3))).toBe('---a--b--(d|)');
  }),
);

test(
  'an error passes at once, and what waited is gone with it; so does a completion with nothing before it',
  marbles((m) => {
    const basin = new Basin<string>();
    const source = new Subject<string>();
    basin.take(source.pipe(overflow({ policy: 'drop-oldest' })));
    basin.fill();
    source.next('waits');
    source.error('broken');
    expect([basin.got, basin.end, basin.groups.size]).toEqual([[], 'broken', 0]);
    basin.drain();
    m.flush();
    expect(basin.got).toEqual([]);

    const other = new Basin<string>();
    const ending = new Subject<string>();
    other.take(ending.pipe(overflow({ policy: 'hold' })));
    other.fill();
    ending.complete();
    expect(other.end).toBe('complete');
    other.drain();
  }),
);

describe('beyond its limit', () => {
  /** Six values of three bytes while the basin is full, then it drains. */
  const flooded = (operator: MonoTypeOperatorFunction<string>) => {
    let result: unknown[] = [];
    marbles((m) => {
      const basin = new Basin<string>();
      const source = new Subject<string>();
      basin.take(source.pipe(operator));
      source.next('one');
      basin.fill();
      for (const word of ['two', 'six', 'ten', 'abc', 'xyz']) source.next(word);
      source.complete();
      basin.drain();
      m.flush();
      result = [...basin.got, basin.end];
    })();
    return result;
  };

  test('drop-oldest loses what has waited longest, by items or by bytes', () => {
    expect(flooded(overflow({ policy: 'drop-oldest', items: 2 }))).toEqual(['one', 'abc', 'xyz', 'complete']);
    expect(flooded(overflow({ policy: 'drop-oldest', bytes: 10 }))).toEqual(['one', 'ten', 'abc', 'xyz', 'complete']);
  });

  test('drop-newest loses what comes', () => {
    expect(flooded(overflow({ policy: 'drop-newest', items: 2 }))).toEqual(['one', 'two', 'six', 'complete']);
    expect(flooded(overflow({ policy: 'drop-newest', bytes: 6 }))).toEqual(['one', 'two', 'six', 'complete']);
  });

  test('latest keeps the newest alone', () => {
    expect(flooded(overflow({ policy: 'latest' }))).toEqual(['one', 'xyz', 'complete']);
  });

  test('hold loses nothing, even of a source that cannot be held', () => {
    const all = ['one', 'two', 'six', 'ten', 'abc', 'xyz', 'complete'];
    expect(flooded(overflow({ policy: 'hold', items: 2 }))).toEqual(all);
  });

  test('error fails, and says who falls behind, how far, and what the limit is', () => {
    const [one, error] = flooded(overflow({ policy: 'error', items: 2 }));
    expect([one, error]).toEqual(['one', expect.any(LimitExceeded)]);
    expect(error).toMatchObject({ message: 'the basin falls behind: 3 values wait, the limit is 2 values', limit: 2 });
    expect(flooded(overflow({ policy: 'error', bytes: 8 }))[1]).toMatchObject({
      message: 'the basin falls behind: 9 bytes wait, the limit is 8 bytes',
      limit: 8,
    });
  });

  test('one value may always wait, however large it is', () => {
    expect(flooded(overflow({ policy: 'drop-oldest', bytes: 1 }))).toEqual(['one', 'xyz', 'complete']);
    expect(flooded(overflow({ policy: 'drop-newest', bytes: 1 }))).toEqual(['one', 'two', 'complete']);
  });

  test('weigh says what a value counts for', () => {
    const weigh = (word: string) => (word === 'ten' ? 10 : 0);
    expect(flooded(overflow({ policy: 'drop-newest', bytes: 9, weigh }))).toEqual([
      'one',
      'two',
      'six',
      'abc',
      'xyz',
      'complete',
    ]);
  });

  test('onDrop is told the totals since the subscription, and the value', () => {
    const told: Dropped<string>[] = [];
    flooded(overflow({ policy: 'drop-oldest', items: 3, onDrop: (dropped) => told.push(dropped) }));
    expect(told).toEqual([
      { items: 1, bytes: 3, last: 'two' },
      { items: 2, bytes: 6, last: 'six' },
    ]);
  });

  test('what onDrop or weigh throw fails the stream', () => {
    const failing = (): never => {
      throw new Error('oops');
    };
    expect(flooded(overflow({ policy: 'latest', onDrop: failing }))).toEqual(['one', new Error('oops')]);
    expect(flooded(overflow({ policy: 'error', weigh: failing }))).toEqual(['one', new Error('oops')]);
    expect(flooded(overflow({ policy: 'hold', weigh: failing }))).toEqual(['one', new Error('oops')]);
  });
});

describe('who is held', () => {
  /** A source with a group, that writes down when it is paused. */
  function spring() {
    const told: string[] = [];
    const group = new HoldGroup({ pause: () => told.push('pause'), resume: () => told.push('resume'), now: () => 0 });
    const subject = new Subject<number>();
    return { told, group, subject, emit: (value: number) => feed(group, subject, value) };
  }

  test(
    'a full sink holds the overflow, and never the source: neither by what it is fed nor by what joined',
    marbles((m) => {
      const { told, subject, emit } = spring();
      const basin = new Basin<number>();
      const subscription = basin.take(subject.pipe(overflow({ policy: 'drop-oldest', items: 2 })));
      expect(basin.groups.size).toBe(1);
      basin.fill();
      for (let n = 0; n < 10; n++) emit(n);
      expect([told, heldGroups().map(String)]).toEqual([[], ['overflow (8 dropped)']]);
      basin.drain();
      m.flush();
      expect(basin.got).toEqual([8, 9]);
      subscription.unsubscribe();
      expect(basin.groups.size).toBe(0);
    }),
  );

  test(
    'with hold the source is held from the limit on until half is free, and the blame goes through the overflow',
    marbles((m) => {
      const { told, group, subject, emit } = spring();
      const got: number[] = [];
      const holder: Holder = { backlog: 1, toString: () => 'a reader' };
      let hold: Hold | undefined;
      // One value at a time: each value fed holds whoever fed it.
      const fed = new Set<HoldGroup>();
      subscribingFor({ join: (joined) => fed.add(joined), leave: () => {} }, () =>
        subject.pipe(overflow({ policy: 'hold', items: 4 })).subscribe((value) => {
          got.push(value);
          for (const joined of fed) hold = joined.hold(holder, 'one at a time');
        }),
      );
      for (let n = 0; n < 4; n++) emit(n);
      expect(told).toEqual([]);
      emit(4);
      expect(told).toEqual(['pause']);
      const [{ holder: first }] = group.holds;
      expect([String(first), first.backlog, first.waitsFor?.holds.map(({ holder }) => String(holder))]).toEqual([
        'overflow',
        4,
        ['a reader'],
      ]);
      for (const still of [true, false, false]) {
        hold?.release();
        m.flush();
        expect(group.held).toBe(still);
      }
      expect(got).toEqual([0, 1, 2, 3]);
      hold?.release();
      m.flush();
      hold?.release();
      expect([got, told]).toEqual([
        [0, 1, 2, 3, 4],
        ['pause', 'resume'],
      ]);
    }),
  );

  test(
    'explain follows the blame through it, from the connection that is not read to the one that is full',
    marbles((m) => {
      const [source, sender] = pair();
      const [target, deaf] = pair();
      subscribingFor(target.halves.outbox, () => source.pipe(overflow({ policy: 'hold', items: 1 })).subscribe(target));
      const restore = onWarning(() => {});
      for (let n = 0; n < 8; n++) sender.next(new Uint8Array(65_536));
      onWarning(restore);
      m.flush();
      const {
        by: [{ holder, reason, because }],
      } = explain(source);
      expect([holder, reason, because?.source, because?.by.map(({ holder }) => holder)]).toEqual([
        'overflow',
        'it is full',
        'overflow',
        ['the connection with far'],
      ]);
      for (const connection of [source, sender, target, deaf]) connection.error(new Error('over'));
      m.flush();
    }),
  );

  test('leaving while it holds, and is held, lets everybody go', () => {
    const { told, subject, emit } = spring();
    const basin = new Basin<number>();
    const subscription = basin.take(subject.pipe(overflow({ policy: 'hold', items: 1 })));
    basin.fill();
    emit(1);
    expect(told).toEqual(['pause']);
    subscription.unsubscribe();
    expect(told).toEqual(['pause', 'resume']);
    basin.drain();
    expect(basin.got).toEqual([]);
  });

  test(
    'a sink that lets go and holds again in one breath gets nothing in between',
    marbles((m) => {
      const source = new Subject<number>();
      const basin = new Basin<number>();
      basin.take(source.pipe(overflow({ policy: 'hold' })));
      basin.fill();
      source.next(1);
      basin.drain();
      basin.fill();
      m.flush();
      expect(basin.got).toEqual([]);
      basin.drain();
      m.flush();
      expect(basin.got).toEqual([1]);
      source.complete();
    }),
  );

  test(
    '100,000 values that wait come out without a recursion, and what comes meanwhile comes after them',
    marbles((m) => {
      const source = new Subject<number>();
      const basin = new Basin<number>();
      const echoed = source.pipe(
        overflow({ policy: 'drop-newest', items: 200_000 }),
        map((n) => {
          if (n < 100_000) source.next(n + 100_000);
          return n;
        }),
      );
      basin.take(echoed);
      basin.fill();
      for (let n = 0; n < 100_000; n++) source.next(n);
      basin.drain();
      m.flush();
      expect(basin.got.length).toBe(200_000);
      expect(basin.got.every((n, at) => n === at)).toBe(true);
      source.complete();
    }),
  );
});

describe('a fast source before a consumer that stands still is bounded', () => {
  const many = 100_000;
  test.each<OverflowPolicy>(['hold', 'drop-oldest', 'drop-newest', 'latest', 'error'])('with %s', (policy) =>
    marbles((m) => {
      let drawn = 0;
      let dropped = 0;
      let failed: unknown;
      function* numbers(): Generator<number> {
        while (drawn < many) yield ++drawn;
      }
      const source = policy === 'hold' ? pull(numbers()) : from(numbers());
      const onDrop = ({ items }: Dropped<number>): void => {
        dropped = items;
      };
      const subscription = source
        .pipe(
          overflow({ policy, onDrop }),
          callback(() => NEVER),
        )
        .subscribe({ error: (error: unknown) => (failed = error) });
      m.flush();
      subscription.unsubscribe();
      if (policy === 'error') expect(failed).toBeInstanceOf(LimitExceeded);
      else expect(drawn === many).toBe(policy !== 'hold');
      expect(drawn - dropped).toBeLessThanOrEqual(16_384 + 3);
    })(),
  );
});

test(
  'in a room of connections a deaf guest loses lines, which is counted, and the others lose none',
  marbles((m) => {
    const { listen, connect } = m.memory();
    const room = new Subject<string>();
    const lost = new Map<string, number>();
    const guest = over(lines(), (_, { remote }) =>
      room.pipe(overflow({ policy: 'drop-oldest', items: 10, onDrop: ({ items }) => lost.set(String(remote), items) })),
    );
    const serving = listen('memory:room').pipe(serve(guest)).subscribe();
    // Nobody listens to the first one.
    const deaf = connect('memory:room').subscribe();
    let heard = 0;
    const listening = connect('memory:room')
      .pipe(switchMap((connection) => connection))
      .subscribe(({ length }) => (heard += length));
    m.flush();
    const line = 'x'.repeat(998);
    for (let burst = 0; burst < 30; burst++) {
      for (let n = 0; n < 20; n++) room.next(line);
      m.flush();
    }
    const [[, dropped]] = lost;
    expect([heard, lost.size, dropped > 300 && dropped < 600]).toEqual([600 * 1000, 1, true]);
    expect(heldGroups().map(String)).toContain(`overflow (${dropped} dropped)`);
    for (const work of [deaf, listening, serving]) work.unsubscribe();
    m.flush();
  }),
);

test('refuses what makes no sense', () => {
  expect(() => overflow({ policy: 'hold', items: 0 })).toThrow(RangeError);
  expect(() => overflow({ policy: 'hold', bytes: Number.NaN })).toThrow(RangeError);
  expect(() => overflow({ policy: 'lossy' as OverflowPolicy })).toThrow(TypeError);
});
