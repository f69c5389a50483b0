/**
 * What might stand still for ever, and must not: cases for any runtime.
 * Knows: both directions full, chains, circles, ends in the midst of a hold. Does not know: what carries the bytes.
 */
import {
  concat,
  delay,
  first,
  forkJoin,
  identity,
  ignoreElements,
  map,
  merge,
  mergeMap,
  Observable,
  of,
  share,
  Subject,
  switchMap,
  take,
  takeUntil,
  tap,
  timer,
  type Subscriber,
} from 'rxjs';
import { feed, HoldGroup, joinSink, relay, sendTo, type Bytes, type Connection } from 'ropewalk';
import { bulk, summed, sumOf, type Pair, type World } from './World.ts';

export interface Standstill {
  readonly name: string;
  /** Emits one value, which is to be `expected`; what stands still emits nothing. */
  run(world: World): Observable<unknown>;
  expected(much: number): unknown;
}

/** Milliseconds in which all comes to rest. */
const aWhile = 60;

/** Sends, and hears: from the first, or only after a while. (The end is sent later still: who has ended and hears nobody lingers.) */
function exchange({ much }: World, connection: Connection, seed: number, hearAfter = 0): Observable<string> {
  return merge(
    concat(bulk(seed, much), timer(hearAfter).pipe(ignoreElements())).pipe(sendTo(connection)),
    timer(hearAfter).pipe(mergeMap(() => summed(connection))),
  );
}

/** A source whose peer has `kibibytes` to say, and a sink that nobody reads; the one flows into the other until nothing moves. */
interface Stuck {
  readonly source: Pair;
  readonly sink: Pair;
  leave(): void;
}

function stuck(
  world: World,
  through: (source: Observable<Bytes>) => Observable<Bytes> = identity,
  kibibytes = world.much,
): Observable<Stuck> {
  return forkJoin({ source: world.pair(), sink: world.pair() }).pipe(
    switchMap(({ source, sink }) => {
      pour(world, bulk(1, kibibytes), source.far);
      const work = pour(world, through(source.near), sink.near);
      const still = kibibytes < world.much ? timer(aWhile) : untilHeld(source);
      return still.pipe(map(() => ({ source, sink, leave: () => work.unsubscribe() })));
    }),
  );
}

/** Writes `source` into `connection`, as `serve` does it; how it ends is told by the connections themselves. */
function pour(world: World, source: Observable<Bytes>, connection: Connection): { unsubscribe(): void } {
  const work = source.pipe(sendTo(connection)).subscribe({ error: () => {} });
  world.keep(work);
  return work;
}

/** Completes with the source. */
const toItsEnd = (source: Observable<unknown>): Observable<string> =>
  concat(source.pipe(ignoreElements()), of('to its end'));

/** Who holds it. */
const holders = ({ near }: Pair): number => near.halves.group.holds.length;

/** Emits how many hold it, once somebody does. */
const untilHeld = (source: Pair): Observable<number> =>
  timer(0, 5).pipe(
    map(() => holders(source)),
    first((count) => count > 0),
  );

/** Three connections in a ring, each handing on what arrives, both ways round. */
function ring(world: World, turns: Subject<Bytes>): Observable<Pair[]> {
  return forkJoin([world.pair(), world.pair(), world.pair()]).pipe(
    tap((pairs) => {
      for (const [at, { far }] of pairs.entries()) {
        const { near } = pairs[(at + 1) % pairs.length];
        pour(world, at === 0 ? far.pipe(tap((chunk) => turns.next(chunk))) : far, near);
        pour(world, near, far);
      }
    }),
  );
}

const rounds = 32 * 65536;

/** Whoever lets it go is fed at once, from inside of `release`. */
function eager(pieces: readonly Bytes[]): Observable<Bytes> {
  return new Observable((subscriber: Subscriber<Bytes>) => {
    let at = 0;
    const pump = (): void => {
      while (at < pieces.length && !group.held) feed(group, subscriber, pieces[at++]);
      if (at === pieces.length) subscriber.complete();
    };
    const group: HoldGroup = new HoldGroup({
      pause() {},
      resume: pump,
      now: () => 0,
      toString: () => 'an eager source',
    });
    const sink = joinSink(group);
    subscriber.add(() => sink?.leave(group));
    pump();
  });
}

const pieces = Array.from({ length: 256 }, (_, at) => new Uint8Array(32_768).fill(at));

/** Traffic in both directions at once. */
export const traffic: readonly Standstill[] = [
  {
    name: 'a client that writes much, and reads its echo only later, gets all of it',
    run: (world) =>
      world.served(identity).pipe(
        mergeMap((connection) => exchange(world, connection, 1, aWhile)),
        take(1),
      ),
    expected: (much) => sumOf(1, much),
  },
  {
    name: 'two ends that both write much without reading, and read later, get all of it',
    run: (world) =>
      world
        .pair()
        .pipe(
          mergeMap(({ near, far }) => forkJoin([exchange(world, near, 1, aWhile), exchange(world, far, 2, aWhile)])),
        ),
    expected: (much) => [sumOf(2, much), sumOf(1, much)],
  },
  {
    name: 'three clients with both directions full, through three relays to an echo and back',
    run(world) {
      const far = world.served(relay(world.served(relay(world.served(relay(world.served(identity)))))));
      return forkJoin(
        [1, 2, 3].map((seed) =>
          far.pipe(
            mergeMap((connection) => exchange(world, connection, seed, aWhile)),
            take(1),
          ),
        ),
      );
    },
    expected: (much) => [sumOf(1, much), sumOf(2, much), sumOf(3, much)],
  },
  {
    name: 'what is sent round a ring of proxies, both ways at once, goes on going round',
    run(world) {
      const turns = new Subject<Bytes>();
      let passed = 0;
      const done = new Subject<boolean>();
      world.keep(
        turns.subscribe((chunk) => {
          passed += chunk.length;
          if (passed < rounds) return;
          done.next(true);
          // It would go round for ever.
          world.clear();
        }),
      );
      world.keep(
        ring(world, turns).subscribe(([{ near, far }]) => {
          near.next(new Uint8Array(65_536));
          far.next(new Uint8Array(65_536));
        }),
      );
      return done.pipe(take(1));
    },
    expected: () => true,
  },
  {
    name: 'echo against echo, with bytes in both directions, goes on',
    run: (world) =>
      world.pair().pipe(
        mergeMap(({ near, far }) => {
          const done = new Subject<boolean>();
          let passed = 0;
          const counted = tap<Bytes>((chunk) => {
            passed += chunk.length;
            if (passed < rounds) return;
            done.next(true);
            // It would go round for ever.
            world.clear();
          });
          pour(world, near.pipe(counted), near);
          pour(world, far, far);
          near.next(new Uint8Array(65_536));
          far.next(new Uint8Array(65_536));
          return done.pipe(take(1));
        }),
      ),
    expected: () => true,
  },
  {
    name: 'a source that is let go, and feeds at once from inside of the release, loses nothing',
    run: (world) =>
      world.pair().pipe(
        mergeMap(({ near, far }) => {
          pour(world, eager(pieces), near);
          return timer(aWhile).pipe(mergeMap(() => summed(far)));
        }),
      ),
    expected: () => sumOf(pieces),
  },
];

/** Ends in the midst of a hold. */
export const endings: readonly Standstill[] = [
  {
    name: 'unsubscribing while held lets go: what was passed on and what comes after are the whole',
    run: (world) =>
      stuck(world).pipe(
        mergeMap(({ source, sink, leave }) => {
          leave();
          sink.near.complete();
          return summed(concat(sink.far, source.near));
        }),
      ),
    expected: (much) => sumOf(1, much),
  },
  {
    name: 'a pipeline that completes while held lets go: what was passed on and what comes after are the whole',
    run: (world) =>
      stuck(world, takeUntil(timer(aWhile * 2))).pipe(
        delay(aWhile * 4),
        mergeMap(({ source, sink }) => summed(concat(sink.far, source.near))),
      ),
    expected: (much) => sumOf(1, much),
  },
  {
    name: 'a pipeline that errors while held lets go of its source, which others read on',
    run(world) {
      const boom = new Subject<never>();
      return stuck(world, (source) => merge(source, boom)).pipe(
        mergeMap(({ source, sink }) => {
          const before = holders(source);
          boom.error(new Error('boom'));
          const after = [before, sink.near.halves.group.held, sink.near.state.unsent];
          return toItsEnd(source.near).pipe(map((end) => [...after, end]));
        }),
      );
    },
    expected: () => [1, false, 0, 'to its end'],
  },
  {
    name: 'a source that completes while held: all of it arrives, and then the end',
    run: (world) => stuck(world, identity, 256).pipe(mergeMap(({ sink }) => summed(sink.far))),
    expected: () => sumOf(1, 256),
  },
  {
    name: 'a source that is lost while held: the sink is aborted, once it is read at the latest',
    run: (world) =>
      stuck(world).pipe(
        mergeMap(({ source, sink }) => {
          source.far.error(new Error('boom'));
          return new Observable((subscriber) =>
            sink.far.subscribe({ error: ({ name }: Error) => (subscriber.next(name), subscriber.complete()) }),
          );
        }),
      ),
    expected: () => 'ConnectionLost',
  },
  {
    name: 'a sink that is lost while it holds lets go: the source flows to its end',
    run: (world) =>
      stuck(world).pipe(
        mergeMap(({ source, sink }) => {
          sink.far.error(new Error('boom'));
          return toItsEnd(source.near);
        }),
      ),
    expected: () => 'to its end',
  },
  {
    name: 'a sink that is aborted here while it holds lets go: the source flows to its end',
    run: (world) =>
      stuck(world).pipe(
        mergeMap(({ source, sink }) => {
          sink.near.error(new Error('boom'));
          return toItsEnd(source.near);
        }),
      ),
    expected: () => 'to its end',
  },
  {
    name: 'a sink that completes while it holds lets go: the source flows to its end, and the peer hears one',
    run: (world) =>
      stuck(world).pipe(
        mergeMap(({ source, sink }) => {
          sink.near.complete();
          return forkJoin([toItsEnd(source.near), toItsEnd(sink.far)]);
        }),
      ),
    expected: () => ['to its end', 'to its end'],
  },
  {
    name: 'a server that is stopped while everything is held leaves nothing held',
    run: (world) => stuck(world).pipe(map(({ source }) => holders(source))),
    expected: () => 1,
  },
];

/** One source, several sinks; one sink, several sources. */
export const sharing: readonly Standstill[] = [
  {
    name: 'a source held by two sinks of which one dies is held by the other, which gets all of it',
    run: (world) =>
      forkJoin({ other: world.pair(), all: stuck(world, share()) }).pipe(
        mergeMap(({ other, all: { source, sink } }) => {
          // It joins late: only the sink that was there from the first has all of it.
          pour(world, source.near, other.near);
          other.near.next(new Uint8Array(65_536));
          return timer(aWhile).pipe(
            mergeMap(() => {
              other.near.error(new Error('boom'));
              const left = holders(source);
              return summed(sink.far).pipe(map((sum) => [left, sum]));
            }),
          );
        }),
      ),
    expected: (much) => [1, sumOf(1, much)],
  },
  {
    name: 'a source with a quick and a slow subscriber keeps the pace of the slow one, until that one leaves',
    run: (world) =>
      forkJoin([world.pair(), world.pair(), world.pair()]).pipe(
        mergeMap(([source, quick, slow]) => {
          const shared = source.near.pipe(share());
          let heard = 0;
          const slowly = pour(world, shared, slow.near);
          pour(world, shared, quick.near);
          pour(world, bulk(1, world.much), source.far);
          return forkJoin([
            untilHeld(source).pipe(
              map((count) => [count, heard < world.much * 1024]),
              tap(() => slowly.unsubscribe()),
            ),
            summed(quick.far.pipe(tap((chunk) => (heard += chunk.length)))),
          ]);
        }),
      ),
    expected: (much) => [[1, true], sumOf(1, much)],
  },
  {
    name: 'of two merged sources the one that another sink holds does not hold up the other',
    run: (world) =>
      forkJoin({ other: world.pair(), one: world.pair(), all: stuck(world, share()) }).pipe(
        mergeMap(({ other, one, all: { source, sink } }) => {
          const second = new Subject<Bytes>();
          pour(world, merge(source.near, other.near.pipe(tap(second))), one.near);
          pour(world, bulk(2, world.much), other.far);
          let length = 0;
          const read = toItsEnd(one.far.pipe(tap((chunk) => (length += chunk.length))));
          return forkJoin([
            summed(second).pipe(tap(() => world.keep(sink.far.subscribe()))),
            read.pipe(map((end) => [end, length > world.much * 1024])),
          ]);
        }),
      ),
    expected: (much) => [sumOf(2, much), ['to its end', true]],
  },
];
