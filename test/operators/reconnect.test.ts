import { asyncScheduler, defer, EMPTY, NEVER, of, throwError } from 'rxjs';
import { ConnectionRefused } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { backoff, reconnect } from 'ropewalk/operators';

describe('reconnect', () => {
  const refused = new ConnectionRefused('nobody listens there');

  test(
    'subscribes again after an error, and after an end in order',
    marbles((m) => {
      const source = m.cold('-a#');
      const expected = '      -a----a----a----a';
      m.expect(source.pipe(reconnect({ delay: 3 })), '^----------------!').toBe(expected);
      m.expect(m.cold('-a|').pipe(reconnect({ delay: 3 })), '^----------------!').toBe(expected);
    }),
  );

  test(
    'waits longer after each failure in a row',
    marbles((m) => {
      const attempts: number[] = [];
      const start = asyncScheduler.now();
      const failing = defer(() => {
        attempts.push(asyncScheduler.now() - start);
        return throwError(() => refused);
      });
      const delay = backoff({ first: 100, factor: 2, max: 500, jitter: false });
      m.expect(failing.pipe(reconnect({ delay })), '^ 2s !').toBe('-');
      m.flush();
      expect(attempts).toEqual([0, 100, 300, 700, 1200, 1700]);
    }),
  );

  test(
    'a try that emitted, or lasted longer than the wait before it, sets the count back',
    marbles((m) => {
      const seen: number[] = [];
      const delay = (failures: number): number => {
        seen.push(failures);
        return 10;
      };
      const tries = [throwError(() => refused), throwError(() => refused), of('a'), EMPTY, m.cold('20ms #')];
      const source = defer(() => tries.shift() ?? NEVER);
      m.expect(source.pipe(reconnect({ delay })), '^ 100ms !').toBe('20ms a');
      m.flush();
      expect(seen).toEqual([1, 2, 1, 2, 1]);
    }),
  );

  test(
    'gives up after so many failures in a row, with the last error',
    marbles((m) => {
      m.expect(throwError(() => refused).pipe(reconnect({ delay: 5, attempts: 3 }))).toBe('15ms #', {}, refused);
    }),
  );

  test(
    'comes back only when it may',
    marbles((m) => {
      const when = (error: unknown): boolean => error === undefined;
      m.expect(m.cold('-a#', {}, refused).pipe(reconnect({ delay: 1, when }))).toBe('-a#', {}, refused);
      m.expect(m.cold('-a|').pipe(reconnect({ delay: 1, when })), '^-----!').toBe('-a--a-');
    }),
  );

  test(
    'unsubscribing while it waits, or while it is subscribed, leaves nothing behind',
    marbles((m) => {
      m.expect(throwError(() => refused).pipe(reconnect({ delay: 1000 })), '^ 10ms !').toBe('-');
      m.expect(NEVER.pipe(reconnect()), '^ 10ms !').toBe('-');
    }),
  );
});

describe('backoff', () => {
  test('grows by the factor up to the maximum', () => {
    const delay = backoff({ first: 1000, factor: 1.5, max: 4000, jitter: false });
    expect([1, 2, 3, 4, 5, 1000].map(delay)).toEqual([1000, 1500, 2250, 3375, 4000, 4000]);
  });

  test('jitter spreads a delay over its upper half', () => {
    expect(backoff({ random: () => 0 })(1)).toBe(1000);
    expect(backoff({ random: () => 0.999999 })(1)).toBe(500);
  });

  test('refuses what makes no sense', () => {
    expect(() => backoff({ factor: 0.5 })).toThrow(RangeError);
    expect(() => backoff({ first: NaN })).toThrow(RangeError);
  });
});
