/** Looking at the wire, and leaving it as it is. */
import { concat, map, of, throwError } from 'rxjs';
import { bytes, lines, over, serve, wiretap, type Bytes, type Protocol } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';

function tapped<T>(format?: 'hex' | 'text', max?: number): { tap: ReturnType<typeof wiretap<T>>; log: string[] } {
  const log: string[] = [];
  return { log, tap: wiretap<T>({ format, max, log: (text) => log.push(text) }) };
}

test(
  "as a layer it shows both directions with the peer's name, and how each ended; wire and values, wherever it stands",
  marbles((m) => {
    const wire = tapped<Bytes>();
    const values = tapped<string>();
    const { listen, script } = m.memory();
    const shouting = over(
      wire.tap,
      lines(),
      values.tap,
      map((text: string) => text.toUpperCase()),
    );
    listen('memory:shout').pipe(serve(shouting)).subscribe();
    m.expect(script('memory:shout', '-a-b-|', { a: 'he', b: 'llo\n' }).received).toBe('---A-|', { A: 'HELLO\r\n' });
    m.flush();
    expect(wire.log).toEqual([
      "shout#1 > 2 bytes 'he'",
      "shout#1 > 4 bytes 'llo\\n'",
      "shout#1 < 7 bytes 'HELLO\\r\\n'",
      'shout#1 > end',
      'shout#1 < end',
    ]);
    expect(values.log).toEqual(["shout#1 > 'hello'", "shout#1 < 'HELLO'", 'shout#1 > end', 'shout#1 < end']);
  }),
);

test('as an operator it passes on the very values, and tells an error', () => {
  const { tap, log } = tapped<Bytes>();
  const chunk = bytes('x\0');
  const seen: unknown[] = [];
  concat(
    of(chunk),
    throwError(() => new Error('oops')),
  )
    .pipe(tap.decode)
    .subscribe({ next: (value) => seen.push(value), error: (error: unknown) => seen.push(error) });
  expect(seen).toEqual([chunk, new Error('oops')]);
  expect(seen[0]).toBe(chunk);
  expect(log).toEqual(["> 2 bytes 'x\\x00'", '> broke off: oops']);
});

test('in hex it looks like hexdump -C, and is cut at its limit', () => {
  const { tap, log } = tapped<Bytes>('hex', 20);
  of(
    Uint8Array.from({ length: 40 }, (_, at) => at + 60),
    bytes('\n'),
  )
    .pipe(tap.encode)
    .subscribe();
  expect(log[0].split('\n')).toEqual([
    '< 40 bytes',
    '  00000000  3c 3d 3e 3f 40 41 42 43  44 45 46 47 48 49 4a 4b  |<=>?@ABCDEFGHIJK|',
    '  00000010  4c 4d 4e 4f                                       |LMNO|',
    '  … 20 bytes more',
  ]);
  expect(log[1].split('\n')[1]).toMatch(/^ {2}00000000 {2}0a {46} {2}\|\.\|$/);
  expect(log[2]).toBe('< end');
});

test('values that are neither bytes nor text are shown as JSON, and cut', () => {
  const { tap, log } = tapped<unknown>('text', 10);
  of({ a: 1 }, undefined, 'x'.repeat(20), [1, 2, 3, 4, 5, 6]).pipe(tap.decode).subscribe();
  expect(log).toEqual([
    '> {"a":1}',
    '> undefined',
    "> 'xxxxxxxxxx'… (20 bytes)",
    '> [1,2,3,4,5… (13 characters)',
    '> end',
  ]);
});

test('it is a protocol layer like any other: typed through', () => {
  const shout: Protocol<string> = map((text) => text);
  const whole: Protocol<Bytes> = over(wiretap(), lines(), wiretap<string>(), shout);
  expect(whole).toBeInstanceOf(Function);
});
