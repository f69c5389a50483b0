/** What the compiler infers of pools of threads, and of the operator that calls them. */
import { of, type Observable, type OperatorFunction } from 'rxjs';
import { succeed, type Deferred, type Job, type PoolState, type ThreadPool } from 'ropewalk';
import { memoryThreads } from 'ropewalk/marbles';
import { deferToThread, threads } from 'ropewalk/node';
import { inThread } from 'ropewalk/operators';
import { expectType } from './expectType.ts';

interface Image {
  readonly width: number;
}

/** As `typeof import('./work.ts')` would be. */
interface Work {
  readonly version: number;
  resize(image: Image, width?: number): Image;
  load(this: Job, path: string): Promise<Uint8Array>;
  latest(): Observable<string>;
  later(): Deferred<Date>;
  tail(path: string): AsyncGenerator<string>;
  count(to: number): Generator<number>;
  name(): string;
  add(a: number, b: number): number;
  loadAll(): Promise<Iterable<Image>>;
}
declare const pool: ThreadPool<Work>;
declare const images: Observable<Image>;
declare const paths: Observable<string>;
declare const numbers: Observable<number>;

// A call: promises, Deferreds and Observables are waited for.
expectType<Deferred<Image>>()(pool.call('resize', { width: 1 }));
expectType<Deferred<Image>>()(pool.call('resize', { width: 1 }, 2));
expectType<Deferred<Uint8Array>>()(pool.call('load', 'a.png'));
expectType<Deferred<string>>()(pool.call('latest'));
expectType<Deferred<Date>>()(pool.call('later'));
// @ts-expect-error: its first argument is an image
pool.call('resize', 'a.png');
// @ts-expect-error: it wants a path
pool.call('load');
// @ts-expect-error: there is no such function
pool.call('enlarge', { width: 1 });
// @ts-expect-error: that is no function
pool.call('version');

// A stream: the values of what iterates or is observed; text is one value.
expectType<Observable<string>>()(pool.stream('tail', '/var/log/syslog'));
expectType<Observable<number>>()(pool.stream('count', 3));
expectType<Observable<string>>()(pool.stream('latest'));
expectType<Observable<string>>()(pool.stream('name'));
expectType<Observable<Image>>()(pool.stream('loadAll'));
expectType<Observable<Uint8Array>>()(pool.stream('load', 'a.png'));

// A function that is sent along.
expectType<Deferred<number>>()(pool.run((n: number) => n * 2, 21));
expectType<Deferred<number>>()(deferToThread(async (n: number) => Promise.resolve(n), 21));
// @ts-expect-error: it wants a number
deferToThread((n: number) => n * 2, '21');

// inThread: the first argument goes in, the result comes out.
expectType<Observable<Image>>()(images.pipe(inThread(pool, 'resize')));
expectType<Observable<Uint8Array>>()(paths.pipe(inThread(pool, 'load', { concurrent: 2 })));
const resizing = inThread(pool, 'resize');
expectType<OperatorFunction<Image, Image>>()(resizing);
const loading = inThread(pool, 'load');
expectType<OperatorFunction<string, Uint8Array>>()(loading);
// @ts-expect-error: it takes images
numbers.pipe(inThread(pool, 'resize'));
// @ts-expect-error: there is no such function
images.pipe(inThread(pool, 'enlarge'));

// Pools of modules, of one function, of anything.
expectType<ThreadPool<Work>>()(threads<Work>({ module: './work.js', nice: 5 }));
expectType<ThreadPool<{ fn: (n: number) => number }>>()(threads({ fn: (n: number) => n + 1 }));
expectType<Deferred<number>>()(threads({ fn: (n: number) => succeed(n) }).call('fn', 1));
expectType<Observable<number>>()(of(1).pipe(inThread(threads({ fn: async (n: number) => Promise.resolve(n) }), 'fn')));
expectType<Deferred<unknown>>()(threads().call('whatever', 1, 'two'));
expectType<Deferred<string>>()(memoryThreads({ shout: (text: string) => text }).call('shout', 'a'));
expectType<Observable<PoolState>>()(pool.state$);
