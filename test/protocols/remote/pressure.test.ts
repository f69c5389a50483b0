/** A slow subscriber holds the source at the far side, its own and nobody else's; `explain` tells the chain. */
import {
  concat,
  delay as lateBy,
  from,
  interval,
  map,
  NEVER,
  Observable,
  of,
  range,
  Subject,
  tap,
  timer,
  type Subscriber,
} from 'rxjs';
import {
  bytes,
  explain,
  heldGroups,
  LimitExceeded,
  onWarning,
  pull,
  serve,
  type Connection,
  type RopewalkWarning,
} from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { pair } from 'ropewalk/memory';
import { concatMap, interval as heldInterval, lines } from 'ropewalk/operators';
import { expose, remote, type Remote, type RemoteOptions } from 'ropewalk/remote';

function* numbers(upTo = Infinity): Generator<number> {
  for (let n = 0; n < upTo; n++) yield n;
}

function between<Api extends object>(api: Api, options?: RemoteOptions): { far: Remote<Api>; near: Connection } {
  const [near, far] = pair();
  // As from a listener that goes on: a server without one drains.
  concat(of(far), NEVER)
    .pipe(serve(expose(api, options)))
    .subscribe();
  return { far: remote<Api>(near, options), near };
}

test(
  'an endless source is drawn from no faster than its subscriber takes, and nothing is lost',
  marbles((m) => {
    let drawn = 0;
    const { far, near } = between({ numbers$: pull(numbers()).pipe(tap(() => drawn++)) });
    const taken: number[] = [];
    far
      .numbers$()
      .pipe(concatMap((n) => timer(1).pipe(map(() => n))))
      .subscribe({
        next: (n) => void taken.push(n),
        error: () => {},
      });
    timer(1000).subscribe(() => {
      expect(taken).toEqual([...numbers(taken.length)]);
      expect(taken.length).toBeGreaterThan(900);
      // A window of 64 KiB holds at most 13,000 of these; and one turn of the source overshoots.
      expect(drawn - taken.length).toBeLessThan(65_536 / 5 + 1024);
      near.error(new Error('enough'));
    });
    m.flush();
  }),
);

test(
  'who takes a whole window, and then holds, is given the next one when the hold is over',
  marbles((m) => {
    // Each value is more than the window: nothing waits while the first one is worked on.
    const { far } = between({ numbers$: pull(numbers(10)).pipe(map((n) => `${n}`.padEnd(100))) }, { window: 50 });
    const taken: number[] = [];
    far
      .numbers$()
      .pipe(concatMap((text) => timer(1).pipe(map(() => Number(text)))))
      .subscribe((n) => taken.push(n));
    m.flush();
    expect(taken).toEqual([...numbers(10)]);
  }),
);

test.each([
  ['an array', from(Array.from(numbers(1000)))],
  ['a range', range(0, 1000)],
])('a stream of %s, all there at once, does not hold up the credit that it waits for', (_, numbers$) =>
  marbles((m) => {
    const { far } = between({ numbers$: numbers$.pipe(map((n) => `${n}`.padEnd(100))) }, { window: 500 });
    let count = 0;
    far.numbers$().subscribe({ next: () => count++ });
    m.flush();
    expect(count).toBe(1000);
  })(),
);

test(
  'the window bounds what is on its way, by bytes',
  marbles((m) => {
    const { far, near } = between({ big$: pull(numbers()).pipe(map((n) => `${n}`.padEnd(1000))) }, { window: 10_000 });
    let taken = 0;
    const stuck = new Subject<never>();
    far
      .big$()
      .pipe(
        tap(() => taken++),
        concatMap(() => stuck),
      )
      .subscribe({ error: () => {} });
    timer(100).subscribe(() => {
      // The first value is at work, a second one made it hold.
      expect(taken).toBe(2);
      expect(near.state.bytesReceived).toBeLessThan(10_000 + 2 * 1010 + 100);
      near.error(new Error('enough'));
    });
    m.flush();
  }),
);

test(
  'a stream that stands still does not hold the calls and streams beside it',
  marbles((m) => {
    const { far, near } = between({
      numbers$: pull(numbers()),
      ticks$: interval(10),
      add: (a: number, b: number) => a + b,
    });
    far
      .numbers$()
      .pipe(concatMap(() => new Subject()))
      .subscribe({ error: () => {} });
    const ticks: number[] = [];
    far.ticks$().subscribe({ next: (tick) => void ticks.push(tick), error: () => {} });
    let sum = 0;
    timer(90).subscribe(() => far.add(2, 3).addCallback((answer) => (sum = answer)));
    timer(101).subscribe(() => {
      expect(ticks.length).toBeGreaterThanOrEqual(9);
      expect(sum).toBe(5);
      near.error(new Error('enough'));
    });
    m.flush();
  }),
);

test(
  'explain follows the chain from the source at the far side to the slow subscriber here',
  marbles((m) => {
    // A database, say, whose rows are lines of a connection; a server that exposes them; a client that is slow.
    const [database, cursor] = pair();
    const rows = pull(numbers())
      .pipe(map((n) => bytes(`row ${n}\n`)))
      .subscribe(database);
    const { far, near } = between({ rows$: cursor.pipe(lines().decode) }, { window: 1000 });
    far
      .rows$()
      .pipe(concatMap(() => new Subject()))
      .subscribe({ error: () => {} });
    timer(2000).subscribe(() => {
      const told = explain(cursor);
      expect(told.by[0].holder).toMatch(/^the stream rows\$ to near/);
      expect(told.by[0].reason).toBe('its peer gives no more credit');
      expect(told.by[0].because?.source).toMatch(/^the stream rows\$ of far/);
      expect(told.by[0].because?.by[0].holder).toBe('concatMap');
      expect(String(told)).toMatch(
        /is not read for .* s: the stream rows\$ to near holds it, its peer gives no more credit/,
      );
      expect(database.state.unsent).toBeGreaterThan(0);
      rows.unsubscribe();
      for (const connection of [near, database]) connection.error(new Error('enough'));
    });
    m.flush();
    expect(heldGroups()).toEqual([]);
  }),
);

test(
  'a subscriber that leaves lets its source go at the far side',
  marbles((m) => {
    const [source, cursor] = pair();
    const rows = pull(numbers())
      .pipe(map((n) => bytes(`row ${n}\n`)))
      .subscribe(source);
    const { far, near } = between({ rows$: cursor.pipe(lines().decode) }, { window: 1000 });
    const slow = far
      .rows$()
      .pipe(concatMap(() => new Subject()))
      .subscribe({ error: () => {} });
    timer(100).subscribe(() => slow.unsubscribe());
    timer(200).subscribe(() => {
      // Nobody listens now, which is what holds it.
      expect(explain(cursor).by.map(({ reason }) => reason)).toEqual(['nobody listens']);
      rows.unsubscribe();
      for (const connection of [near, source]) connection.error(new Error('enough'));
    });
    m.flush();
  }),
);

test(
  'a sink that is full holds the stream that feeds it',
  marbles((m) => {
    const { far, near } = between({ rows$: pull(numbers()).pipe(map((n) => `row ${n}`.padEnd(100))) });
    const [out, deaf] = pair();
    far
      .rows$()
      .pipe(map((row) => bytes(row)))
      .subscribe({ next: (row) => out.next(row), error: () => {} });
    timer(500).subscribe(() => {
      expect(out.state.unsent).toBeLessThan(3 * 65_536);
      expect(heldGroups().map(String)).toContain('the stream rows$ of far');
      for (const connection of [near, out, deaf]) connection.error(new Error('enough'));
    });
    m.flush();
  }),
);

test(
  'a source that answers later is held, too: it was subscribed for the stream',
  marbles((m) => {
    let ticked = 0;
    // RxJS's own `delay` forgets who feeds.
    const late$ = heldInterval(1).pipe(
      tap(() => ticked++),
      lateBy(5),
    );
    const { far, near } = between({ late$ }, { window: 100 });
    far
      .late$()
      .pipe(concatMap(() => new Subject()))
      .subscribe({ error: () => {} });
    timer(5000).subscribe(() => {
      expect(ticked).toBeGreaterThan(5);
      expect(ticked).toBeLessThan(50);
      near.error(new Error('enough'));
    });
    m.flush();
  }),
);

test(
  'what cannot be held is warned of at 1 MiB, and given up at 16 MiB',
  marbles((m) => {
    const warnings: RopewalkWarning[] = [];
    const before = onWarning((warning) => warnings.push(warning));
    let told: unknown;
    const pour = new Observable<string>((subscriber: Subscriber<string>) =>
      interval(1).subscribe(() => subscriber.next('x'.repeat(100_000))),
    );
    const { far, near } = between({ pour$: pour }, { failed: (error) => (told = error) });
    let failed: unknown;
    far
      .pour$()
      .pipe(concatMap(() => new Subject()))
      .subscribe({ error: (error) => (failed = error) });
    timer(5000).subscribe(() => {
      expect(warnings.map(({ name }) => name)).toEqual(['UnpressuredSink']);
      expect(warnings[0].message).toContain('the stream pour$ to near');
      expect(told).toMatchObject({ name: 'LimitExceeded', limit: 16 << 20 });
      expect(failed).toBeInstanceOf(LimitExceeded);
      onWarning(before);
      near.error(new Error('enough'));
    });
    m.flush();
  }),
);
