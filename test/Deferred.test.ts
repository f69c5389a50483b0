import {
  asyncScheduler,
  concatMap,
  EMPTY,
  EmptyError,
  firstValueFrom,
  forkJoin,
  from,
  map,
  Observable,
  of,
  Subject,
  switchMap,
  throwError,
  timer,
} from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import {
  AlreadyCalledError,
  asValue,
  Cancelled,
  ConnectError,
  ConnectionRefused,
  Deferred,
  deferLater,
  fail,
  setDebugging,
  succeed,
  TimedOut,
  UnknownHost,
} from 'ropewalk';
import { callback } from 'ropewalk/operators';
import { failure, reportsOf, value, virtually } from './deferred/worlds.ts';

const boom = new Error('boom');
const throws = (error: unknown) => () => {
  throw error;
};

/** A Deferred that may fail without anybody caring, as most do in these tests. */
function unwatched<T>(deferred = new Deferred<T>()): Deferred<T> {
  return deferred.markHandled();
}

function madeHere(): Deferred<number> {
  return new Deferred<number>();
}
function firedHere(deferred: Deferred<number>): void {
  deferred.callback(1);
}

describe('A. Firing and the chain', () => {
  test.each([
    ['callback', 'callback'],
    ['callback', 'errback'],
    ['errback', 'callback'],
    ['errback', 'errback'],
  ] as const)('rule 1: %s, then %s throws AlreadyCalledError and changes nothing', (first, second) => {
    const deferred = unwatched<unknown>();
    deferred[first]('one');
    const before = deferred.result;
    expect(() => deferred[second]('two')).toThrow(AlreadyCalledError);
    expect(deferred.result).toEqual(before);
  });

  test('rule 2: firing runs all callbacks on the stack of whoever fires, in the order added', () => {
    const calls: string[] = [];
    const deferred = new Deferred<void>();
    deferred
      .addCallback(() => void calls.push('a'))
      .addCallback(() => void calls.push('b'))
      .addCallback(() => void calls.push('c'));
    calls.push('before');
    deferred.callback();
    calls.push('after');
    expect(calls).toEqual(['before', 'a', 'b', 'c', 'after']);
  });

  test('rule 3: adding to a fired, unpaused, idle Deferred runs the callback before it returns', () => {
    const calls: number[] = [];
    succeed(1).addCallback((n) => calls.push(n));
    expect(calls).toEqual([1]);
  });

  test('rule 4: each return value is the argument of the next callback', () => {
    expect(
      succeed(1)
        .addCallback((n) => n + 1)
        .addCallback((n) => `${n}`)
        .addCallback((s) => [s]).result,
    ).toEqual(value(['2']));
  });

  test('rule 5: throwing moves to the errback side at the next level, returning from an errback moves back', () => {
    const calls: string[] = [];
    const deferred = succeed(1)
      .addCallbacks(throws(boom), () => calls.push('not mine'))
      .addCallback(() => calls.push('skipped'))
      .addErrback((error) => (error === boom ? 'saved' : 'other'))
      .addErrback(() => calls.push('skipped, too'));
    expect(deferred.result).toEqual(value('saved'));
    expect(calls).toEqual([]);
  });

  test('rule 6: in addCallbacks, `no` never sees the error of `ok`', () => {
    const no = jest.fn();
    const deferred = unwatched(succeed(1)).addCallbacks(throws(boom), no);
    expect(no).not.toHaveBeenCalled();
    expect(deferred.result).toEqual(failure(boom));
  });

  test('rule 7: addCallback passes errors, addErrback passes values, addBoth runs on both; all return the same Deferred', () => {
    const deferred = new Deferred<number>();
    const skipped = jest.fn();
    expect(deferred.addCallback((n) => n + 1)).toBe(deferred);
    expect(deferred.addErrback(skipped)).toBe(deferred);
    expect(deferred.addBoth((n) => n)).toBe(deferred);
    expect(deferred.addCallbacks(throws(boom), skipped)).toBe(deferred);
    expect(deferred.addCallback(skipped)).toBe(deferred);
    expect(deferred.addBoth((error) => (error as unknown) === boom)).toBe(deferred);
    deferred.callback(1);
    expect(deferred.result).toEqual(value(true));
    expect(skipped).not.toHaveBeenCalled();
  });

  test('rule 7: addBoth lets the failure pass that its function hands back', () => {
    const deferred = unwatched<string>();
    const seen: unknown[] = [];
    deferred.addBoth((result) => {
      seen.push(result);
      return result;
    });
    deferred.errback(boom);
    expect(seen).toEqual([boom]);
    expect(deferred.result).toEqual(failure(boom));
  });

  test('rule 8: addErrback(Type, fn) handles only that family, others pass unchanged', () => {
    const refused = new ConnectionRefused('nobody there');
    expect(fail(refused).addErrback(ConnectionRefused, (error) => error.message).result).toEqual(value('nobody there'));
    expect(fail(refused).addErrback(ConnectError, () => 'family').result).toEqual(value('family'));
    const other = unwatched(fail(refused)).addErrback(UnknownHost, () => 'wrong');
    expect(other.result).toEqual(failure(refused));
    expect((other.result as { error: unknown }).error).toBe(refused);
  });

  test('rule 9: firing with a Deferred, a promise or an Observable is a TypeError, and fires nothing', () => {
    const deferred = new Deferred<unknown>();
    for (const awaitable of [new Deferred(), Promise.resolve(1), of(1)]) {
      expect(() => deferred.callback(awaitable)).toThrow(TypeError);
    }
    expect(deferred.called).toBe(false);
  });

  test('rule 9: an Observable that says it is a value, as a connection does, is one', () => {
    class Wire extends Observable<number> {
      readonly [asValue] = true;
    }
    const wire = new Wire();
    const seen: unknown[] = [];
    succeed(wire)
      .addCallback((it) => it)
      .addCallback((it) => seen.push(it));
    expect(seen).toEqual([wire]);
  });

  test('rule 10: succeed and fail equal a Deferred fired by hand', () => {
    const byHand = new Deferred<number>();
    byHand.callback(1);
    expect(succeed(1)).toEqual(byHand);
    const failed = new Deferred<never>();
    failed.errback('no');
    expect(unwatched(fail('no')).result).toEqual(failed.result);
    for (const deferred of [failed, byHand]) expect(deferred.called).toBe(true);
    unwatched(failed);
  });

  test('rule 11: in debug mode AlreadyCalledError carries where it was made and first fired', () => {
    setDebugging(true);
    try {
      const deferred = madeHere();
      firedHere(deferred);
      let caught: unknown;
      try {
        deferred.callback(2);
      } catch (error) {
        caught = error;
      }
      expect(String(((caught as Error).cause as Error).stack)).toMatch(/madeHere[^]*firedHere/);
    } finally {
      setDebugging(false);
    }
    const plain = succeed(1);
    expect(() => plain.callback(2)).toThrow(expect.not.objectContaining({ cause: expect.anything() }));
  });
});

describe('B. Re-entrancy', () => {
  test('rule 12: a callback added inside a running callback goes to the end, and runs after that one has returned', () => {
    const calls: string[] = [];
    const deferred = new Deferred<void>();
    deferred
      .addCallback(() => {
        calls.push('a begins');
        deferred.addCallback(() => void calls.push('c'));
        calls.push('a ends');
      })
      .addCallback(() => void calls.push('b'));
    deferred.callback();
    expect(calls).toEqual(['a begins', 'a ends', 'b', 'c']);
  });

  test('rule 13: an errback added inside gets the failure when its predecessor throws', () => {
    const errback = jest.fn();
    const deferred = new Deferred<void>();
    deferred.addCallback(() => {
      deferred.addErrback(errback);
      throw boom;
    });
    deferred.callback();
    expect(errback).toHaveBeenCalledWith(boom);
  });

  test('rule 14: 100,000 callbacks on an unfired Deferred leave the stack flat', () => {
    const deferred = new Deferred<number>();
    for (let link = 0; link < 100_000; link++) deferred.addCallback((n) => n + 1);
    deferred.callback(0);
    expect(deferred.result).toEqual(value(100_000));
  });

  test('rule 14: 100,000 callbacks added one from inside the other', () => {
    const deferred = new Deferred<number>();
    const again = (n: number): number => {
      if (n < 100_000) deferred.addCallback(again as never);
      return n + 1;
    };
    deferred.addCallback(again);
    deferred.callback(0);
    expect(deferred.result).toEqual(value(100_001));
  });

  test('rule 14: 100,000 returned Deferreds that have results', () => {
    const deferred = new Deferred<number>();
    for (let link = 0; link < 100_000; link++) deferred.addCallback((n) => succeed(n + 1));
    deferred.callback(0);
    expect(deferred.result).toEqual(value(100_000));
  });

  test('rule 14: 100,000 Deferreds that each wait for the next', () => {
    const chain = Array.from({ length: 100_000 }, () => new Deferred<number>());
    for (const [index, deferred] of chain.slice(0, -1).entries()) {
      deferred.addCallback(() => chain[index + 1]!).addCallback((n) => n + 1);
    }
    for (const deferred of chain.slice(0, -1)) deferred.callback(0);
    expect(chain[0]!.result).toBeUndefined();
    chain.at(-1)!.callback(0);
    expect(chain[0]!.result).toEqual(value(99_999));
  });

  test('rule 14: cancelling through 100,000 that wait for each other', () => {
    const chain = Array.from({ length: 100_000 }, () => unwatched<unknown>());
    for (const [index, deferred] of chain.slice(0, -1).entries()) deferred.addCallback(() => chain[index + 1]!);
    for (const deferred of chain.slice(0, -1)) deferred.callback(0);
    chain[0]!.cancel();
    expect(chain[0]!.result).toEqual(failure(expect.any(Cancelled)));
  });

  test('rule 14: links already run are forgotten while the chain goes on growing', () => {
    const deferred = new Deferred<void>();
    let calls = 0;
    const again = (): void => {
      if (calls++ < 10_000) deferred.addCallback(again);
    };
    // Two that keep each other going: the list is never empty.
    deferred.addCallback(again).addCallback(again);
    deferred.callback();
    expect(calls).toBe(10_002);
    expect(deferred).toMatchObject({ count: 0, rest: null });
  });
});

describe('C. Chaining', () => {
  test('rule 15: the outer stops until the inner has a result', () => {
    const inner = new Deferred<number>();
    const outer = succeed(1).addCallback(() => inner);
    const next = jest.fn((n: number) => n + 1);
    outer.addCallback(next);
    expect(outer.called).toBe(true);
    expect(outer.result).toBeUndefined();
    inner.callback(41);
    expect(next).toHaveBeenCalledWith(41);
    expect(outer.result).toEqual(value(42));
  });

  test('rule 15: the same for errbacks, and for an inner that fails', () => {
    const inner = new Deferred<number>();
    const outer = fail(boom).addErrback(() => inner);
    const failed = outer.addErrback((error) => error);
    inner.errback('inner');
    expect(failed.result).toEqual(value('inner'));
  });

  test('rule 15: a promise is awaited', async () => {
    expect(await succeed(1).addCallback((n) => Promise.resolve(n + 1))).toBe(2);
    await expect(succeed(1).addCallback(() => Promise.reject(boom))).rejects.toBe(boom);
  });

  test("rule 15: an Observable's last value counts, EmptyError if there is none", () => {
    virtually(() => {
      const seen: unknown[] = [];
      succeed(1)
        .addCallback(() => timer(5).pipe(concatMap(() => of(1, 2, 3))))
        .subscribe((n) => seen.push(asyncScheduler.now(), n));
      asyncScheduler.schedule(() => expect(seen).toEqual([5, 3]), 10);
    });
    expect(succeed(1).addCallback(() => of(1, 2)).result).toEqual(value(2));
    expect(unwatched(succeed(1)).addCallback(() => EMPTY).result).toEqual(failure(expect.any(EmptyError)));
    expect(unwatched(succeed(1)).addCallback(() => throwError(() => boom)).result).toEqual(failure(boom));
  });

  test('rule 15: arrays, strings, iterables and null are plain values', () => {
    for (const plain of [[1, 2], 'ab', new Set([1]), null, undefined, () => 1, { subscribe: 1 }]) {
      expect(succeed(0).addCallback(() => plain).result).toEqual(value(plain));
    }
  });

  test('rule 15: a promise of an Observable, and an Observable of a promise, are unwrapped to the end', async () => {
    expect(await succeed(0).addCallback(() => Promise.resolve(of(1)))).toBe(1);
    expect(await succeed(0).addCallback(() => of(Promise.resolve(2)))).toBe(2);
  });

  test('rule 16: an inner that has a plain result is taken at once', () => {
    expect(succeed(1).addCallback(() => succeed(2)).result).toEqual(value(2));
    expect(
      succeed(1)
        .addCallback(() => fail(boom))
        .addErrback((e) => [e]).result,
    ).toEqual(value([boom]));
  });

  test.each([true, false])("rule 17: after the hand-over the inner's own result is undefined (ready: %s)", (ready) => {
    const inner = new Deferred<number>();
    if (ready) inner.callback(1);
    const outer = succeed(0).addCallback(() => inner);
    if (!ready) inner.callback(1);
    const later = jest.fn();
    inner.addCallback(later);
    expect(outer.result).toEqual(value(1));
    expect(later).toHaveBeenCalledWith(undefined);
  });

  test.each([true, false])('rule 18: the inner never reports a failure that it handed over (ready: %s)', (ready) => {
    expect(
      reportsOf(() => {
        const inner = new Deferred<number>();
        if (ready) inner.errback(boom);
        const outer = succeed(0).addCallback(() => inner);
        outer.addErrback(() => 'handled');
        if (!ready) inner.errback(boom);
      }),
    ).toEqual([]);
  });

  test('rule 19: callbacks added to the inner before chaining shape the value, later ones run after the outer', () => {
    const calls: unknown[] = [];
    const inner = new Deferred<number>();
    inner.addCallback((n) => n * 2);
    const outer = succeed(0).addCallback(() => inner);
    outer.addCallback((n) => void calls.push(['outer', n]));
    inner.addCallback((n) => void calls.push(['inner', n]));
    inner.callback(21);
    expect(calls).toEqual([
      ['outer', 42],
      ['inner', undefined],
    ]);
  });

  test('rule 20: chaining is transitive', () => {
    const c = new Deferred<string>();
    const b = succeed(0).addCallback(() => c);
    const a = succeed(0).addCallback(() => b);
    c.callback('deep');
    expect(a.result).toEqual(value('deep'));
    expect(b.result).toEqual(value(undefined));
  });

  test('rule 21: the outer waits for a paused inner with a result', () => {
    const inner = succeed(1);
    inner.pause();
    const outer = succeed(0).addCallback(() => inner);
    expect(outer.result).toBeUndefined();
    inner.unpause();
    expect(outer.result).toEqual(value(1));
  });

  test('rule 22: returning the Deferred itself is a TypeError as its result', () => {
    const deferred = unwatched<unknown>();
    deferred.addCallback(() => deferred);
    deferred.callback(1);
    expect(deferred.result).toEqual(failure(expect.any(TypeError)));
  });

  test('rule 23: chainDeferred fires the other, never the reverse', () => {
    const one = new Deferred<number>();
    const two = new Deferred<number>();
    const after = jest.fn();
    one.chainDeferred(two).addCallback(after);
    one.callback(1);
    expect(two.result).toEqual(value(1));
    expect(after).toHaveBeenCalledWith(undefined);

    const three = new Deferred<number>();
    const four = unwatched<number>();
    three.chainDeferred(four);
    four.errback(boom);
    expect(three.called).toBe(false);
    const five = unwatched<number>();
    const six = unwatched<number>();
    five.chainDeferred(six);
    five.errback(boom);
    expect(six.result).toEqual(failure(boom));
  });

  test('rule 24: the text form has the label, and the result or what it waits on', () => {
    expect(`${new Deferred({ label: 'dial' })}`).toBe('Deferred(dial) not called yet');
    expect(`${succeed('x')}`).toBe('Deferred has "x"');
    expect(`${succeed([1, 2])}`).toBe('Deferred has Array(2)');
    expect(`${unwatched(fail(boom))}`).toBe('Deferred failed with Error: boom');
    const inner = new Deferred({ label: 'lookup' });
    expect(`${succeed(1).addCallback(() => inner)}`).toBe('Deferred waiting on lookup');
    expect(`${succeed(1).addCallback(() => new Deferred())}`).toBe('Deferred waiting on another Deferred');
  });
});

describe('D. Pause', () => {
  test('rule 25: pause counts; callbacks run when it is back at 0 and the Deferred was fired', () => {
    const calls: number[] = [];
    const deferred = new Deferred<number>();
    deferred.addCallback((n) => calls.push(n));
    deferred.pause();
    deferred.pause();
    deferred.callback(1);
    expect(deferred.called).toBe(true);
    expect(deferred.paused).toBe(true);
    deferred.unpause();
    expect(calls).toEqual([]);
    deferred.unpause();
    expect(calls).toEqual([1]);
    expect(deferred.paused).toBe(false);
    expect(() => deferred.unpause()).toThrow(RangeError);
  });

  test('rule 25: pausing from inside a callback holds back the next one', () => {
    const calls: string[] = [];
    const deferred = new Deferred<void>();
    deferred.addCallback(() => deferred.pause()).addCallback(() => void calls.push('next'));
    deferred.callback();
    expect(calls).toEqual([]);
    deferred.unpause();
    expect(calls).toEqual(['next']);
  });
});

describe('E. Cancellation', () => {
  test.each(['callback', 'errback'] as const)(
    'rule 26: without a canceller, Cancelled; one later %s is swallowed, the next throws',
    (fire) => {
      const deferred = unwatched<unknown>();
      deferred.cancel();
      expect(deferred.result).toEqual(failure(expect.any(Cancelled)));
      deferred[fire]('late');
      expect(deferred.result).toEqual(failure(expect.any(Cancelled)));
      expect(() => deferred[fire]('later')).toThrow(AlreadyCalledError);
    },
  );

  test('rule 27: repeated cancel is harmless in every state', () => {
    const canceller = jest.fn((deferred: Deferred<unknown>) => deferred.cancel());
    const inner = unwatched<unknown>();
    const states = [
      unwatched<unknown>(),
      unwatched(new Deferred<unknown>({ canceller })),
      succeed<unknown>(1),
      unwatched(fail(1)),
      unwatched(succeed(1)).addCallback(() => inner),
    ];
    for (const deferred of states) for (let time = 0; time < 3; time++) deferred.cancel();
    expect(canceller).toHaveBeenCalledTimes(1);
    expect(states.map((deferred) => deferred.called)).toEqual([true, true, true, true, true]);
    expect(states[2]!.result).toEqual(value(1));
  });

  test('rule 28: the canceller is called once, with the Deferred; Cancelled if it does not fire; nothing is swallowed', () => {
    const canceller = jest.fn();
    const deferred = unwatched(new Deferred<number>({ canceller }));
    deferred.cancel();
    deferred.cancel();
    expect(canceller.mock.calls).toEqual([[deferred]]);
    expect(deferred.result).toEqual(failure(expect.any(Cancelled)));
    expect(() => deferred.callback(1)).toThrow(AlreadyCalledError);
  });

  test('rule 29: what the canceller fires is the outcome', () => {
    const saved = new Deferred<string>({ canceller: (deferred) => deferred.callback('half') });
    saved.cancel();
    expect(saved.result).toEqual(value('half'));
    const failed = unwatched(new Deferred<string>({ canceller: (deferred) => deferred.errback(boom) }));
    failed.cancel();
    expect(failed.result).toEqual(failure(boom));
  });

  test('rule 30: cancel after firing does nothing, or is forwarded to the inner that is waited for', () => {
    const fired = succeed(1);
    fired.cancel();
    expect(fired.result).toEqual(value(1));

    const inner = new Deferred<string>({ canceller: (deferred) => deferred.callback('partial') });
    const middle = succeed(0).addCallback(() => inner);
    const outer = succeed(0).addCallback(() => middle);
    outer.cancel();
    expect(outer.result).toEqual(value('partial'));
  });

  test('rule 30: a waited-on Observable is unsubscribed', () => {
    const teardown = jest.fn();
    const outer = unwatched(succeed(0)).addCallback(() => new Observable<number>(() => teardown));
    expect(teardown).not.toHaveBeenCalled();
    outer.cancel();
    expect(teardown).toHaveBeenCalledTimes(1);
    expect(outer.result).toEqual(failure(expect.any(Cancelled)));
  });

  test('rule 31: the canceller is dropped on firing', () => {
    const canceller = jest.fn();
    const deferred = new Deferred<number>({ canceller });
    deferred.callback(1);
    deferred.cancel();
    expect(canceller).not.toHaveBeenCalled();
    expect(deferred).toMatchObject({ particulars: { canceller: null } });
  });

  test('rule 31: aborting the signal is cancel(), also when it was aborted before; firing lets go of it', () => {
    const abort = new AbortController();
    const removed = jest.spyOn(abort.signal, 'removeEventListener');
    const one = unwatched(new Deferred<number>({ signal: abort.signal }));
    const two = new Deferred<number>({ signal: abort.signal });
    two.callback(2);
    expect(removed).toHaveBeenCalledTimes(1);
    abort.abort();
    expect(one.result).toEqual(failure(expect.any(Cancelled)));
    expect(two.result).toEqual(value(2));
    expect(unwatched(new Deferred({ signal: abort.signal })).result).toEqual(failure(expect.any(Cancelled)));
  });

  test('rule 31: subscribing and leaving, any number of times, leaves nothing behind', () => {
    const deferred = new Deferred<number>();
    for (let time = 0; time < 1_000; time++) deferred.subscribe().unsubscribe();
    expect(deferred).toMatchObject({ count: 1 });
    expect(deferred.observed).toBe(false);
  });

  test('rule 32: what deferLater makes has a canceller that stops the timer', () => {
    virtually(() => {
      const late = jest.fn();
      const deferred = deferLater(10, late).markHandled();
      deferred.cancel();
      asyncScheduler.schedule(() => expect(late).not.toHaveBeenCalled(), 20);
    });
  });
});

describe('F. Timeouts', () => {
  test('rule 33: addTimeout returns the Deferred, and covers the callbacks added before it, not after', () => {
    virtually(() => {
      const before = unwatched(succeed(0)).addCallback(() => deferLater(10, () => 'late'));
      expect(before.addTimeout(5)).toBe(before);
      const after = succeed(0)
        .addTimeout(5)
        .addCallback(() => deferLater(10, () => 'in time'));
      asyncScheduler.schedule(() => {
        expect(before.result).toEqual(failure(expect.any(TimedOut)));
        expect(after.result).toEqual(value('in time'));
      }, 20);
    });
  });

  test('rule 34: after a result the timer is gone, and inner work added later is not cancelled', () => {
    const scheduler = new TestScheduler(() => {});
    const deferred = new Deferred<number>();
    deferred.addTimeout(5, { scheduler });
    const inner = new Deferred<number>();
    deferred.callback(1);
    deferred.addCallback(() => inner);
    scheduler.flush();
    expect(scheduler.frame).toBe(0);
    expect(inner.called).toBe(false);
  });

  test('rule 35: on expiry it cancels, and a resulting Cancelled becomes TimedOut', () => {
    virtually(() => {
      const deferred = unwatched<number>();
      deferred.addTimeout(5);
      asyncScheduler.schedule(() => {
        expect(deferred.result).toEqual(failure(expect.any(TimedOut)));
        expect((deferred.result as { error: Error }).error.cause).toBeInstanceOf(Cancelled);
      }, 6);
    });
  });

  test('rule 35: if the canceller produced a value or another error, that wins', () => {
    virtually(() => {
      const half = new Deferred<string>({ canceller: (deferred) => deferred.callback('half') });
      const failed = unwatched(new Deferred<string>({ canceller: (deferred) => deferred.errback(boom) }));
      half.addTimeout(5);
      failed.addTimeout(5);
      asyncScheduler.schedule(() => {
        expect(half.result).toEqual(value('half'));
        expect(failed.result).toEqual(failure(boom));
      }, 6);
    });
  });

  test('rule 36: onTimeout replaces the translation and may return a value; a manual cancel stays Cancelled', () => {
    virtually(() => {
      const seen: unknown[] = [];
      const deferred = new Deferred<number>();
      const withDefault = deferred.addTimeout(5, {
        onTimeout: (reason) => {
          seen.push(reason);
          return 'default';
        },
      });
      const manual = unwatched<number>().addTimeout(5, { onTimeout: () => 'never' });
      manual.cancel();
      asyncScheduler.schedule(() => {
        expect(seen).toEqual([expect.any(Cancelled)]);
        expect(withDefault.result).toEqual(value('default'));
        expect(manual.result).toEqual(failure(expect.any(Cancelled)));
      }, 6);
    });
  });

  test('rule 37: an errback before the timeout that swallows Cancelled makes it succeed', () => {
    virtually(() => {
      const deferred = new Deferred<number>().addErrback(Cancelled, () => 0).addTimeout(5);
      asyncScheduler.schedule(() => expect(deferred.result).toEqual(value(0)), 6);
    });
  });
});

describe('G. Unhandled failures', () => {
  test('rule 38: a failure that nobody handles is reported once', () => {
    expect(
      reportsOf(() => {
        fail(boom);
        unwatched(fail('muted'));
        const twice = fail('twice').addCallback(() => 1);
        twice.addCallback(() => 2);
      }),
    ).toEqual([boom, 'twice']);
  });

  test('rule 38: it is reported at the end of the next turn, not before', () => {
    virtually(() => {
      const late = fail(boom);
      asyncScheduler.schedule(() => void late.addErrback(() => 'just in time'), 0);
    });
    expect(reportsOf(() => void asyncScheduler.schedule(() => fail(boom), 10))).toEqual([boom]);
  });

  test('rule 38: a subscriber without an error handler does not make it two reports', () => {
    expect(reportsOf(() => void fail(boom).subscribe(() => {}))).toEqual([boom]);
    expect(
      reportsOf(() => {
        const deferred = new Deferred<number>();
        deferred.subscribe();
        deferred.pipe(map((n) => n + 1)).subscribe({ next: () => {}, error: () => {} });
        deferred.errback(boom);
      }),
    ).toEqual([]);
  });

  test('rule 38: a failure held back by a pause is reported after the unpause', () => {
    const times: number[] = [];
    reportsOf(() => {
      const deferred = new Deferred<number>();
      deferred.pause();
      deferred.errback(boom);
      asyncScheduler.schedule(() => {
        expect(times).toEqual([]);
        deferred.unpause();
        times.push(asyncScheduler.now());
      }, 10);
    });
    expect(times).toEqual([10]);
  });

  test('rule 38: in debug mode the report tells where the Deferred was made', () => {
    setDebugging(true);
    const [reported] = reportsOf(function maker() {
      fail(boom);
    });
    setDebugging(false);
    expect(reported).toMatchObject({ message: 'nobody handled: Error: boom', cause: boom });
    expect((reported as Error).stack).toContain('maker');
  });

  test('rule 39: an errback, a subscriber with an error handler, awaiting, chaining and markHandled count as handling', () => {
    const outer = new Deferred<number>();
    expect(
      reportsOf(() => {
        fail(1).addErrback(() => 'errback');
        fail(2).subscribe({ error: () => 'subscriber' });
        fail(3).then(undefined, () => 'awaited');
        succeed(0)
          .addCallback(() => fail(4))
          .addErrback(() => 'chained');
        fail(5).chainDeferred(outer);
        outer.addErrback(() => 'chained by hand');
        fail(6).markHandled();
        const unfired = new Deferred<number>();
        unfired.subscribe({ error: () => 'subscriber before' });
        unfired.errback(7);
      }),
    ).toEqual([]);
  });

  test('rule 39: a failure after the one that was handled is a new one', () => {
    expect(reportsOf(() => void fail(1).addErrback(throws(2)))).toEqual([2]);
    expect(
      reportsOf(() => {
        const deferred = fail(1);
        deferred.subscribe({ error: () => {} });
        deferred.addErrback(throws(2));
      }),
    ).toEqual([2]);
  });

  test('rule 42: what a canceller throws is reported, and Cancelled is the failure all the same', () => {
    expect(
      reportsOf(() => {
        const deferred = unwatched(new Deferred<number>({ canceller: throws(boom) }));
        deferred.cancel();
        expect(deferred.result).toEqual(failure(expect.any(Cancelled)));
      }),
    ).toEqual([boom]);
  });
});

describe('K. As a good RxJS citizen', () => {
  test('rule 51: it is a Subject and an Observable', () => {
    const deferred = new Deferred<number>();
    expect(deferred).toBeInstanceOf(Subject);
    expect(deferred).toBeInstanceOf(Observable);
    expect(deferred.pipe()).toBe(deferred);
    expect(from(deferred)).toBe(deferred);
  });

  test('rule 51: a subscriber gets one value and completion, or one error, now or later', () => {
    const seen: unknown[] = [];
    const watch = (name: string) => ({
      next: (v: unknown) => seen.push([name, v]),
      error: (e: unknown) => seen.push([name, 'error', e]),
      complete: () => seen.push([name, 'complete']),
    });
    const deferred = new Deferred<number>();
    deferred.subscribe(watch('early'));
    expect(deferred.observed).toBe(true);
    deferred.callback(1);
    expect(deferred.observed).toBe(false);
    deferred.subscribe(watch('late'));
    fail(boom).subscribe(watch('failed'));
    expect(seen).toEqual([
      ['early', 1],
      ['early', 'complete'],
      ['late', 1],
      ['late', 'complete'],
      ['failed', 'error', boom],
    ]);
  });

  test('rule 51: a subscriber sees the result as it stands at its place in the chain, and changes nothing', () => {
    const seen: unknown[] = [];
    const deferred = new Deferred<number>();
    deferred.subscribe((n) => seen.push(n));
    deferred.addCallback((n) => n + 1);
    deferred.subscribe((n) => seen.push(n));
    deferred.addCallback((n) => n + 1);
    deferred.callback(1);
    expect(seen).toEqual([1, 2]);
    expect(deferred.result).toEqual(value(3));
  });

  test('rule 51: as an Observer, next is callback, error is errback, and complete without a value is EmptyError', () => {
    const deferred = new Deferred<number>();
    of(7).subscribe(deferred);
    expect(deferred.result).toEqual(value(7));
    const failed = unwatched<number>();
    throwError(() => boom).subscribe(failed);
    expect(failed.result).toEqual(failure(boom));
    const empty = unwatched<number>();
    EMPTY.subscribe(empty);
    expect(empty.result).toEqual(failure(expect.any(EmptyError)));
  });

  test('rule 51: whoever is torn down with it calls the work off', () => {
    const canceller = jest.fn();
    new Observable(() => new Deferred<number>({ canceller })).subscribe().unsubscribe();
    expect(canceller).toHaveBeenCalledTimes(1);
  });

  test('rule 51: firstValueFrom, forkJoin and switchMap take it', async () => {
    expect(await firstValueFrom(succeed(1))).toBe(1);
    expect(await firstValueFrom(forkJoin([succeed(1), of(2), succeed('c')]))).toEqual([1, 2, 'c']);
    expect(await firstValueFrom(of(1).pipe(switchMap((n) => succeed(n + 1))))).toBe(2);
  });

  test('rule 51: toSignal-like bridges, which must have a value at once, get it', () => {
    let now: number | undefined;
    const subscription = succeed(5).subscribe((n) => (now = n));
    expect(now).toBe(5);
    expect(subscription.closed).toBe(true);
  });

  test('rule 51: operators derive and are lazy: subscribing twice runs the function twice', () => {
    const fn = jest.fn((n: number) => n + 1);
    const derived = succeed(1).pipe(callback(fn));
    expect(fn).not.toHaveBeenCalled();
    derived.subscribe();
    derived.subscribe();
    expect(fn).toHaveBeenCalledTimes(2);
  });

  test('rule 51: instanceof knows the Deferreds of a second copy of the library, and they can be waited for', () => {
    jest.isolateModules(() => {
      const other = require('ropewalk') as typeof import('ropewalk');
      expect(other.Deferred).not.toBe(Deferred);
      const foreign = new other.Deferred<number>();
      expect(foreign).toBeInstanceOf(Deferred);
      const outer = succeed(0).addCallback(() => foreign);
      foreign.callback(9);
      expect(outer.result).toEqual(value(9));
    });
  });

  test('rule 52: under TestScheduler it is synchronous and exact', () => {
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(({ expectObservable, cold }) => {
      const deferred = new Deferred<string>();
      expectObservable(deferred).toBe('---(a|)');
      cold('---a').subscribe((v) => deferred.callback(v));
      expectObservable(deferLater(4, () => 'b')).toBe('----(b|)');
      expectObservable(succeed(0).addCallback(() => cold('--c--d|'))).toBe('------(d|)');
      const timed = new Deferred<string>().addTimeout(5, { onTimeout: () => 'late' });
      expectObservable(timed).toBe('-----(l|)', { l: 'late' });
    });
  });
});
