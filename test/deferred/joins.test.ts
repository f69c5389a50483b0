import { of, timer } from 'rxjs';
import {
  Cancelled,
  Deferred,
  deferLater,
  deferredList,
  fail,
  firstResult,
  FirstError,
  gatherResults,
  succeed,
} from 'ropewalk';
import { failure, reportsOf, value, virtually } from './worlds.ts';

const boom = new Error('boom');

describe('deferredList', () => {
  test('rule 40: fires with how each one ended, in input order, when all have fired', () => {
    const slow = new Deferred<string>();
    const joined = deferredList([slow, succeed(2), fail(boom)]);
    expect(joined.called).toBe(false);
    slow.callback('a');
    expect(joined.result).toEqual(value([value('a'), value(2), failure(boom)]));
  });

  test('rule 40: an empty list fires [] at once, and is a TypeError with firstValue', () => {
    expect(deferredList([]).result).toEqual(value([]));
    expect(() => deferredList([], { firstValue: true })).toThrow(TypeError);
  });

  test('rule 40: firstValue fires with the first value, or with the list when all failed', () => {
    const slow = new Deferred<string>();
    expect(deferredList([slow, fail(1), succeed('b')], { firstValue: true }).result).toEqual(
      value({ index: 2, value: 'b' }),
    );
    expect(deferredList([fail(1), fail(2)], { firstValue: true }).result).toEqual(value([failure(1), failure(2)]));
  });

  test('rule 40: firstError fails with the first error', () => {
    const joined = deferredList([new Deferred(), fail(boom)], { firstError: true }).markHandled();
    expect(joined.result).toEqual(failure(expect.objectContaining({ index: 1, cause: boom })));
  });

  test("rule 41: members' results pass through to callbacks added later", () => {
    const member = new Deferred<number>();
    deferredList([member]);
    const later = member.addCallback((n) => n + 1);
    member.callback(1);
    expect(later.result).toEqual(value(2));
    const failed = fail(boom).markHandled();
    deferredList([failed]);
    expect(failed.result).toEqual(failure(boom));
  });

  test('rule 41: consumeErrors turns member failures into undefined afterwards', () => {
    const failed = fail(boom);
    expect(deferredList([failed], { consumeErrors: true }).result).toEqual(value([failure(boom)]));
    expect(failed.result).toEqual(value(undefined));
  });

  test('rule 41: looking counts as handling: no member is reported', () => {
    expect(reportsOf(() => void deferredList([fail(1), fail(2)]))).toEqual([]);
    expect(reportsOf(() => void gatherResults([fail(1), fail(2)]).addErrback(() => 0))).toEqual([]);
  });

  test('rule 42: cancel before firing cancels all members, after firing it does nothing', () => {
    const members = [new Deferred<number>(), new Deferred<number>()];
    const joined = deferredList(members);
    joined.cancel();
    expect(joined.result).toEqual(value([failure(expect.any(Cancelled)), failure(expect.any(Cancelled))]));

    const left = new Deferred<number>();
    const fired = deferredList([succeed(1), left], { firstValue: true });
    fired.cancel();
    expect(left.called).toBe(false);
  });

  test('rule 42: errors thrown by cancellers are reported, and the other members are cancelled all the same', () => {
    const last = new Deferred<number>();
    const thrower = new Deferred<number>({
      canceller: () => {
        throw boom;
      },
    });
    expect(reportsOf(() => deferredList([thrower, last]).cancel())).toEqual([boom]);
    expect(last.called).toBe(true);
  });
});

describe('gatherResults', () => {
  test('rule 43: values in order, of Deferreds, promises, Observables and plain values', () => {
    virtually(() => {
      const joined = gatherResults([deferLater(2, () => 'a'), of('b'), timer(1), 'd']);
      deferLater(3, () => expect(joined.result).toEqual(value(['a', 'b', 0, 'd'])));
    });
    expect(gatherResults([]).result).toEqual(value([]));
  });

  test('rule 43: the first failure is FirstError with cause and index; others are not cancelled unless asked', () => {
    const left = new Deferred<number>();
    const joined = gatherResults([left, fail(boom)]).markHandled();
    expect(joined.result).toEqual(failure(expect.any(FirstError)));
    expect(joined.result).toEqual(failure(expect.objectContaining({ index: 1, cause: boom })));
    expect(left.called).toBe(false);

    const others = [new Deferred<number>(), new Deferred<number>(), new Deferred<number>()] as const;
    gatherResults(others, { cancelOthers: true }).markHandled();
    others[1].errback(boom);
    expect(others[0].called && others[2].called).toBe(true);
  });
});

describe('firstResult', () => {
  test('rule 44: the first success wins with its index; the rest are cancelled and swallowed', () => {
    const canceller = jest.fn();
    const loser = new Deferred<string>({ canceller });
    const winner = new Deferred<string>();
    expect(
      reportsOf(() => {
        const race = firstResult([fail(boom), loser, winner]);
        winner.callback('won');
        expect(race.result).toEqual(value({ index: 2, value: 'won' }));
      }),
    ).toEqual([]);
    expect(canceller).toHaveBeenCalledTimes(1);
    expect(loser.result).toEqual(value(undefined));
  });

  test('rule 44: when all fail, an AggregateError in input order', () => {
    const slow = new Deferred<string>();
    const race = firstResult([slow, fail(2)]).markHandled();
    slow.errback(1);
    expect(race.result).toEqual(failure(expect.objectContaining({ name: 'AggregateError', errors: [1, 2] })));
    expect(firstResult([]).markHandled().result).toEqual(failure(expect.any(AggregateError)));
  });
});
