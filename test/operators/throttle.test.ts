import { asyncScheduler, map } from 'rxjs';
import { feed, HoldGroup, utf8 } from 'ropewalk';
import { marbles, wire } from 'ropewalk/marbles';
import { throttle } from 'ropewalk/operators';
import { Observable, type Subscriber } from 'rxjs';

describe('throttle', () => {
  test(
    'lets a burst pass at once, and the rest at the rate',
    marbles((m) => {
      // 20 bytes a second: a piece is a twentieth of that, one byte, every 50 ms.
      m.expect(wire('a|', { a: 'abcdef' }).pipe(throttle(20, { burst: 3 }))).toBe('a 49ms d 49ms e 49ms (f|)', {
        a: 'abc',
        d: 'd',
        e: 'e',
        f: 'f',
      });
    }),
  );

  test(
    'bytes that come slower pass as they come',
    marbles((m) => m.expect(wire('a 999ms b 999ms c|').pipe(throttle(10))).toBe('a 999ms b 999ms c|')),
  );

  test(
    'an error passes at once; leaving early stops the clock',
    marbles((m) => {
      m.expect(wire('a-#', { a: 'abcdef' }).pipe(throttle(2))).toBe('a-#', { a: 'ab' });
      m.expect(wire('a-', { a: 'abcdef' }).pipe(throttle(2)), '^--!').toBe('a-', { a: 'ab' });
    }),
  );

  test(
    'holds whoever the waiting bytes came from, until they are through, and hands them on in its name',
    marbles((m) => {
      const log: string[] = [];
      let emit: Subscriber<Uint8Array> | undefined;
      const group = new HoldGroup({
        pause: () => log.push(`held at ${asyncScheduler.now()}`),
        resume: () => log.push(`released at ${asyncScheduler.now()}`),
        now: () => asyncScheduler.now(),
      });
      const source = new Observable<Uint8Array>((subscriber) => void (emit = subscriber));
      source
        .pipe(
          throttle(1000, { burst: 100 }),
          map((chunk) => utf8(chunk).length),
        )
        .subscribe((n) => log.push(`${n}`));
      feed(group, { next: (chunk: Uint8Array) => emit?.next(chunk) }, new Uint8Array(250));
      m.flush();
      expect(log).toEqual(['100', 'held at 0', '50', '50', '50', 'released at 150']);
      expect(group.held).toBe(false);
    }),
  );

  test('refuses what makes no sense', () => {
    expect(() => throttle(0)).toThrow(RangeError);
    expect(() => throttle(10, { burst: 0 })).toThrow(RangeError);
  });
});
