/** What TypeScript infers of Deferreds. Never run: `tsc --noEmit` checks it. */
import { Observable, of } from 'rxjs';
import type { Subject } from 'rxjs';
import {
  asValue,
  ConnectionRefused,
  Deferred,
  deferLater,
  deferredList,
  DeferredLock,
  DeferredQueue,
  fail,
  firstResult,
  fromPromise,
  gatherResults,
  inlineCallbacks,
  LimitExceeded,
  maybeDeferred,
  succeed,
} from 'ropewalk';
import type { First, Result } from 'ropewalk';
import { both, callback, errback } from 'ropewalk/operators';
import { expectType } from './expectType.ts';

declare const text: Deferred<string>;

class Wire extends Observable<number> {
  readonly [asValue] = true;
}

// Callbacks: what one returns is what the next one gets, unwrapped.
expectType<Deferred<number>>()(text.addCallback((s) => s.length));
expectType<Deferred<number>>()(text.addCallback(() => succeed(1)));
expectType<Deferred<number>>()(text.addCallback(async () => 1));
expectType<Deferred<number>>()(text.addCallback(() => of(1)));
expectType<Deferred<number>>()(text.addCallback(async () => of(1)));
expectType<Deferred<number | string>>()(text.addCallback((s) => (s ? succeed(1) : s)));
expectType<Deferred<number[]>>()(text.addCallback(() => [1]));
expectType<Deferred<Wire>>()(text.addCallback(() => new Wire()));
expectType<Deferred<void>>()(text.addCallback(() => {}));
expectType<Deferred<never>>()(
  text.addCallback(() => {
    throw new Error();
  }),
);

// Errbacks add to what it may be, and infer the error from the class.
expectType<Deferred<string | number>>()(text.addErrback(() => 0));
expectType<Deferred<string | number>>()(
  text.addErrback(LimitExceeded, (error) => {
    expectType<LimitExceeded>()(error);
    return error.limit;
  }),
);
expectType<Deferred<string>>()(text.addErrback(ConnectionRefused, (error) => error.message));
text.addErrback((reason) => expectType<unknown>()(reason));
expectType<Deferred<string>>()(fail('no').addErrback(() => 'yes'));
expectType<Deferred<number | boolean>>()(
  text.addCallbacks(
    (s) => s.length,
    () => Promise.resolve(true),
  ),
);

// What addBoth hands back leaves no trace of the failure.
expectType<Deferred<string>>()(text.addBoth((result) => result));
expectType<Deferred<void>>()(text.addBoth(() => {}));
expectType<Deferred<void>>()(text.chainDeferred(new Deferred<string>()));

// Timeouts.
expectType<Deferred<string>>()(text.addTimeout(5));
expectType<Deferred<string | number>>()(text.addTimeout(5, { onTimeout: () => 0 }));

// Constructors and bridges.
expectType<Deferred<number>>()(succeed(1));
expectType<Deferred<never>>()(fail('no'));
expectType<Deferred<number>>()(maybeDeferred((n: number) => succeed(n), 1));
expectType<Deferred<void>>()(deferLater(1));
expectType<Deferred<string>>()(deferLater(1, () => 'later'));
expectType<Deferred<string>>()(fromPromise(Promise.resolve('a')));
expectType<Promise<string>>()((async () => text)());
new Deferred<void>().callback();
// @ts-expect-error a value of the wrong type
text.callback(1);

// A Deferred is what it holds: one of strings is one of anything; it is an Observable and a Subject of them.
const anything: Deferred<unknown> = text;
const stream: Observable<string> = text;
const subject: Subject<string> = text;
expectType<Result<string> | undefined>()(text.result);
export { anything, stream, subject };

// Joins are tuples.
expectType<Deferred<[string, number, boolean]>>()(gatherResults([text, Promise.resolve(1), of(true)]));
declare const texts: Deferred<string>[];
expectType<Deferred<string[]>>()(gatherResults(texts));
expectType<Deferred<[Result<string>, Result<number>]>>()(deferredList([text, succeed(1)]));
expectType<Deferred<First<string | number>>>()(firstResult([text, succeed(1)]));

// Taking turns, and linear code.
expectType<Deferred<number>>()(new DeferredLock().run((n: number) => succeed(n), 1));
expectType<Deferred<DeferredLock>>()(new DeferredLock().acquire());
expectType<Deferred<string>>()(new DeferredQueue<string>().get());
const longer = inlineCallbacks(function* (a: number, b: string) {
  const n: number = yield succeed(a);
  return n > b.length;
});
expectType<(a: number, b: string) => Deferred<boolean>>()(longer);

// The pipeable forms.
expectType<Observable<number>>()(of('a').pipe(callback((s) => s.length)));
expectType<Observable<number>>()(of('a').pipe(callback((s) => Promise.resolve(s.length))));
expectType<Observable<string | number>>()(of('a').pipe(errback(LimitExceeded, (error) => error.limit)));
expectType<Observable<string | null>>()(of('a').pipe(errback(() => null)));
expectType<Observable<string>>()(of('a').pipe(both((result) => result)));
expectType<Observable<Date>>()(
  of('now').pipe(
    callback((s) => succeed(s)),
    callback((s) => new Date(s)),
    errback(ConnectionRefused, () => new Date()),
  ),
);
