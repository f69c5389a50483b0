import {
  concatMap,
  delay,
  from,
  groupBy,
  interval,
  map,
  mergeAll,
  mergeMap,
  Observable,
  of,
  Subject,
  switchMap,
  take,
  tap,
  timer,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import {
  currentGroup,
  feed,
  HoldGroup,
  joinSink,
  serve,
  subscribingFor,
  type Bytes,
  type Connection,
  type Sink,
} from 'ropewalk';
import { marbles, type Marbles } from 'ropewalk/marbles';

/** A source that writes down what it is told. */
function source(): { group: HoldGroup; told: string[] } {
  const told: string[] = [];
  let clock = 0;
  const group = new HoldGroup({
    pause: () => told.push('pause'),
    resume: () => told.push('resume'),
    now: () => ++clock,
  });
  return { group, told };
}

/** A sink that writes down who joins and leaves. */
function sink(): Sink & { groups: HoldGroup[] } {
  const groups: HoldGroup[] = [];
  return { groups, join: (group) => groups.push(group), leave: (group) => groups.splice(groups.indexOf(group), 1) };
}

describe('a hold group', () => {
  test('pauses at the first hold and resumes at the last release', () => {
    const { group, told } = source();
    const one = group.hold({ backlog: 0 }, 'one');
    const two = group.hold({ backlog: 0 }, 'two');
    one.release();
    expect([told, group.held]).toEqual([['pause'], true]);
    two.release();
    expect([told, group.held]).toEqual([['pause', 'resume'], false]);
  });

  test('counts a hold once: releasing it twice is harmless', () => {
    const { group, told } = source();
    const one = group.hold({ backlog: 0 }, 'one');
    const two = group.hold({ backlog: 0 }, 'two');
    one.release();
    one.release();
    expect([told, group.held]).toEqual([['pause'], true]);
    two.release();
  });

  test('tells who holds, why and since when, oldest first', () => {
    const { group } = source();
    const holder = { backlog: 0 };
    group.hold(holder, 'its queue is full');
    group.hold(holder, 'it thinks');
    expect(group.holds.map(({ reason, since }) => [reason, since])).toEqual([
      ['its queue is full', 1],
      ['it thinks', 2],
    ]);
    expect(group.holds[0].holder).toBe(holder);
    for (const hold of group.holds) hold.release();
  });
});

describe('the emission context', () => {
  test('is the group whose value is being delivered, however deep, and is restored after', () => {
    const [outer, inner] = [source().group, source().group];
    const seen: unknown[] = [];
    const look = (): void => void seen.push(currentGroup());
    feed(
      outer,
      {
        next() {
          look();
          feed(inner, { next: look }, 1);
          feed(undefined, { next: look }, 1);
          look();
        },
      },
      1,
    );
    look();
    expect(seen).toEqual([outer, inner, undefined, outer, undefined]);
  });

  test('is restored when a delivery throws', () => {
    const throwing = {
      next() {
        throw new Error('oops');
      },
    };
    expect(() => feed(source().group, throwing, 1)).toThrow('oops');
    expect(currentGroup()).toBeUndefined();
  });
});

describe('the subscribe-time context', () => {
  test('lets what is subscribed meanwhile join the sink, until it leaves', () => {
    const { group } = source();
    const wanting = sink();
    const joined = subscribingFor(wanting, () => joinSink(group));
    expect(wanting.groups).toEqual([group]);
    joined?.leave(group);
    expect(wanting.groups).toEqual([]);
    expect(joinSink(group)).toBeUndefined();
  });

  test('is not there while values are delivered: what is subscribed then is found by its own values', () => {
    const { group } = source();
    const wanting = sink();
    subscribingFor(wanting, () => feed(undefined, { next: () => joinSink(group) }, 1));
    expect(wanting.groups).toEqual([]);
  });

  test('is restored when subscribing throws', () => {
    const wanting = sink();
    expect(() =>
      subscribingFor(wanting, () => {
        throw new Error('oops');
      }),
    ).toThrow('oops');
    expect(joinSink(source().group)).toBeUndefined();
  });
});

/** An operator as a user would write it, who knows nothing of pressure. */
const handmade: MonoTypeOperatorFunction<Bytes> = (chunks) =>
  new Observable((subscriber) =>
    chunks.subscribe({ next: (chunk) => subscriber.next(chunk), complete: () => subscriber.complete() }),
  );

const throughSubject: MonoTypeOperatorFunction<Bytes> = (chunks) =>
  new Observable((subscriber) => {
    const bridge = new Subject<Bytes>();
    bridge.subscribe(subscriber);
    return chunks.subscribe(bridge);
  });

describe('a proxy whose client does not read stays bounded, and loses nothing,', () => {
  const pipelines: Record<string, MonoTypeOperatorFunction<Bytes>> = {
    'through map': map((chunk) => chunk),
    'through groupBy and mergeAll': (chunks) =>
      chunks.pipe(
        groupBy(() => 'all'),
        mergeAll(),
      ),
    'through a Subject': throughSubject,
    'through an operator of the user': handmade,
    'through concatMap with a synchronous inner': concatMap((chunk) => of(chunk)),
    'through many small pieces': mergeMap((chunk) => from([chunk.subarray(0, 100), chunk.subarray(100)])),
    'through delay, which answers in another turn': delay(1),
  };
  const length = 1 << 20;
  const piece = 1 << 14;

  test.each(Object.entries(pipelines))('%s', (_, pipeline) => marbles((m) => proxied(m, pipeline))());

  function proxied(m: Marbles, pipeline: MonoTypeOperatorFunction<Bytes>): void {
    const { listen, connect } = m.memory();
    const sent = Uint8Array.from({ length }, (_, at) => (at * 7) ^ (at >> 8));
    let peak = 0;
    let proxiedOrigin: Connection | undefined;
    let heldMeanwhile = false;
    let received = 0;
    let wrong = -1;

    listen('memory:origin')
      .pipe(
        serve(() =>
          interval(1).pipe(
            take(length / piece),
            map((at) => sent.subarray(at * piece, (at + 1) * piece)),
          ),
        ),
      )
      .subscribe();
    listen('memory:proxy')
      .pipe(
        serve((_, guest) =>
          connect('memory:origin').pipe(
            tap((origin) => (proxiedOrigin = origin)),
            switchMap((origin) => origin.pipe(pipeline)),
            tap({
              next: () => {
                peak = Math.max(peak, guest.state.unsent);
              },
            }),
          ),
        ),
      )
      .subscribe();
    connect('memory:proxy')
      .pipe(switchMap((connection) => timer(100).pipe(switchMap(() => connection))))
      .subscribe((chunk) => {
        for (const byte of chunk) {
          if (wrong < 0 && byte !== sent[received]) wrong = received;
          received++;
        }
      });
    timer(50).subscribe(() => {
      heldMeanwhile = proxiedOrigin?.state.held ?? false;
    });
    m.expect(timer(200).pipe(map(() => ({ received, wrong, heldMeanwhile })))).toBe('200ms (s|)', {
      s: { received: length, wrong: -1, heldMeanwhile: true },
    });
    m.expect(timer(200).pipe(map(() => peak <= 4 * 65536 || peak))).toBe('200ms (t|)', { t: true });
  }
});
