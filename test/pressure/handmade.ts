/**
 * The rows of the matrix that are no standard operators: creation functions, and what users write by themselves.
 * Knows: how people write pipelines. Does not know: how a row is driven, what comes of it.
 */
import { NEVER, Observable, of, Subject, timer, type Connectable, type OperatorFunction } from 'rxjs';
import type { Bytes } from 'ropewalk';
import { joined, later, now, same, some, type Row } from './rows.ts';

/** Functions that make one Observable of others. */
export const creating: readonly Row[] = [
  (source, o) => o.combineLatest([source, of(1)]).pipe(o.map(([chunk]) => chunk)),
  (source, o) => o.combineLatest([source, NEVER]).pipe(o.map(([chunk]) => chunk)),
  (source, o) => o.concat(of(some()), source),
  (source, o) => o.concat(timer(5).pipe(o.ignoreElements()), source),
  (source, o) => o.concat(NEVER, source),
  (source, o) => connected(o.connectable(source)),
  (source, o) => o.defer(() => source.pipe(o.map(same))),
  (source, o) => o.forkJoin([source, of(1)]).pipe(o.map(([chunk]) => chunk)),
  (source, o) => o.from(source),
  (source, o) => o.from(o.firstValueFrom(source)),
  (source, o) => o.from(o.lastValueFrom(source)),
  (source, o) => o.scheduled(source, o.asyncScheduler),
  (source, o) => o.iif(() => true, source, NEVER),
  (source, o) => o.merge(source, NEVER),
  (source, o) => o.merge(source, source),
  (source, o) => o.merge(source.pipe(o.map(later), o.mergeAll()), NEVER, 1),
  (source, o) => o.onErrorResumeNext(source, NEVER),
  (source, o) => o.partition(source, () => true)[0],
  (source, o) => o.merge(...o.partition(source, (chunk) => chunk.length > 1)),
  (source, o) => o.race(source, NEVER),
  (source, o) => o.race(timer(5).pipe(o.mergeMap(() => source)), NEVER),
  (source, o) =>
    o.using(
      () => ({ unsubscribe() {} }),
      () => source,
    ),
  (source, o) => o.zip(source, source).pipe(o.map(([chunk]) => chunk)),
  (source, o) => o.zip(source, timer(0, 2)).pipe(o.map(([chunk]) => chunk)),
  (source, o) => o.zip(source, NEVER).pipe(o.map(([chunk]) => chunk)),
  (source, o) => timer(5).pipe(o.switchMap(() => source)),
  (source, o) => timer(5).pipe(o.concatMap(() => source)),
  (source, o) =>
    timer(0, 1).pipe(
      o.withLatestFrom(source),
      o.map(([, chunk]) => chunk),
    ),
  (source, o) =>
    o.interval(2).pipe(
      o.zipWith(source),
      o.map(([, chunk]) => chunk),
    ),
];

/** Operators and bridges as a user writes them, who knows nothing of pressure. */
export const written: readonly Row[] = [
  (source) => new Observable((subscriber) => source.subscribe(subscriber)),
  (source) => new Observable((subscriber) => source.subscribe({ next: (chunk) => subscriber.next(chunk) })),
  (source) => new Observable((subscriber) => source.subscribe((chunk) => setTimeout(() => subscriber.next(chunk)))),
  (source) => new Observable((subscriber) => source.subscribe((chunk) => queueMicrotask(() => subscriber.next(chunk)))),
  (source) => source.pipe(twice),
  (source, o) => source.pipe(o.pipe(o.map(same), o.filter(Boolean))),
  (source) => bridged(source, new Subject()),
  (source, o) => bridged(source, new o.BehaviorSubject(some())),
  (source, o) => bridged(source, new o.ReplaySubject(1)),
  (source, o) => bridged(source, new o.ReplaySubject()).pipe(o.ignoreElements()),
  (source, o) => bridged(source, new Subject()).pipe(o.delay(1)),
  (source, o) => source.pipe(o.concatMap(async (chunk) => chunk)),
  (source, o) => source.pipe(o.mergeMap(async (chunk) => (await timeout(1), chunk))),
  (source, o) => source.pipe(o.concatMap(async (chunk) => (await timeout(1), chunk))),
  (source, o) =>
    source.pipe(
      o.concatMap(async function* (chunk) {
        yield chunk;
      }),
    ),
  (source, o) => o.from(iterated(source)),
  (source, o) => o.from(iterated(source)).pipe(o.concatMap(async (chunk) => (await timeout(1), chunk))),
  (source) => kept(source, []),
  (source, o) =>
    source.pipe(
      o.scan((all, chunk) => [...all, chunk], [] as Bytes[]),
      o.ignoreElements(),
    ),
  (source, o) =>
    source.pipe(
      o.groupBy((chunk) => chunk.length),
      o.mergeMap((group) => group.pipe(o.concatMap(now))),
    ),
  (source, o) =>
    source.pipe(
      o.map((chunk) => [chunk.subarray(0, 9), chunk.subarray(9)]),
      o.concatMap((parts) => parts),
    ),
  (source, o) => source.pipe(o.bufferCount(2), o.map(joined), o.switchMap(now), o.share(), o.map(same)),
];

function connected(shared: Connectable<Bytes>): Observable<Bytes> {
  shared.connect();
  return shared;
}

const twice: OperatorFunction<Bytes, Bytes> = (source) =>
  new Observable((subscriber) =>
    source.subscribe((chunk) => {
      subscriber.next(chunk.subarray(0, chunk.length >> 1));
      subscriber.next(chunk.subarray(chunk.length >> 1));
    }),
  );

function bridged(source: Observable<Bytes>, bridge: Subject<Bytes>): Observable<Bytes> {
  return new Observable((subscriber) => {
    bridge.subscribe(subscriber);
    return source.subscribe(bridge);
  });
}

/** Keeps everything, and passes on nothing. */
function kept(source: Observable<Bytes>, all: Bytes[]): Observable<Bytes> {
  return new Observable(() => source.subscribe((chunk) => all.push(chunk)));
}

const timeout = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** An Observable as an async generator, with a queue, as it is found in many a program. */
async function* iterated(source: Observable<Bytes>): AsyncGenerator<Bytes> {
  const queue: Bytes[] = [];
  let ended = false;
  let wake = (): void => {};
  const end = (): void => {
    ended = true;
    wake();
  };
  const subscription = source.subscribe({
    next(chunk) {
      queue.push(chunk);
      wake();
    },
    error: end,
    complete: end,
  });
  try {
    while (!ended) {
      while (queue.length > 0) yield queue.shift()!;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    subscription.unsubscribe();
  }
}
