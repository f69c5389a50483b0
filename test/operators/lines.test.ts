import fc from 'fast-check';
import { concat as then, from, map, NEVER, Observable, of, range, Subject, take, throwError, toArray } from 'rxjs';
import { bytes, concat, equal, LimitExceeded, ProtocolError, show, type Bytes } from 'ropewalk';
import { everySplit } from 'ropewalk/marbles';
import { lines } from 'ropewalk/operators';

const decoded = (wire: string, options?: Parameters<typeof lines>[0]): string[] =>
  everySplit(bytes(wire), lines(options).decode);
const sent = (line: string, options?: Parameters<typeof lines>[0]): string => {
  let wire = '';
  of(line)
    .pipe(lines(options).encode)
    .subscribe((chunk) => {
      wire += show(chunk, { max: 1000 });
    });
  return wire;
};
const failure = (work: Observable<unknown>): { messages: unknown[]; error: unknown } => {
  const messages: unknown[] = [];
  let error: unknown;
  work.subscribe({ next: (message) => messages.push(message), error: (reason: unknown) => (error = reason) });
  return { messages, error };
};

test('LF and CRLF both end a line, and CRLF is sent', () => {
  expect(decoded('a\nb\r\n\n\r\nc d\n')).toEqual(['a', 'b', '', '', 'c d']);
  expect(sent('hello')).toBe(String.raw`'hello\r\n'`);
});

test('a CR elsewhere is part of the line', () => {
  expect(decoded('a\rb\r\r\n')).toEqual(['a\rb\r']);
});

test('a delimiter that is given is used exactly, both ways', () => {
  expect(decoded('a\nb\0\0c\r\0', { delimiter: '\0' })).toEqual(['a\nb', '', 'c\r']);
  expect(decoded('a\nb\r\nc\r\r\n', { delimiter: '\r\n' })).toEqual(['a\nb', 'c\r']);
  expect(decoded('a-<-->b<->', { delimiter: '<->' }).join()).toBe('a-<-->b');
  expect(decoded('é→à→', { delimiter: '→' })).toEqual(['é', 'à']);
  expect(sent('a', { delimiter: '\n' })).toBe(String.raw`'a\n'`);
});

test('text is UTF-8; what is not becomes U+FFFD', () => {
  expect(decoded('héllo\n日本語\r\n🎉\n')).toEqual(['héllo', '日本語', '🎉']);
  expect(everySplit(bytes([0xff, 0x61, 0xc3, 0x0a]), lines().decode)).toEqual(['\ufffda\ufffd']);
  expect(decoded('\ufeffa\n')).toEqual(['\ufeffa']);
});

test('whatever is sent arrives as it was', () => {
  const line = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\n'));
  fc.assert(
    fc.property(fc.array(line), (texts) => {
      const wires: Bytes[] = [];
      from(texts)
        .pipe(lines().encode)
        .subscribe((wire) => wires.push(wire));
      expect(everySplit(concat(wires), lines().decode)).toEqual(texts);
    }),
    { numRuns: 50 },
  );
});

test('a line to be sent that contains what ends lines is refused', () => {
  for (const [line, delimiter] of [
    ['a\nQUIT', undefined],
    ['a\r\nQUIT', undefined],
    ['a;b', ';'],
    // The last character and the first of the delimiter would make one.
    ['a;', ';;'],
  ]) {
    const { messages, error } = failure(of('first', line as string).pipe(lines({ delimiter }).encode));
    expect(messages).toHaveLength(1);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ side: 'local' });
  }
  expect(failure(of('a\nQUIT').pipe(lines().encode)).error).toMatchObject({
    message: String.raw`sending a line: expected none of '\n' inside, got 'a\nQUIT'`,
  });
});

test('a line of the limit passes, its ending not counted; one byte more does not, and the lines before it come first', () => {
  expect(decoded('12345\r\n12345\n', { max: 5 })).toEqual(['12345', '12345']);
  for (const line of ['123456\n', '123456\r\n', '12345é\n', '12345\r\r\n']) {
    const { messages, error } = failure(of(bytes(`ok\n${line}ok\n`)).pipe(lines({ max: 5 }).decode));
    expect(messages).toEqual(['ok']);
    expect(error).toBeInstanceOf(LimitExceeded);
  }
  expect(() => decoded('123456', { max: 5 })).toThrow("receiving a line: expected at most 5 bytes, got '123456'");
});

test('a limit is in bytes of UTF-8', () => {
  expect(decoded('éé\n', { max: 4 })).toEqual(['éé']);
  expect(() => decoded('ééé\n', { max: 5 })).toThrow(LimitExceeded);
});

test('a line that is too long is known before it ends', () => {
  const wire = new Subject<Bytes>();
  const { messages, error } = failure(
    of(bytes('12345\r')).pipe((first) => then(first, NEVER), lines({ max: 5 }).decode),
  );
  expect([messages, error]).toEqual([[], undefined]);
  const got: unknown[] = [];
  wire.pipe(lines({ max: 5 }).decode).subscribe({ error: (reason: unknown) => got.push(reason) });
  wire.next(bytes('12345\r'));
  expect(got).toEqual([]);
  wire.next(bytes('6'));
  expect(got).toEqual([expect.any(LimitExceeded)]);
  expect(wire.observed).toBe(false);
});

test('16,384 bytes are the limit when none is said', () => {
  expect(decoded(`${'x'.repeat(16384)}\n`)).toHaveLength(1);
  expect(() => decoded(`${'x'.repeat(16385)}`)).toThrow(LimitExceeded);
});

test('an end in the middle of a line is an error that shows what came', () => {
  expect(() => decoded('a\nGET /\x01')).toThrow(
    String.raw`receiving a line: expected '\n' at its end, got 'GET /\x01' and the end`,
  );
  expect(() => decoded('x'.repeat(500))).toThrow(/… \(500 bytes\)/);
  expect(() => decoded('a')).toThrow(expect.objectContaining({ name: 'ProtocolError', side: 'remote' }));
});

test('nothing in, nothing out; an error of the source passes', () => {
  expect(decoded('')).toEqual([]);
  const { messages, error } = failure(
    then(
      of(bytes('a\nb')),
      throwError(() => new Error('lost')),
    ).pipe(lines().decode),
  );
  expect(messages).toEqual(['a']);
  expect(error).toEqual(new Error('lost'));
});

test('leaving in the middle of a chunk stops at once, even a source that never stops by itself', () => {
  let chunks = 0;
  const got: string[] = [];
  range(0, Infinity)
    .pipe(
      map(() => {
        chunks++;
        return bytes('a\nb\nc\n');
      }),
      lines().decode,
      take(2),
    )
    .subscribe((line) => got.push(line));
  expect([got, chunks]).toEqual([['a', 'b'], 1]);
});

test('bytes that a line brings about come after the lines of its chunk', () => {
  const wire = new Subject<Bytes>();
  const got: string[] = [];
  wire.pipe(lines().decode).subscribe({
    next(line) {
      got.push(line);
      if (line !== 'a') return;
      wire.next(bytes('d\n'));
      wire.complete();
    },
    complete: () => got.push('|'),
  });
  wire.next(bytes('a\nb\nc'));
  expect(got).toEqual(['a', 'b', 'cd', '|']);
});

test('two subscriptions to one operator know nothing of each other', () => {
  const { decode } = lines();
  const got: string[][] = [];
  for (const wire of ['a\nb\n', 'c\n']) {
    of(bytes(wire))
      .pipe(decode, toArray())
      .subscribe((all) => got.push(all));
  }
  expect(got).toEqual([['a', 'b'], ['c']]);
});

test('what cannot be meant is refused at once', () => {
  expect(() => lines({ delimiter: '' })).toThrow(RangeError);
  for (const max of [-1, 1.5, Number.NaN]) expect(() => lines({ max })).toThrow(RangeError);
});

test('a line of 10 MB in pieces of one byte', () => {
  const length = 10_000_000;
  const piece = bytes('x');
  let got = 0;
  new Observable<Bytes>((subscriber) => {
    for (let i = 0; i < length; i++) subscriber.next(piece);
    subscriber.next(bytes('\n'));
    subscriber.complete();
  })
    .pipe(lines({ max: length }).decode)
    .subscribe((line) => (got += line.length));
  expect(got).toBe(length);
});

test('60,000 lines in one chunk', () => {
  let got = 0;
  of(bytes('some words on a line\r\n'.repeat(60_000)))
    .pipe(lines().decode)
    .subscribe(() => got++);
  expect(got).toBe(60_000);
});

test('no byte is copied more than a few times, however small the pieces', () => {
  const set = jest.spyOn(Uint8Array.prototype, 'set');
  try {
    let copied = 0;
    set.mockImplementation(function (this: Uint8Array, source: ArrayLike<number>, at = 0) {
      copied += source.length;
      for (let i = 0; i < source.length; i++) this[at + i] = source[i];
    });
    const length = 300_000;
    const pieces = Array.from({ length: length / 100 }, () => bytes('x'.repeat(100)));
    let got = '';
    from([...pieces, bytes('\n')])
      .pipe(lines({ max: length }).decode)
      .subscribe((line) => (got = line));
    expect(equal(bytes(got), bytes('x'.repeat(length)))).toBe(true);
    expect(copied).toBeLessThan(length * 4);
  } finally {
    set.mockRestore();
  }
});
