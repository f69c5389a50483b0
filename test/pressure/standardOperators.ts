/**
 * The rows of the matrix for every operator of RxJS 7.8, deprecated ones included, in the forms that people write.
 * Knows: operators. Does not know: how a row is driven, what comes of it.
 */
import { EMPTY, NEVER, of, Subject, timer, type Observable } from 'rxjs';
import type { Bytes } from 'ropewalk';
import { joined, later, never, now, same, some, soon, type Row } from './rows.ts';

/** Operators that answer at once, or drop. */
export const passing: readonly Row[] = [
  (source, o) => source.pipe(o.catchError(() => NEVER)),
  (source, o) =>
    source.pipe(
      o.combineLatestWith(of(1)),
      o.map(([chunk]) => chunk),
    ),
  (source, o) =>
    source.pipe(
      o.combineLatestWith(NEVER),
      o.map(([chunk]) => chunk),
    ),
  (source, o) => source.pipe(o.concatWith(NEVER)),
  (source, o) => source.pipe(o.count(), o.map(some)),
  (source, o) => source.pipe(o.defaultIfEmpty(some())),
  (source, o) => source.pipe(o.materialize(), o.dematerialize()),
  (source, o) => source.pipe(o.distinctUntilChanged()),
  (source, o) => source.pipe(o.distinctUntilKeyChanged('buffer')),
  (source, o) => source.pipe(o.elementAt(1)),
  (source, o) => source.pipe(o.endWith(some())),
  (source, o) =>
    source.pipe(
      o.every(() => true),
      o.map(some),
    ),
  (source, o) => source.pipe(o.filter((chunk) => chunk.length > 0)),
  (source, o) => source.pipe(o.filter(() => false)),
  (source, o) => source.pipe(o.finalize(() => {})),
  (source, o) =>
    source.pipe(
      o.find(() => false),
      o.map(some),
    ),
  (source, o) =>
    source.pipe(
      o.findIndex(() => false),
      o.map(some),
    ),
  (source, o) => source.pipe(o.first()),
  (source, o) => source.pipe(o.ignoreElements()),
  (source, o) => source.pipe(o.isEmpty(), o.map(some)),
  (source, o) => source.pipe(o.last()),
  (source, o) => source.pipe(o.map(same)),
  (source, o) => source.pipe(o.mapTo(some())),
  (source, o) => source.pipe(o.max((a, b) => a.length - b.length)),
  (source, o) => source.pipe(o.min((a, b) => a.length - b.length)),
  (source, o) => source.pipe(o.mergeWith(NEVER)),
  (source, o) => source.pipe(o.onErrorResumeNextWith(NEVER)),
  (source, o) =>
    source.pipe(
      o.pairwise(),
      o.map(([chunk]) => chunk),
    ),
  (source, o) =>
    source.pipe(
      o.pluck('buffer'),
      o.map((buffer) => new Uint8Array(buffer)),
    ),
  (source, o) => source.pipe(o.raceWith(NEVER)),
  (source, o) =>
    source.pipe(
      o.reduce((sum, chunk) => sum + chunk.length, 0),
      o.map(some),
    ),
  (source, o) => source.pipe(o.scan((_, chunk) => chunk)),
  (source, o) => source.pipe(o.single()),
  (source, o) => source.pipe(o.skip(1)),
  (source, o) => source.pipe(o.skipLast(1)),
  (source, o) => source.pipe(o.skipLast(8)),
  (source, o) => source.pipe(o.skipUntil(timer(1))),
  (source, o) => source.pipe(o.skipUntil(NEVER)),
  (source, o) => source.pipe(o.skipWhile(() => false)),
  (source, o) => source.pipe(o.startWith(some())),
  (source, o) => source.pipe(o.switchMap(now)),
  (source, o) => source.pipe(o.take(5)),
  (source, o) => source.pipe(o.takeLast(1)),
  (source, o) => source.pipe(o.takeUntil(NEVER)),
  (source, o) => source.pipe(o.takeWhile(() => true)),
  (source, o) => source.pipe(o.tap(() => {})),
  (source, o) => source.pipe(o.throttle(never)),
  (source, o) => source.pipe(o.throwIfEmpty()),
  (source, o) =>
    source.pipe(
      o.timeInterval(),
      o.map(({ value }) => value),
    ),
  (source, o) => source.pipe(o.timeout({ first: 10_000 })),
  (source, o) => source.pipe(o.timeout({ each: 60_000 })),
  (source, o) => source.pipe(o.timeoutWith(60_000, NEVER)),
  (source, o) =>
    source.pipe(
      o.timestamp(),
      o.map(({ value }) => value),
    ),
  (source, o) =>
    source.pipe(
      o.withLatestFrom(of(1)),
      o.map(([chunk]) => chunk),
    ),
  (source, o) =>
    source.pipe(
      o.withLatestFrom(NEVER),
      o.map(([chunk]) => chunk),
    ),
];

/** Operators that subscribe to something for each value. */
export const flattening: readonly Row[] = [
  (source, o) => source.pipe(o.concatMap(now)),
  (source, o) => source.pipe(o.concatMap(later)),
  (source, o) => source.pipe(o.concatMap(soon)),
  (source, o) => source.pipe(o.concatMap(never)),
  (source, o) => source.pipe(o.concatMap((chunk) => [chunk])),
  (source, o) => source.pipe(o.map(now), o.concatAll()),
  (source, o) => source.pipe(o.map(later), o.concatAll()),
  (source, o) => source.pipe(o.map(never), o.concatAll()),
  (source, o) => source.pipe(o.concatMapTo(of(some()))),
  (source, o) => source.pipe(o.concatMapTo(NEVER)),
  (source, o) => source.pipe(o.mergeMap(now)),
  (source, o) => source.pipe(o.mergeMap(later)),
  (source, o) => source.pipe(o.mergeMap(soon)),
  (source, o) => source.pipe(o.mergeMap((chunk) => o.concat(NEVER, of(chunk)))),
  (source, o) => source.pipe(o.mergeMap(later, 2)),
  (source, o) => source.pipe(o.mergeMap(never, 2)),
  (source, o) => source.pipe(o.flatMap(now)),
  (source, o) => source.pipe(o.map(now), o.mergeAll()),
  (source, o) => source.pipe(o.map(later), o.mergeAll(2)),
  (source, o) => source.pipe(o.map(never), o.mergeAll(2)),
  (source, o) => source.pipe(o.mergeMapTo(of(some()))),
  (source, o) => source.pipe(o.mergeScan((_, chunk) => of(chunk), some())),
  (source, o) => source.pipe(o.mergeScan((_, chunk) => later(chunk), some(), 1)),
  (source, o) => source.pipe(o.switchMap(later)),
  (source, o) => source.pipe(o.switchMap(soon)),
  (source, o) => source.pipe(o.map(now), o.switchAll()),
  (source, o) => source.pipe(o.switchMapTo(of(some()))),
  (source, o) => source.pipe(o.switchScan((_, chunk) => of(chunk), some())),
  (source, o) => source.pipe(o.exhaustMap(now)),
  (source, o) => source.pipe(o.exhaustMap(later)),
  (source, o) => source.pipe(o.exhaustMap(never)),
  (source, o) => source.pipe(o.map(now), o.exhaustAll()),
  (source, o) => source.pipe(o.map(now), o.exhaust()),
  (source, o) => source.pipe(o.expand(() => EMPTY)),
  (source, o) => source.pipe(o.expand((chunk) => (chunk.length > 1 ? of(chunk.subarray(chunk.length >> 1)) : EMPTY))),
  (source, o) => source.pipe(o.delayWhen(() => of(1))),
  (source, o) => source.pipe(o.delayWhen(() => timer(1))),
  (source, o) => source.pipe(o.delayWhen(never)),
  (source, o) => source.pipe(o.map(now), o.combineLatestAll(), o.map(joined)),
  (source, o) => source.pipe(o.map(now), o.combineAll(), o.map(joined)),
  (source, o) => source.pipe(o.map(now), o.take(4), o.zipAll(), o.map(joined)),
  (source, o) => source.pipe(o.map(now), o.zipAll(), o.map(joined)),
];

/** Operators that keep what comes, for a while or to the end. */
export const storing: readonly Row[] = [
  (source, o) => source.pipe(o.buffer(timer(0, 5)), o.map(joined)),
  (source, o) => source.pipe(o.buffer(NEVER), o.map(joined)),
  (source, o) => source.pipe(o.bufferCount(2), o.map(joined)),
  (source, o) => source.pipe(o.bufferCount(8, 4), o.map(joined)),
  (source, o) => source.pipe(o.bufferCount(100_000), o.map(joined)),
  (source, o) => source.pipe(o.bufferTime(5), o.map(joined)),
  (source, o) => source.pipe(o.bufferTime(600_000), o.map(joined)),
  (source, o) => source.pipe(o.bufferTime(600_000, null, 4), o.map(joined)),
  (source, o) =>
    source.pipe(
      o.bufferToggle(timer(0, 10), () => timer(5)),
      o.map(joined),
    ),
  (source, o) => source.pipe(o.bufferToggle(of(1), never), o.map(joined)),
  (source, o) =>
    source.pipe(
      o.bufferWhen(() => timer(5)),
      o.map(joined),
    ),
  (source, o) => source.pipe(o.bufferWhen(never), o.map(joined)),
  (source, o) => source.pipe(o.distinct()),
  (source, o) => source.pipe(o.distinct((chunk) => chunk.length)),
  (source, o) => source.pipe(o.distinct(same), o.ignoreElements()),
  (source, o) =>
    source.pipe(
      o.groupBy((chunk) => chunk.length),
      o.mergeAll(),
    ),
  (source, o) =>
    source.pipe(
      o.groupBy((chunk) => chunk.length),
      o.concatMap((group) => group),
    ),
  (source, o) => source.pipe(o.groupBy(same), o.mergeAll(), o.ignoreElements()),
  (source, o) => source.pipe(o.sequenceEqual(NEVER as Observable<Bytes>), o.map(some)),
  (source, o) =>
    source.pipe(
      o.reduce((all, chunk) => all.concat(chunk), [] as Bytes[]),
      o.map(joined),
    ),
  (source, o) => source.pipe(o.takeLast(4)),
  (source, o) => source.pipe(o.takeLast(100_000)),
  (source, o) => source.pipe(o.skipLast(100_000)),
  (source, o) => source.pipe(o.toArray(), o.map(joined)),
  (source, o) => source.pipe(o.window(timer(0, 5)), o.mergeAll()),
  (source, o) => source.pipe(o.window(timer(0, 5)), o.concatAll()),
  (source, o) => source.pipe(o.windowCount(2), o.mergeAll()),
  (source, o) =>
    source.pipe(
      o.windowCount(2),
      o.concatMap((chunks) => chunks.pipe(o.toArray())),
      o.map(joined),
    ),
  (source, o) => source.pipe(o.windowTime(5), o.mergeAll()),
  (source, o) =>
    source.pipe(
      o.windowTime(5),
      o.mergeMap((chunks) => chunks.pipe(o.toArray())),
      o.map(joined),
    ),
  (source, o) => source.pipe(o.windowToggle(of(1), never), o.mergeAll()),
  (source, o) =>
    source.pipe(
      o.windowWhen(() => timer(5)),
      o.mergeAll(),
    ),
  (source, o) =>
    source.pipe(
      o.zipWith(source),
      o.map(([chunk]) => chunk),
    ),
  (source, o) =>
    source.pipe(
      o.zipWith(timer(0, 2)),
      o.map(([chunk]) => chunk),
    ),
  (source, o) =>
    source.pipe(
      o.zipWith(NEVER),
      o.map(([chunk]) => chunk),
    ),
];

/** Operators that answer in another turn. */
export const shifting: readonly Row[] = [
  (source, o) => source.pipe(o.audit(() => timer(1))),
  (source, o) => source.pipe(o.audit(never)),
  (source, o) => source.pipe(o.auditTime(1)),
  (source, o) => source.pipe(o.debounce(() => of(1))),
  (source, o) => source.pipe(o.debounce(never)),
  (source, o) => source.pipe(o.debounceTime(60_000)),
  (source, o) => source.pipe(o.debounceTime(1)),
  (source, o) => source.pipe(o.delay(1)),
  (source, o) => source.pipe(o.delay(5)),
  (source, o) => source.pipe(o.delay(60_000)),
  (source, o) => source.pipe(o.observeOn(o.asyncScheduler)),
  (source, o) => source.pipe(o.observeOn(o.asyncScheduler, 5)),
  (source, o) => source.pipe(o.observeOn(o.asapScheduler)),
  (source, o) => source.pipe(o.observeOn(o.queueScheduler)),
  (source, o) => source.pipe(o.sample(timer(0, 1))),
  (source, o) => source.pipe(o.sample(NEVER)),
  (source, o) => source.pipe(o.sampleTime(1)),
  (source, o) => source.pipe(o.subscribeOn(o.asyncScheduler)),
  (source, o) => source.pipe(o.subscribeOn(o.asapScheduler)),
  (source, o) => source.pipe(o.throttle(() => timer(1))),
  (source, o) => source.pipe(o.throttleTime(1)),
  (source, o) => source.pipe(o.throttleTime(1, o.asyncScheduler, { leading: false, trailing: true })),
];

/** One subscription for many, and the same again. */
export const sharing: readonly Row[] = [
  (source, o) => source.pipe(o.connect((chunks) => chunks.pipe(o.map(same)))),
  (source, o) => source.pipe(o.connect((chunks) => chunks.pipe(o.switchMap(later)))),
  (source, o) =>
    source.pipe(
      o.multicast(
        () => new Subject<Bytes>(),
        (chunks) => chunks.pipe(o.map(same)),
      ),
    ),
  (source, o) => source.pipe(o.publish(), o.refCount()),
  (source, o) => source.pipe(o.publish((chunks) => chunks.pipe(o.map(same)))),
  (source, o) => source.pipe(o.publishBehavior(some()), o.refCount()),
  (source, o) => source.pipe(o.publishLast(), o.refCount()),
  (source, o) => source.pipe(o.publishReplay(1), o.refCount()),
  (source, o) => source.pipe(o.publishReplay(), o.refCount(), o.ignoreElements()),
  (source, o) => source.pipe(o.share()),
  (source, o) => source.pipe(o.share({ connector: () => new o.ReplaySubject(1) })),
  (source, o) => source.pipe(o.share({ connector: () => new o.ReplaySubject() }), o.ignoreElements()),
  (source, o) => source.pipe(o.shareReplay(1)),
  (source, o) => source.pipe(o.shareReplay({ bufferSize: 1, refCount: true })),
  (source, o) => source.pipe(o.shareReplay()),
  (source, o) => source.pipe(o.shareReplay(), o.ignoreElements()),
  (source, o) => source.pipe(o.repeat()),
  (source, o) => source.pipe(o.take(1), o.repeat()),
  (source, o) => source.pipe(o.take(1), o.repeat({ delay: 1 })),
  (source, o) =>
    source.pipe(
      o.take(1),
      o.repeatWhen((again) => again),
    ),
  (source, o) => source.pipe(o.retry()),
  (source, o) =>
    source.pipe(
      o.mergeMap((chunk, n) => (n > 0 ? o.throwError(() => chunk) : of(chunk))),
      o.retry(),
    ),
  (source, o) =>
    source.pipe(
      o.mergeMap((chunk, n) => (n > 0 ? o.throwError(() => chunk) : of(chunk))),
      o.retry({ delay: 1 }),
    ),
  (source, o) => source.pipe(o.retryWhen((again) => again)),
];
