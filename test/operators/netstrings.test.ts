import { of } from 'rxjs';
import { bytes, LimitExceeded, ProtocolError, show } from 'ropewalk';
import { everySplit } from 'ropewalk/marbles';
import { netstrings } from 'ropewalk/operators';

const decoded = (wire: string, max?: number): string[] =>
  everySplit(bytes(wire), netstrings({ max }).decode).map((content) => show(content));

test('the examples of the specification', () => {
  expect(decoded('12:hello world!,')).toEqual(["'hello world!'"]);
  expect(decoded('0:,')).toEqual(["''"]);
  of(bytes('hello world!'), bytes(''))
    .pipe(netstrings().encode)
    .subscribe((wire) => expect(["'12:hello world!,'", "'0:,'"]).toContain(show(wire)));
});

test('a netstring in a netstring', () => {
  expect(decoded('8:5:hello,,3:abc,')).toEqual(["'5:hello,'", "'abc'"]);
});

test.each([
  ['05:hello,', "expected ':' after '0', got '5'"],
  ['00:,', "expected ':' after '0', got '0'"],
  [':,', "expected a digit, got ':'"],
  ['5hello,', "expected a digit or ':', got 'h'"],
  [' 5:hello,', "expected a digit, got ' '"],
  ['-1:,', "expected a digit, got '-'"],
  ['5:hello;', "expected ',' after its 5 bytes, got ';'"],
  ['5:hel', "expected 6 bytes, got 'hel' and the end"],
  ['5:hello', "expected 6 bytes, got 'hello' and the end"],
  ['5:', 'expected 6 bytes, got the end'],
  ['12', "expected the rest of its length, got '12' and the end"],
])('%s is refused', (wire, problem) => {
  const attempt = (): unknown => decoded(wire);
  expect(attempt).toThrow(ProtocolError);
  expect(attempt).toThrow(`receiving a netstring: ${problem}`);
});

test('a length over the limit is refused at its first digit too many', () => {
  expect(decoded('5:hello,', 5)).toEqual(["'hello'"]);
  expect(() => decoded('6', 5)).toThrow(LimitExceeded);
  expect(() => decoded('100000')).toThrow(
    'receiving a netstring: at least 100000 bytes were announced, and the limit is 99999 bytes',
  );
  expect(() => decoded('9'.repeat(1000))).toThrow(LimitExceeded);
});

test('what came before the bad one comes out first', () => {
  const got: string[] = [];
  of(bytes('1:a,1:b;'))
    .pipe(netstrings().decode)
    .subscribe({
      next: (content) => got.push(show(content)),
      error: (error: unknown) => got.push((error as Error).name),
    });
  expect(got).toEqual(["'a'", 'ProtocolError']);
});

test('more than the limit is not sent', () => {
  let failure: unknown;
  of(bytes('123456'))
    .pipe(netstrings({ max: 5 }).encode)
    .subscribe({ error: (error: unknown) => (failure = error) });
  expect(failure).toEqual(new LimitExceeded('sending a netstring of 6 bytes: the limit is 5 bytes', 5));
});
