/**
 * How much comes out of a fast source while nothing drains: with RxJS's operators, and with the flow-aware ones.
 */
import * as rx from 'rxjs';
import { asyncScheduler, map, NEVER, of, Subject, timer, type Observable } from 'rxjs';
import { heldGroups, type Bytes } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import * as ours from 'ropewalk/operators';
import { Basin, Well } from './worlds.ts';

type Operators = typeof ours;
type Pipeline = (operators: Operators, a: Observable<number>, b: Observable<number>) => Observable<unknown>;
const theirs = rx as unknown as Operators;

/** As a promise: when it is there, nobody feeds. */
const late = <T>(value: T): Observable<T> => timer(1).pipe(map(() => value));
/** Somebody else's operator, which knows nothing of holds. */
const foreign = rx.mergeMap((n: number) => late(n));
const soon = of(0).pipe(rx.delay(1));

/** 300 ms of a well that gives 10 values each, into a basin that is full with 100 of them. Gives how many were drawn. */
function drawnInto(pipeline: Pipeline, operators: Operators, onBehalf: boolean): number {
  let drawn = 0;
  marbles((m) => {
    const [a, b] = [new Well(), new Well()];
    const basin = new Basin(100);
    const filling = basin.fillFrom(pipeline(operators, a.water, b.water).pipe(rx.takeUntil(timer(300))), onBehalf);
    m.flush();
    drawn = Math.max(a.drawn, b.drawn);
    filling.unsubscribe();
    basin.empty();
    expect(heldGroups()).toEqual([]);
  })();
  return drawn;
}
const all = 2_500;
/** (The rules of lint know it by name.) */
const { shareReplay: unbounded } = ours;

/** Where plain RxJS is not bounded: if a sink is subscribed `plainly`, or even if what is subscribed is on its `behalf`. */
const shifting: [name: string, atMost: number, pipeline: Pipeline][] = [
  ['concatMap', 120, ({ concatMap }, a) => a.pipe(concatMap(late))],
  ['concatAll', 120, ({ concatAll }, a) => a.pipe(map(late), concatAll())],
  ['mergeMap', 120, ({ mergeMap }, a) => a.pipe(mergeMap(late))],
  ['mergeMap, five at once', 120, ({ mergeMap }, a) => a.pipe(mergeMap(late, 5))],
  ['mergeAll, five at once', 120, ({ mergeAll }, a) => a.pipe(map(late), mergeAll(5))],
  ['exhaustMap', 2_000, ({ exhaustMap }, a) => a.pipe(exhaustMap(late))],
  ['switchMap', 2_000, ({ switchMap }, a) => a.pipe(switchMap((n) => timer(0).pipe(map(() => n))))],
  ['delay', 160, ({ delay }, a) => a.pipe(delay(5))],
  ['delayWhen', 160, ({ delayWhen }, a) => a.pipe(delayWhen(() => timer(5)))],
  ['observeOn', 160, ({ observeOn }, a) => a.pipe(observeOn(asyncScheduler))],
  ['buffer', 1_010, ({ buffer }, a) => a.pipe(buffer(rx.interval(1).pipe(rx.take(300))))],
  ['bufferTime', 1_010, ({ bufferTime }, a) => a.pipe(bufferTime(1))],
  ['debounceTime', 1_010, ({ debounceTime }, a) => a.pipe(rx.bufferCount(10), debounceTime(0))],
  ['auditTime', 2_010, ({ auditTime }, a) => a.pipe(auditTime(1))],
  ['sampleTime', 1_010, ({ sampleTime }, a) => a.pipe(sampleTime(1))],
  [
    'throttleTime',
    1_020,
    ({ throttleTime }, a) => a.pipe(throttleTime(1, asyncScheduler, { leading: false, trailing: true })),
  ],
  [
    'windowTime',
    1_010,
    ({ windowTime }, a) =>
      a.pipe(
        windowTime(1),
        rx.mergeMap((window) => window.pipe(rx.toArray())),
      ),
  ],
  ['zip', 120, ({ zip }, a, b) => zip(a, b)],
];

test.each(shifting)(
  '%s of ours is bounded by a sink that is full, however it was subscribed; of RxJS it is not',
  (_name, atMost, pipeline) => {
    expect(drawnInto(pipeline, ours, true)).toBeLessThanOrEqual(atMost);
    // A window or a value for each millisecond of it: that is what time makes, not the source.
    expect(drawnInto(pipeline, ours, false)).toBeLessThanOrEqual(atMost);
    expect(drawnInto(pipeline, theirs, false)).toBeGreaterThan(all);
  },
);

const later: [name: string, atMost: number, pipeline: Pipeline][] = [
  ['switchMap', 120, ({ switchMap }, a) => soon.pipe(switchMap(() => a.pipe(foreign)))],
  ['exhaustMap', 120, ({ exhaustMap }, a) => soon.pipe(exhaustMap(() => a.pipe(foreign)))],
  ['mergeMap', 120, ({ mergeMap }, a) => soon.pipe(mergeMap(() => a.pipe(foreign)))],
  ['concatMap', 120, ({ concatMap }, a) => soon.pipe(concatMap(() => a.pipe(foreign)))],
  ['concatWith', 120, ({ concatWith }, a) => soon.pipe(concatWith(a.pipe(foreign)))],
  [
    'share, after one whom nobody holds',
    120,
    ({ share }, a) => {
      const shared = a.pipe(share());
      shared.pipe(rx.takeUntil(timer(300))).subscribe();
      return shared.pipe(foreign);
    },
  ],
  [
    'shareReplay, after one whom nobody holds',
    120,
    ({ shareReplay }, a) => {
      const shared = a.pipe(shareReplay({ bufferSize: 1, refCount: true }));
      shared.pipe(rx.takeUntil(timer(300))).subscribe();
      return shared.pipe(foreign);
    },
  ],
  [
    'groupBy, subscribed later',
    120,
    ({ groupBy, mergeMap }, a) =>
      a.pipe(
        groupBy((n) => n % 3),
        mergeMap((group) => group.pipe(foreign)),
      ),
  ],
];

test.each(later)(
  '%s: what is subscribed later, through operators that know nothing of holds, joins the sink',
  (name, atMost, pipeline) => {
    expect(drawnInto(pipeline, ours, true)).toBeLessThanOrEqual(atMost);
    // The source of groupBy is subscribed at once, so there the sink is joined either way.
    if (!name.startsWith('groupBy')) expect(drawnInto(pipeline, theirs, true)).toBeGreaterThan(all);
  },
);

test.each<[string, Pipeline]>([
  ['bufferCount', (_, a) => a.pipe(ours.bufferCount(2))],
  ['mergeWith', (_, a, b) => a.pipe(ours.mergeWith(b.pipe(foreign)))],
])('%s, which is RxJS’s own, is bounded by a sink that is full', (_name, pipeline) => {
  expect(drawnInto(pipeline, ours, true)).toBeLessThanOrEqual(220);
});

/** 100 ms of a well, each read `perRead` values, into a sink that is never full. Gives how many were drawn. */
function drawnFreely(pipeline: (water: Observable<number>) => Observable<unknown>, perRead: number): number {
  let drawn = 0;
  marbles((m) => {
    const well = new Well({ perRead });
    const basin = new Basin();
    basin.fillFrom(pipeline(well.water).pipe(rx.takeUntil(timer(100))));
    m.flush();
    drawn = well.drawn;
    expect(heldGroups()).toEqual([]);
  })();
  return drawn;
}

describe('what an operator stores, while nothing else is full', () => {
  const chunk: Bytes = new Uint8Array(65536);
  const asBytes = map(() => chunk);

  test('concatMap: one inner Observable, and one read behind it', () => {
    expect(drawnFreely((water) => water.pipe(ours.concatMap(() => NEVER)), 10)).toBe(10);
    // A value each millisecond: a read is through after ten, and then the next one comes.
    expect(drawnFreely((water) => water.pipe(ours.concatMap(late)), 10)).toBeLessThanOrEqual(110);
    expect(drawnFreely((water) => water.pipe(rx.concatMap(() => NEVER)), 10)).toBeGreaterThan(900);
  });

  test('mergeMap and mergeAll with a limit: so many, and one read behind them', () => {
    expect(drawnFreely((water) => water.pipe(ours.mergeMap(() => NEVER, 25)), 10)).toBe(30);
    expect(
      drawnFreely(
        (water) =>
          water.pipe(
            map(() => NEVER),
            ours.mergeAll(25),
          ),
        10,
      ),
    ).toBe(30);
    expect(drawnFreely((water) => water.pipe(ours.mergeMap(() => NEVER)), 10)).toBeGreaterThan(900);
  });

  test('zip: one read, for an input that is known to have nothing', () => {
    const silent = (): Observable<unknown> => ours.interval(1_000_000);
    expect(drawnFreely((water) => ours.zip(water, silent()), 10)).toBe(10);
    expect(drawnFreely((water) => ours.zip(silent(), water, silent()), 10)).toBe(10);
    // One word from it, in nobody's name: nobody will be held whom it needs.
    expect(drawnFreely((water) => ours.zip(water, timer(5).pipe(rx.concatWith(NEVER))), 10)).toBeLessThanOrEqual(60);
  });

  test('zip: 16,384 values or 1 MiB for an input of which nothing is known', () => {
    expect(drawnFreely((water) => ours.zip(water, NEVER), 1_000)).toBe(17_000);
    expect(drawnFreely((water) => ours.zip(water.pipe(asBytes), NEVER), 1)).toBe(16);
    expect(drawnFreely((water) => rx.zip(water, NEVER), 1_000)).toBeGreaterThan(90_000);
  });

  test.each<[string, rx.OperatorFunction<unknown, unknown>, rx.OperatorFunction<unknown, unknown>]>([
    ['delay', ours.delay(1_000), rx.delay(1_000)],
    ['delayWhen', ours.delayWhen(() => timer(1_000)), rx.delayWhen(() => timer(1_000))],
    ['observeOn', ours.observeOn(asyncScheduler, 1_000), rx.observeOn(asyncScheduler, 1_000)],
    ['bufferTime', ours.bufferTime(1_000), rx.bufferTime(1_000)],
    ['bufferTime with an interval', ours.bufferTime(1_000, 7), rx.bufferTime(1_000, 7)],
    ['buffer', ours.buffer(ours.interval(1_000)), rx.buffer(rx.interval(1_000))],
  ])('%s: 1 MiB', (_name, bounded, plain) => {
    expect(drawnFreely((water) => water.pipe(asBytes, bounded), 1)).toBe(16);
    expect(
      drawnFreely(
        (water) =>
          water.pipe(
            map(() => 'x'.repeat(1 << 18)),
            bounded,
          ),
        1,
      ),
    ).toBe(4);
    expect(drawnFreely((water) => water.pipe(asBytes, plain), 1)).toBeGreaterThan(90);
  });

  // (Not with a timer for each value: virtual time sorts all that are under way, each time.)
  test.each<[string, rx.OperatorFunction<unknown, unknown>, rx.OperatorFunction<unknown, unknown>]>([
    ['delayWhen', ours.delayWhen(() => NEVER), rx.delayWhen(() => NEVER)],
    ['bufferTime', ours.bufferTime(1_000), rx.bufferTime(1_000)],
    ['bufferTime with an interval', ours.bufferTime(1_000, 100), rx.bufferTime(1_000, 100)],
    ['buffer', ours.buffer(ours.interval(1_000)), rx.buffer(rx.interval(1_000))],
  ])('%s: 16,384 values', (_name, bounded, plain) => {
    expect(drawnFreely((water) => water.pipe(bounded), 1_000)).toBe(17_000);
    expect(drawnFreely((water) => water.pipe(plain), 1_000)).toBeGreaterThan(90_000);
  });

  test('half of what was stored must be through before it goes on', () => {
    marbles((m) => {
      const well = new Well({ perRead: 16_384 });
      const [early, later] = [new Subject<void>(), new Subject<void>()];
      const basin = new Basin();
      basin.fillFrom(
        well.water.pipe(
          ours.delayWhen((n) => (n < 8_191 ? early : later)),
          rx.takeUntil(timer(10)),
        ),
      );
      const seen: unknown[] = [];
      const look = (): number => seen.push([basin.taken.length, well.drawn, well.group.held]);
      timer(3).subscribe(() => {
        early.next();
        look();
      });
      timer(5).subscribe(look);
      timer(6).subscribe(() => {
        later.next();
        look();
      });
      timer(8).subscribe(look);
      m.flush();
      expect(seen).toEqual([
        [8_191, 16_384, true],
        [8_191, 16_384, true],
        [16_384, 16_384, false],
        [16_384, 32_768, true],
      ]);
    })();
  });

  test('values that are in no buffer are not counted', () => {
    // Every 50 ms a buffer of 1 ms.
    expect(drawnFreely((water) => water.pipe(ours.bufferTime(1, 50)), 1_000)).toBe(99_000);
  });

  test.each<[string, (water: Observable<number>) => Observable<unknown>]>([
    ['buffer, for a notifier of which nothing is known', (water) => water.pipe(ours.buffer(NEVER))],
    ['buffer, for a notifier that has ended', (water) => water.pipe(ours.buffer(timer(10)))],
    ['shareReplay without a bound', (water) => water.pipe(unbounded())],
    [
      'zipAll, which gathers all its inputs first',
      (water) =>
        water.pipe(
          map(() => NEVER),
          ours.zipAll(),
        ),
    ],
  ])('%s: everything, by definition', (_name, pipeline) => {
    marbles((m) => {
      const well = new Well({ perRead: 1_000, total: 50_000 });
      new Basin().fillFrom(pipeline(well.water).pipe(rx.takeUntil(timer(100))));
      m.flush();
      expect(well.drawn).toBe(50_000);
      expect(heldGroups()).toEqual([]);
    })();
  });

  test('buffer that held lets go when its notifier ends', () => {
    marbles((m) => {
      const well = new Well({ perRead: 1_000, total: 100_000 });
      const basin = new Basin();
      const closing = new Subject<void>();
      basin.fillFrom(
        well.water.pipe(
          ours.buffer(closing),
          map(({ length }) => length),
        ),
      );
      timer(2).subscribe(() => closing.next());
      timer(50).subscribe(() => {
        expect(well.group.held).toBe(true);
        closing.complete();
        expect(well.group.held).toBe(false);
      });
      m.flush();
      expect(basin.taken).toEqual([expect.any(Number), expect.any(Number)]);
      expect(basin.ended).toBe('completed');
    })();
  });
});
