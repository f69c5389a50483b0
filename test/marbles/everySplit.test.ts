import { map, startWith } from 'rxjs';
import { bytes, ProtocolError, utf8 } from 'ropewalk';
import { everySplit } from 'ropewalk/marbles';
import { lines, netstrings } from 'ropewalk/operators';

test('gives the messages, which are the same however the capture is cut', () => {
  expect(everySplit(bytes('GET /\r\nHost: x\n'), lines().decode)).toEqual(['GET /', 'Host: x']);
  expect(everySplit(bytes(''), lines().decode)).toEqual([]);
});

test('tells where it was cut, what was fed and what came when it makes a difference', () => {
  expect(() =>
    everySplit(
      bytes('ab\r'),
      map((chunk) => utf8(chunk)),
    ),
  ).toThrow(
    String.raw`3 bytes cut after byte 0 gave something else than all at once
  fed       '' | 'ab\r'
  expected  ['ab\r'] completed
  actual    ['', 'ab\r'] completed`,
  );
});

test('throws what the operator fails with when it is the same for every cut', () => {
  expect(() => everySplit(bytes('5:hello;'), netstrings().decode)).toThrow(ProtocolError);
  expect(() => everySplit(bytes('5:hel'), netstrings().decode)).toThrow(ProtocolError);
});

test('a capture that goes on is not ended', () => {
  expect(everySplit(bytes('a\nb'), lines().decode, { complete: false })).toEqual(['a']);
});

test('what is emitted before any byte counts as well', () => {
  expect(everySplit(bytes('a\n'), (source) => source.pipe(lines().decode, startWith('hello')))).toEqual(['hello', 'a']);
});

test('a long capture is cut at random, and the seed is told', () => {
  const capture = bytes('x'.repeat(99).concat('\n').repeat(50));
  expect(everySplit(capture, lines().decode)).toHaveLength(50);
  expect(() =>
    everySplit(
      capture,
      map((chunk) => chunk.length),
      { seed: 7 },
    ),
  ).toThrow(/5000 bytes cut after byte \d+ \(seed 7, sample 0\) gave something else/);
});
