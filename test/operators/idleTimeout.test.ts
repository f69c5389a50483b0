import { TimedOut } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { idleTimeout } from 'ropewalk/operators';

describe('idleTimeout', () => {
  test(
    'silence from the beginning times out',
    marbles((m) => m.expect(m.cold('-').pipe(idleTimeout(5))).toBe('-----#', {}, TimedOut)),
  );

  test(
    'each value begins the time anew',
    marbles((m) => m.expect(m.cold('a--b---c----').pipe(idleTimeout(5))).toBe('a--b---c----#', {}, TimedOut)),
  );

  test(
    'an end in order leaves no timer behind',
    marbles((m) => m.expect(m.cold('a--b-|').pipe(idleTimeout(1000))).toBe('a--b-|')),
  );

  test(
    'errors pass on',
    marbles((m) => m.expect(m.cold('a-#').pipe(idleTimeout(1000))).toBe('a-#')),
  );

  test(
    'leaving early stops the clock',
    marbles((m) => m.expect(m.cold('a---').pipe(idleTimeout(5)), '^--!').toBe('a---')),
  );

  test('refuses a time that is none', () => {
    expect(() => idleTimeout(0)).toThrow(RangeError);
    expect(() => idleTimeout(NaN)).toThrow(RangeError);
  });
});
