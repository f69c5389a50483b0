import { AsyncLocalStorage } from 'node:async_hooks';
import { of } from 'rxjs';
import { Cancelled, Deferred, fromPromise, keepAsyncContext, maybeDeferred, succeed } from 'ropewalk';
import { failure, value } from './worlds.ts';

const boom = new Error('boom');

describe('promises', () => {
  test('rule 49: await does not mutate the chain', async () => {
    const deferred = succeed(1);
    expect(await deferred).toBe(1);
    expect(await deferred).toBe(1);
    expect(deferred.addCallback((n) => n + 1).result).toEqual(value(2));
    const failed = new Deferred<number>();
    const waiting = (async () => failed)();
    failed.errback(boom);
    await expect(waiting).rejects.toBe(boom);
    expect(failed.result).toEqual(failure(boom));
  });

  test('rule 49: fromPromise has the result of the promise', async () => {
    expect(await fromPromise(Promise.resolve(1))).toBe(1);
    await expect(fromPromise(Promise.reject(boom))).rejects.toBe(boom);
  });

  test.each(['resolve', 'reject'] as const)('rule 49: cancelling aborts, and a late %s is ignored', async (late) => {
    const abort = new AbortController();
    let settle!: Record<'resolve' | 'reject', (it: unknown) => void>;
    const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
    const deferred = fromPromise(promise, { abort }).markHandled();
    deferred.cancel();
    expect(abort.signal.aborted).toBe(true);
    expect(deferred.result).toEqual(failure(expect.any(Cancelled)));
    settle[late](boom);
    await promise.catch(() => {});
    expect(deferred.result).toEqual(failure(expect.any(Cancelled)));
  });

  test('rule 10: maybeDeferred makes a Deferred of whatever comes of a function', async () => {
    const deferred = new Deferred<number>();
    expect(maybeDeferred(() => deferred)).toBe(deferred);
    expect(maybeDeferred((a: number, b: number) => a + b, 1, 2).result).toEqual(value(3));
    expect(maybeDeferred(JSON.parse, '{').markHandled().result).toEqual(failure(expect.any(SyntaxError)));
    expect(maybeDeferred(() => of(1, 2)).result).toEqual(value(2));
    expect(await maybeDeferred(async () => 4)).toBe(4);
  });
});

describe('AsyncLocalStorage', () => {
  const storage = new AsyncLocalStorage<string>();
  const contextOf = (deferred: Deferred<void>): (string | undefined)[] => {
    const seen: (string | undefined)[] = [];
    storage.run('added', () => {
      deferred
        .addCallback(() => seen.push(storage.getStore()))
        .addBoth(() => seen.push(storage.getStore()))
        .addErrback(() => 0);
    });
    storage.run('fired', () => deferred.callback());
    return seen;
  };

  afterEach(() => keepAsyncContext(false));

  test('rule 50: the context in which a callback was added is there when it runs', () => {
    expect(keepAsyncContext(true)).toBe(true);
    expect(contextOf(new Deferred())).toEqual(['added', 'added']);
  });

  test('rule 50: unless switched on it costs nothing, and the context is that of whoever fires', () => {
    expect(contextOf(new Deferred())).toEqual(['fired', 'fired']);
  });

  test('rule 50: where there is no such thing, as in a browser, it does nothing', () => {
    const real = process.getBuiltinModule;
    try {
      Object.assign(process, { getBuiltinModule: undefined });
      expect(keepAsyncContext(true)).toBe(false);
      expect(contextOf(new Deferred())).toEqual(['fired', 'fired']);
    } finally {
      Object.assign(process, { getBuiltinModule: real });
    }
  });
});
