import { of } from 'rxjs';
import { bytes, ProtocolError, show } from 'ropewalk';
import { everySplit } from 'ropewalk/marbles';
import { fixedLength } from 'ropewalk/operators';

test('cuts what arrives every so many bytes', () => {
  expect(everySplit(bytes('abcdef'), fixedLength(2).decode).map((it) => show(it))).toEqual(["'ab'", "'cd'", "'ef'"]);
  expect(everySplit(bytes(''), fixedLength(2).decode)).toEqual([]);
});

test('an end in the middle of a message is an error', () => {
  expect(() => everySplit(bytes('abc'), fixedLength(2).decode)).toThrow(
    "receiving a message of 2 bytes: expected 2 bytes, got 'c' and the end",
  );
});

test('a message of another length is not sent', () => {
  let failure: unknown;
  of(bytes('ab'), bytes('abc'))
    .pipe(fixedLength(2).encode)
    .subscribe({ error: (error: unknown) => (failure = error) });
  expect(failure).toEqual(new ProtocolError('sending a message of 2 bytes: got 3 bytes', { side: 'local' }));
});

test('a length is a whole number from 1 on', () => {
  for (const length of [0, -1, 1.5, Infinity]) expect(() => fixedLength(length)).toThrow(RangeError);
});
