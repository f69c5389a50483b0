/** What the compiler infers of the flow-aware operators: what it infers of RxJS's. */
import * as rx from 'rxjs';
import {
  asyncScheduler,
  of,
  ReplaySubject,
  type MonoTypeOperatorFunction,
  type Observable,
  type ObservableInput,
  type Subject,
} from 'rxjs';
import type { Connection } from 'ropewalk';
import * as ours from 'ropewalk/operators';
import { expectType, type Equal } from './expectType.ts';

declare const words: Observable<string>;
declare const numbers: Subject<number>;
declare const connection: Connection;
declare const inner: Observable<ObservableInput<number>>;
declare const either: (word: string) => Promise<number> | boolean[];
declare function asyncWords(word: string): AsyncGenerator<string>;
const isYes = (word: string | number): word is number => typeof word === 'number';

/** Compiles when both are of one type. */
const same = <A, B>(_ours: A, _theirs: B, ..._equal: Equal<A, B> extends true ? [] : [never]): void => {};

expectType<Observable<number>>()(words.pipe(ours.concatMap((word) => of(word.length))));
expectType<Observable<number | boolean>>()(words.pipe(ours.concatMap(either)));
same(words.pipe(ours.concatMap(either)), words.pipe(rx.concatMap(either)));
same(words.pipe(ours.concatMap(asyncWords)), words.pipe(rx.concatMap(asyncWords)));
same(
  words.pipe(ours.concatMap((word, index) => [word, index])),
  words.pipe(rx.concatMap((word, index) => [word, index])),
);
same(words.pipe(ours.concatMap(() => connection)), words.pipe(rx.concatMap(() => connection)));
same(words.pipe(ours.mergeMap(either, 3)), words.pipe(rx.mergeMap(either, 3)));
same(
  words.pipe(ours.mergeMap(() => new ReplaySubject<Date>(1))),
  words.pipe(rx.mergeMap(() => new ReplaySubject<Date>(1))),
);
same(words.pipe(ours.switchMap(either)), words.pipe(rx.switchMap(either)));
same(words.pipe(ours.exhaustMap(either)), words.pipe(rx.exhaustMap(either)));
same(inner.pipe(ours.concatAll()), inner.pipe(rx.concatAll()));
same(inner.pipe(ours.mergeAll(2)), inner.pipe(rx.mergeAll(2)));
same(words.pipe(ours.concatWith(numbers, [true])), words.pipe(rx.concatWith(numbers, [true])));
// @ts-expect-error a number is nothing to subscribe
words.pipe(ours.concatMap(() => 5));
const joined = (outer: string, result: string): string => outer + result;
// @ts-expect-error the result selector of old is not there
words.pipe(ours.mergeMap((word) => of(word), joined));

same(ours.zip(words, numbers), rx.zip(words, numbers));
same(ours.zip([words, numbers, [true]]), rx.zip([words, numbers, [true]]));
same(
  ours.zip(words, numbers, (word, n) => word.repeat(n)),
  rx.zip(words, numbers, (word, n) => word.repeat(n)),
);
same(
  ours.zip([words, numbers], (word, n) => [word, n]),
  rx.zip([words, numbers], (word, n) => [word, n]),
);
same(words.pipe(ours.zipWith(numbers, Promise.resolve(true))), words.pipe(rx.zipWith(numbers, Promise.resolve(true))));
expectType<Observable<number[]>>()(inner.pipe(ours.zipAll()));
same(inner.pipe(ours.zipAll()), inner.pipe(rx.zipAll()));
same(
  inner.pipe(ours.zipAll((a: number, b: number) => String(a + b))),
  inner.pipe(rx.zipAll((a: number, b: number) => String(a + b))),
);

expectType<MonoTypeOperatorFunction<string>>()(ours.delay<string>(5, asyncScheduler));
same(words.pipe(ours.delay(new Date())), words.pipe(rx.delay(new Date())));
same(
  words.pipe(ours.delayWhen((word, index) => of(word, index))),
  words.pipe(rx.delayWhen((word, index) => of(word, index))),
);
same(words.pipe(ours.observeOn(asyncScheduler, 5)), words.pipe(rx.observeOn(asyncScheduler, 5)));
same(words.pipe(ours.debounceTime(5)), words.pipe(rx.debounceTime(5)));
same(words.pipe(ours.auditTime(5)), words.pipe(rx.auditTime(5)));
same(words.pipe(ours.sampleTime(5)), words.pipe(rx.sampleTime(5)));
const trailing = { leading: false, trailing: true };
same(
  words.pipe(ours.throttleTime(5, asyncScheduler, trailing)),
  words.pipe(rx.throttleTime(5, asyncScheduler, trailing)),
);

same(words.pipe(ours.buffer(numbers)), words.pipe(rx.buffer(numbers)));
same(words.pipe(ours.bufferCount(2)), words.pipe(rx.bufferCount(2)));
same(words.pipe(ours.bufferTime(2, asyncScheduler)), words.pipe(rx.bufferTime(2, asyncScheduler)));
same(words.pipe(ours.bufferTime(2, null, 5, asyncScheduler)), words.pipe(rx.bufferTime(2, null, 5, asyncScheduler)));
same(words.pipe(ours.windowTime(2, 1)), words.pipe(rx.windowTime(2, 1)));
same(words.pipe(ours.windowTime(2, null, 5, asyncScheduler)), words.pipe(rx.windowTime(2, null, 5, asyncScheduler)));
// @ts-expect-error a size needs an interval, or null, before it
words.pipe(ours.windowTime(2, asyncScheduler, 5));

same(
  ours.groupBy((word: string) => word.length),
  rx.groupBy((word: string) => word.length),
);
same(words.pipe(ours.groupBy((word) => word.length)), words.pipe(rx.groupBy((word) => word.length)));
const byElement = { element: (word: string) => word.length, duration: () => numbers };
same(words.pipe(ours.groupBy((word) => word, byElement)), words.pipe(rx.groupBy((word) => word, byElement)));
const byConnector = { connector: () => new ReplaySubject<string>(1) };
same(words.pipe(ours.groupBy((word) => word, byConnector)), words.pipe(rx.groupBy((word) => word, byConnector)));
same(of('a', 1).pipe(ours.groupBy(isYes)), of('a', 1).pipe(rx.groupBy(isYes)));

same(words.pipe(ours.share()), words.pipe(rx.share()));
same(words.pipe(ours.share(byConnector)), words.pipe(rx.share(byConnector)));
same(words.pipe(ours.shareReplay(1, 5)), words.pipe(rx.shareReplay(1, 5)));
same(
  words.pipe(ours.shareReplay({ bufferSize: 1, refCount: true })),
  words.pipe(rx.shareReplay({ bufferSize: 1, refCount: true })),
);
same(ours.interval(5), rx.interval(5));
same(ours.timer(5), rx.timer(5));
same(ours.timer(new Date(), asyncScheduler), rx.timer(new Date(), asyncScheduler));
same(ours.timer(5, 5), rx.timer(5, 5));
