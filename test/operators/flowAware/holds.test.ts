/**
 * What holding does to the values: nothing is lost, nothing overtakes, nobody stays held, nobody waits for whom he holds.
 */
import * as rx from 'rxjs';
import {
  asyncScheduler,
  filter,
  map,
  merge,
  NEVER,
  Observable,
  of,
  ReplaySubject,
  Subject,
  take,
  takeUntil,
  tap,
  timer,
  toArray,
} from 'rxjs';
import { currentGroup, feed, heldGroups, HoldGroup } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import * as ours from 'ropewalk/operators';
import { Basin, Well } from './worlds.ts';

const late = (n: number): Observable<number> => timer(1).pipe(map(() => n));
const counted = (to: number): number[] => Array.from({ length: to }, (_, n) => n);
const sum = (numbers: readonly unknown[]): number => numbers.flat().length;

/** Pipelines that pass every value on, in order, as numbers or arrays of them. */
const lossless: Record<string, (water: Observable<number>) => Observable<unknown>> = {
  concatMap: (water) => water.pipe(ours.concatMap((n) => (n % 3 === 0 ? late(n) : of(n)))),
  concatAll: (water) => water.pipe(map(late), ours.concatAll()),
  'mergeMap, three at once': (water) => water.pipe(ours.mergeMap(late, 3)),
  'mergeAll, two at once': (water) => water.pipe(map(late), ours.mergeAll(2)),
  delay: (water) => water.pipe(ours.delay(3)),
  delayWhen: (water) => water.pipe(ours.delayWhen(() => timer(3))),
  observeOn: (water) => water.pipe(ours.observeOn(asyncScheduler, 1)),
  buffer: (water) => water.pipe(ours.buffer(ours.interval(7)), ours.concatAll()),
  bufferTime: (water) => water.pipe(ours.bufferTime(4), ours.concatAll()),
  'bufferTime with a largest size': (water) => water.pipe(ours.bufferTime(4, null, 5), ours.concatAll()),
  windowTime: (water) => water.pipe(ours.windowTime(4), ours.concatAll()),
  groupBy: (water) =>
    water.pipe(
      ours.groupBy(() => 'all'),
      ours.concatAll(),
    ),
  share: (water) => water.pipe(ours.share()),
  shareReplay: (water) => water.pipe(ours.shareReplay({ bufferSize: 5, refCount: true })),
  zip: (water) => ours.zip(water, water, (a, b) => (a === b ? a : -1)),
  'zip of fast and slow': (water) => ours.zip(water, water.pipe(ours.concatMap(late)), (a, b) => (a === b ? a : -1)),
  'many, one after the other': (water) =>
    water.pipe(
      ours.delay(2),
      ours.concatMap(late),
      ours.observeOn(asyncScheduler),
      ours.mergeMap(late, 2),
      ours.share(),
    ),
};

describe.each(Object.entries(lossless))('%s', (_name, pipeline) => {
  test.each([false, true])(
    'nothing is lost or overtakes, into a sink that fills and empties (reads on within the release: %s)',
    (atOnce) => {
      marbles((m) => {
        const well = new Well({ perRead: 7, total: 60, atOnce });
        const basin = new Basin(4);
        basin.fillFrom(pipeline(well.water));
        const emptying = rx.interval(2).subscribe(() => basin.empty());
        timer(2_000).subscribe(() => emptying.unsubscribe());
        m.flush();
        expect(basin.taken).toEqual(counted(60));
        expect(basin.ended).toBe('completed');
        expect(heldGroups()).toEqual([]);
      })();
    },
  );

  test.each([false, true])('each value comes in the name of its source (reads on within the release: %s)', (atOnce) => {
    marbles((m) => {
      const well = new Well({ perRead: 7, total: 60, atOnce });
      const basin = new Basin();
      basin.fillFrom(pipeline(well.water), false);
      m.flush();
      expect(new Set(basin.names)).toEqual(new Set(['well']));
    })();
  });

  test.each([false, true])(
    'nobody is held by who has left, whenever that is (reads on within the release: %s)',
    (atOnce) => {
      for (let at = 1; at < 40; at++) {
        marbles((m) => {
          const well = new Well({ perRead: 7, atOnce });
          const basin = new Basin(20);
          const filling = basin.fillFrom(pipeline(well.water));
          timer(at).subscribe(() => {
            filling.unsubscribe();
            // What the basin itself holds it holds until it is emptied.
            basin.dismiss();
            expect(heldGroups()).toEqual([]);
          });
          m.flush();
          expect(heldGroups()).toEqual([]);
        })();
      }
    },
  );

  test('nobody is held after an error', () => {
    marbles((m) => {
      const well = new Well({ perRead: 7 });
      const basin = new Basin(20);
      basin.fillFrom(
        merge(
          pipeline(well.water),
          timer(15).pipe(
            tap(() => {
              throw new Error('enough');
            }),
          ),
        ),
      );
      m.flush();
      expect(basin.ended).toBe('failed');
      basin.dismiss();
      expect(heldGroups()).toEqual([]);
    })();
  });

  test('an error of the source while it is held', () => {
    marbles((m) => {
      const well = new Well({ perRead: 7 });
      const basin = new Basin(20);
      const broken = merge(
        well.water,
        timer(15).pipe(
          tap(() => {
            throw new Error('enough');
          }),
        ),
      ) as Observable<number>;
      basin.fillFrom(pipeline(broken));
      m.flush();
      expect(basin.ended).toBe('failed');
      basin.dismiss();
      expect(heldGroups()).toEqual([]);
    })();
  });
});

test('a source that completes while it is held is let go of, and what waited is handed on', () => {
  marbles((m) => {
    const well = new Well({ perRead: 7, total: 7 });
    const basin = new Basin();
    basin.fillFrom(well.water.pipe(ours.concatMap(late)));
    m.flush();
    expect(basin.taken).toEqual(counted(7));
    expect(basin.ended).toBe('completed');
    expect(heldGroups()).toEqual([]);
  })();
});

describe('nobody waits for whom he holds', () => {
  /** Runs until the sink has had enough, or fails because time has come to rest before that. */
  const flows = (pipeline: (a: Observable<number>, b: Observable<number>) => Observable<unknown>, enough = 50) =>
    marbles((m) => {
      const [a, b] = [new Well({ perRead: 7, name: 'a' }), new Well({ perRead: 5, name: 'b' })];
      const basin = new Basin(10);
      basin.fillFrom(pipeline(a.water, b.water).pipe(take(enough), takeUntil(timer(10_000))));
      const emptying = rx.interval(1).subscribe(() => basin.empty());
      timer(10_000).subscribe(() => emptying.unsubscribe());
      m.flush();
      expect(sum(basin.taken)).toBeGreaterThanOrEqual(enough);
      expect(heldGroups()).toEqual([]);
    });

  test(
    'zip of two filters of one source',
    flows((a) => ours.zip(a.pipe(filter((n) => n % 50 === 0)), a.pipe(filter((n) => n % 7 === 0)))),
  );
  test(
    'zip of two filters of one source, shared',
    flows((a) => {
      const shared = a.pipe(ours.share());
      return ours.zip(shared.pipe(filter((n) => n % 50 === 0)), shared.pipe(filter((n) => n % 50 === 49)));
    }),
  );
  test(
    'zip of two filters of a Subject that the source feeds',
    flows((a) => {
      const bridge = new Subject<number>();
      return merge(
        ours.zip(bridge.pipe(filter((n) => n % 100 === 0)), bridge.pipe(filter((n) => n % 100 === 99))),
        a.pipe(tap(bridge), rx.ignoreElements()),
      );
    }),
  );
  test(
    'zip of two filters of a source shared by RxJS, which only the first joins',
    flows((a) => {
      const shared = a.pipe(rx.share());
      return ours.zip(shared.pipe(filter((n) => n % 100 === 0)), shared.pipe(filter((n) => n % 100 === 99)));
    }),
  );
  test(
    'zip of three, two of them from one source',
    flows((a, b) => ours.zip(a, a.pipe(filter((n) => n % 10 === 9)), b)),
  );
  test(
    'zip of a source and what is made of it one by one',
    flows((a) => ours.zip(a, a.pipe(ours.concatMap(late)))),
  );
  test(
    'concatMap whose inner Observable reads the same source',
    flows((a) =>
      a.pipe(
        ours.concatMap((n) =>
          a.pipe(
            filter((m) => m > n),
            take(1),
          ),
        ),
      ),
    ),
  );
  test(
    'concatMap whose inner Observable reads the same source, shared',
    flows((a) => {
      const shared = a.pipe(ours.share());
      return shared.pipe(
        ours.concatMap((n) =>
          shared.pipe(
            filter((m) => m > n),
            take(1),
          ),
        ),
      );
    }),
  );
  test(
    'concatMap whose function reads the same source through a promise-like',
    flows((a) => {
      // What `firstValueFrom` does: it subscribes now, and the result is told later.
      const afterwards = (n: number): Observable<number> => {
        const told = new ReplaySubject<number>(1);
        a.pipe(
          filter((m) => m > n),
          take(1),
        ).subscribe(told);
        return told;
      };
      return a.pipe(ours.concatMap(afterwards));
    }),
  );
  test(
    'concatMap over groups',
    flows((a) =>
      a.pipe(
        ours.groupBy((n) => n % 2),
        ours.concatMap((group) => group.pipe(take(40))),
      ),
    ),
  );
  test(
    'concatMap over windows that overlap',
    flows((a) =>
      a.pipe(
        ours.windowTime(10, 3),
        ours.concatMap((window) => window.pipe(toArray())),
      ),
    ),
  );
  test(
    'mergeMap, two at once, over groups of three',
    flows((a) =>
      a.pipe(
        ours.groupBy((n) => n % 3),
        ours.mergeMap((group) => group, 2),
      ),
    ),
  );
  test(
    'buffer that the same source closes',
    flows((a) => a.pipe(ours.buffer(a.pipe(filter((n) => n % 20_000 === 19_999)))), 40_000),
  );
  test(
    'delayWhen that waits for the same source',
    flows((a) => a.pipe(ours.delayWhen((n) => a.pipe(filter((m) => m >= n + 20))))),
  );
  test(
    'merge of a source that is held and one that nobody can hold',
    flows((a) => merge(a.pipe(ours.concatMap(late)), rx.interval(1)).pipe(ours.concatMap((n) => of(n)))),
  );
  test(
    'two slow ones of a shared source',
    flows((a) => {
      const shared = a.pipe(ours.share());
      return merge(shared.pipe(ours.concatMap(late)), shared.pipe(ours.concatMap((n) => timer(3).pipe(map(() => n)))));
    }),
  );
});

test('the slowest of those who share a source holds it, and lets go when it leaves', () => {
  marbles((m) => {
    const well = new Well({ perRead: 1 });
    const shared = well.water.pipe(ours.share());
    const [fast, slow] = [new Basin(), new Basin(5)];
    const listening = fast.fillFrom(shared.pipe(map((n) => n)));
    const dawdling = slow.fillFrom(shared.pipe(rx.mergeMap(late)));
    const seen: unknown[] = [];
    timer(20).subscribe(() => {
      seen.push([well.group.held, well.drawn <= 7]);
      dawdling.unsubscribe();
      slow.dismiss();
    });
    timer(40).subscribe(() => {
      seen.push([well.group.held, well.drawn > 20]);
      listening.unsubscribe();
    });
    m.flush();
    expect(seen).toEqual([
      [true, true],
      [false, true],
    ]);
  })();
});

describe('in whose name', () => {
  const group = (name: string): HoldGroup =>
    new HoldGroup({ pause() {}, resume() {}, now: () => 0, toString: () => name });
  const [a, b] = [group('a'), group('b')];
  /** Two sources in one Subject: `a` says one value, then `b`, and it ends in nobody's name. */
  const told = (pipeline: (source: Observable<object>) => Observable<unknown>, ...values: object[]): unknown[] => {
    const names: unknown[] = [];
    marbles((m) => {
      const source = new Subject<object>();
      const [first, second] = values;
      pipeline(source).subscribe((value) =>
        names.push(value instanceof Observable ? 'opened' : currentGroup()?.toString()),
      );
      timer(1).subscribe(() => feed(a, source, first));
      timer(2).subscribe(() => feed(b, source, second));
      timer(9).subscribe(() => source.complete());
      m.flush();
    })();
    return names;
  };
  const values = [{ n: 1 }, { n: 2 }];

  test.each<[string, (source: Observable<object>) => Observable<unknown>, unknown[]]>([
    ['concatMap', (source) => source.pipe(ours.concatMap((v) => timer(3).pipe(map(() => v)))), ['a', 'b']],
    ['mergeMap', (source) => source.pipe(ours.mergeMap((v) => timer(3).pipe(map(() => v)))), ['a', 'b']],
    ['exhaustMap', (source) => source.pipe(ours.exhaustMap((v) => timer(3).pipe(map(() => v)))), ['a']],
    ['switchMap', (source) => source.pipe(ours.switchMap((v) => timer(3).pipe(map(() => v)))), ['b']],
    ['delay', (source) => source.pipe(ours.delay(3)), ['a', 'b']],
    ['observeOn', (source) => source.pipe(ours.observeOn(asyncScheduler)), ['a', 'b']],
    ['buffer, of its last value', (source) => source.pipe(ours.buffer(timer(5))), ['b', undefined]],
    ['bufferTime, of its last value', (source) => source.pipe(ours.bufferTime(5)), ['b', undefined]],
    ['debounceTime', (source) => source.pipe(ours.debounceTime(2)), ['b']],
    ['auditTime', (source) => source.pipe(ours.auditTime(3)), ['b']],
    ['sampleTime', (source) => source.pipe(ours.sampleTime(1.5)), ['a', 'b']],
    [
      'throttleTime',
      (source) => source.pipe(ours.throttleTime(3, undefined, { leading: false, trailing: true })),
      ['b'],
    ],
    [
      'windowTime',
      (source) =>
        source.pipe(
          ours.windowTime(5),
          rx.mergeMap((window) => window.pipe(toArray())),
        ),
      ['b', 'b'],
    ],
    [
      'groupBy',
      (source) =>
        source.pipe(
          ours.groupBy(() => 1),
          rx.mergeMap((all) => all.pipe(toArray())),
        ),
      ['b'],
    ],
    [
      'shareReplay',
      (source) => {
        const shared = source.pipe(ours.shareReplay(2));
        shared.subscribe();
        return timer(5).pipe(rx.switchMap(() => shared));
      },
      ['a', 'b'],
    ],
    [
      'share with a connector that replays',
      (source) => {
        const shared = source.pipe(ours.share({ connector: () => new ReplaySubject(2) }));
        shared.subscribe();
        return timer(5).pipe(rx.switchMap(() => shared));
      },
      ['a', 'b'],
    ],
    [
      'share with a connector that tells the last at the end',
      (source) => source.pipe(ours.share({ connector: () => new rx.AsyncSubject() })),
      ['b'],
    ],
    [
      'groupBy with a connector that replays',
      (source) =>
        source.pipe(
          ours.groupBy(() => 1, { connector: () => new ReplaySubject(9) }),
          rx.mergeMap((all) => timer(5).pipe(rx.switchMap(() => all))),
        ),
      ['a', 'b'],
    ],
  ])('%s', (_name, pipeline, expected) => expect(told(pipeline, ...values)).toEqual(expected));

  test('an inner Observable that can be held emits in its own name', () => {
    marbles((m) => {
      const [outer, inside] = [new Well({ name: 'outer' }), new Well({ name: 'inside', perRead: 1 })];
      for (const operator of [ours.concatMap, ours.mergeMap, ours.switchMap, ours.exhaustMap]) {
        const basin = new Basin();
        basin.fillFrom(
          outer.water.pipe(
            take(1),
            operator(() => inside.water.pipe(take(2))),
          ),
        );
        m.flush();
        expect(basin.names).toEqual(['inside', 'inside']);
      }
    })();
  });

  test('text that is replayed, which has no identity, comes in the name of who fed last', () => {
    const names: unknown[] = [];
    const source = new Subject<string>();
    const shared = source.pipe(ours.share({ connector: () => new ReplaySubject(2) }));
    shared.subscribe();
    feed(a, source, 'one');
    feed(b, source, 'two');
    shared.subscribe(() => names.push(currentGroup()?.toString()));
    expect(names).toEqual(['b', 'b']);
  });
});

describe('interval and timer', () => {
  test('do not tick while they are held; one tick comes when they are let go, and the count has no gap', () => {
    marbles((m) => {
      const basin = new Basin(2);
      const ticks: [unknown, number][] = [];
      const counting = ours.interval(10).pipe(tap((n) => ticks.push([n, asyncScheduler.now()])));
      const filling = basin.fillFrom(counting);
      timer(55).subscribe(() => basin.empty());
      timer(76).subscribe(() => filling.unsubscribe());
      m.flush();
      expect(ticks).toEqual([
        [0, 10],
        [1, 20],
        [2, 55],
        [3, 65],
      ]);
    })();
  });

  test('let go before a tick has become due, they keep the rhythm', () => {
    marbles((m) => {
      const basin = new Basin(2);
      const ticks: number[] = [];
      const filling = basin.fillFrom(ours.timer(10, 10).pipe(tap(() => ticks.push(asyncScheduler.now()))));
      timer(25).subscribe(() => basin.empty());
      timer(45).subscribe(() => filling.unsubscribe());
      m.flush();
      expect(ticks).toEqual([10, 20, 30, 40]);
    })();
  });

  test('held again before the tick that is owed, they go on owing it', () => {
    marbles((m) => {
      const basin = new Basin(1);
      const filling = basin.fillFrom(ours.interval(10));
      timer(35).subscribe(() => {
        const [feeder] = heldGroups();
        basin.empty();
        const again = feeder.hold(basin, 'once more');
        timer(10).subscribe(() => again.release());
      });
      timer(46).subscribe(() => filling.unsubscribe());
      m.flush();
      expect(basin.taken).toEqual([0, 1]);
      basin.dismiss();
      expect(heldGroups()).toEqual([]);
    })();
  });

  test('a timer without an interval comes in time, whoever is held', () => {
    marbles((m) => {
      const well = new Well();
      const basin = new Basin(5);
      basin.fillFrom(well.water.pipe(takeUntil(ours.timer(20))));
      m.flush();
      expect(basin.ended).toBe('completed');
      basin.dismiss();
    })();
  });

  test('who is held says so', () => {
    marbles((m) => {
      const basin = new Basin(1);
      const filling = basin.fillFrom(ours.interval(10).pipe(ours.concatMap(() => NEVER)));
      timer(25).subscribe(() => {
        const [held] = heldGroups();
        expect(`${held}: ${held.holds.map(({ holder, reason }) => `${holder}, ${reason}`).join()}`).toBe(
          'timer(10, 10): concatMap, it awaits an inner Observable',
        );
        filling.unsubscribe();
      });
      m.flush();
      expect(heldGroups()).toEqual([]);
    })();
  });
});

test('100,000 inner Observables that end at once, waiting behind one that does not, leave the stack flat', () => {
  const first = new Subject<number>();
  let seen = 0;
  rx.range(0, 100_000)
    .pipe(ours.concatMap((n) => (n === 0 ? first : of(n))))
    .subscribe(() => seen++);
  expect(seen).toBe(0);
  first.complete();
  expect(seen).toBe(99_999);
});
