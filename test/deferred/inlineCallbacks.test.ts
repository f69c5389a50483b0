import { EMPTY, EmptyError, Observable, of } from 'rxjs';
import { Cancelled, Deferred, deferLater, fail, inlineCallbacks, succeed } from 'ropewalk';
import { failure, value, virtually } from './worlds.ts';

const boom = new Error('boom');

test('rule 47: yields Deferreds, single-value Observables and plain values; return settles the result', () => {
  const sum = inlineCallbacks(function* (a: number, b: number) {
    const c: number = yield succeed(3);
    const d: number = yield of(4);
    const e: number = yield 5;
    return a + b + c + d + e;
  });
  expect(sum(1, 2).result).toEqual(value(15));
});

test('rule 47: a promise is awaited', async () => {
  const twice = inlineCallbacks(function* (n: number) {
    return 2 * (yield Promise.resolve(n));
  });
  expect(await twice(21)).toBe(42);
});

test('rule 47: what fails is thrown at the yield; what is thrown is the failure', () => {
  const caught = inlineCallbacks(function* () {
    try {
      yield fail(boom);
    } catch (error) {
      return error;
    }
    return 'not here';
  });
  expect(caught().result).toEqual(value(boom));
  const thrown = inlineCallbacks(function* () {
    yield EMPTY;
  });
  expect(thrown().markHandled().result).toEqual(failure(expect.any(EmptyError)));
});

test('rule 47: what is not a generator is a TypeError', () => {
  expect(inlineCallbacks((() => 1) as never)().markHandled().result).toEqual(failure(expect.any(TypeError)));
});

test('rule 47: callbacks added to the result run after the last step', () => {
  const waited = new Deferred<number>();
  const calls: string[] = [];
  const work = inlineCallbacks(function* () {
    yield waited;
    calls.push('step');
    yield succeed(0);
    calls.push('last step');
  });
  work().addCallback(() => calls.push('callback'));
  waited.callback(0);
  expect(calls).toEqual(['step', 'last step', 'callback']);
});

test('rule 47: 100,000 yields of what is there leave the stack flat', () => {
  const count = inlineCallbacks(function* () {
    let n = 0;
    while (n < 100_000) n = yield succeed(n + 1);
    return n;
  });
  expect(count().result).toEqual(value(100_000));
});

test('rule 48: cancelling cancels what is awaited, through any nesting', () => {
  const teardown = jest.fn();
  const inner = inlineCallbacks(function* () {
    yield new Observable(() => teardown);
  });
  const outer = inlineCallbacks(function* () {
    yield inner();
  });
  const running = outer().markHandled();
  running.cancel();
  expect(teardown).toHaveBeenCalledTimes(1);
  expect(running.result).toEqual(failure(expect.any(Cancelled)));
});

test('rule 48: the function may translate or swallow it', () => {
  const work = inlineCallbacks(function* (how: 'translate' | 'swallow') {
    try {
      yield new Deferred();
    } catch (error) {
      if (how === 'translate') throw boom;
      return error instanceof Cancelled;
    }
    return undefined;
  });
  const translated = work('translate').markHandled();
  translated.cancel();
  expect(translated.result).toEqual(failure(boom));
  const swallowed = work('swallow');
  swallowed.cancel();
  expect(swallowed.result).toEqual(value(true));
});

test('rule 48: or go on waiting for something else, and be cancelled there again', () => {
  const stubborn = inlineCallbacks(function* () {
    try {
      yield new Deferred();
    } catch {
      yield deferLater(5);
    }
    return 'late';
  });
  virtually(() => {
    const once = stubborn();
    once.cancel();
    const twice = stubborn().markHandled();
    twice.cancel();
    twice.cancel();
    expect(twice.result).toEqual(failure(expect.any(Cancelled)));
    deferLater(6, () => expect(once.result).toEqual(value('late')));
  });
});
