import { concatMap, from, of } from 'rxjs';
import { bytes, LimitExceeded, ProtocolError, show } from 'ropewalk';
import { everySplit } from 'ropewalk/marbles';
import { delimited } from 'ropewalk/operators';

const decoded = (wire: string, delimiter: string, max?: number): string[] =>
  everySplit(bytes(wire), delimited(delimiter, { max }).decode).map((frame) => show(frame));

test('frames end at each delimiter, however long it is', () => {
  expect(decoded('a;;bc;', ';')).toEqual(["'a'", "''", "'bc'"]);
  expect(decoded('a\r\n\n\r\r\n', '\r\n')).toEqual(["'a'", String.raw`'\n\r'`]);
  expect(decoded('xaab--aaab--', 'aab--')).toEqual(["'x'", "'a'"]);
});

test('a delimiter that overlaps itself is found where it is first whole', () => {
  expect(decoded('xaaay--aa', 'aa')).toEqual(["'x'", "'ay--'"]);
});

test('frames are views of the chunk they came in', () => {
  const chunk = bytes('ab;cd;');
  of(chunk)
    .pipe(delimited(';').decode)
    .subscribe((frame) => expect(frame.buffer).toBe(chunk.buffer));
});

test('frames put together from several chunks stay as they are', () => {
  const frames: Uint8Array[] = [];
  from(['a', 'b;', 'c', 'd;'])
    .pipe(
      concatMap((part) => of(bytes(part))),
      delimited(';').decode,
    )
    .subscribe((frame) => frames.push(frame));
  expect(frames.map((frame) => show(frame))).toEqual(["'ab'", "'cd'"]);
});

test('the limit is exact: what may be the delimiter does not count yet', () => {
  expect(decoded('12345<->', '<->', 5)).toEqual(["'12345'"]);
  expect(() => decoded('123456<->', '<->', 5)).toThrow(LimitExceeded);
  let failure: unknown;
  const wire = (text: string): void => {
    failure = undefined;
    delimited('<->', { max: 5 })
      .decode(from([bytes(text)]).pipe(concatMap((chunk) => from([chunk, bytes('')]))))
      .subscribe({ error: (error: unknown) => (failure = error) });
  };
  wire('12345<-');
  expect(failure).toBeInstanceOf(ProtocolError);
  wire('12345<x');
  expect(failure).toBeInstanceOf(LimitExceeded);
  wire('123456');
  expect(failure).toBeInstanceOf(LimitExceeded);
});

test('a frame that a delimiter would cut short is not sent', () => {
  for (const [frame, delimiter] of [
    ['a;b', ';'],
    ['xa', 'aa'],
  ]) {
    let failure: unknown;
    of(bytes(frame))
      .pipe(delimited(delimiter).encode)
      .subscribe({ error: (error: unknown) => (failure = error) });
    expect(failure).toMatchObject({ name: 'ProtocolError', side: 'local' });
  }
});

test('an end in the middle of a frame is an error', () => {
  expect(() => decoded('a;b', ';')).toThrow("receiving a frame: expected ';' at its end, got 'b' and the end");
});

test('a delimiter has at least one byte', () => {
  expect(() => delimited('')).toThrow(RangeError);
});
