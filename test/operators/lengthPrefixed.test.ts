import { Observable, of, take } from 'rxjs';
import { bytes, LimitExceeded, ProtocolError, show, type Bytes } from 'ropewalk';
import { everySplit } from 'ropewalk/marbles';
import { lengthPrefixed, type LengthPrefixedOptions } from 'ropewalk/operators';

const decoded = (wire: readonly number[], options: LengthPrefixedOptions): string[] =>
  everySplit(bytes(wire), lengthPrefixed(options).decode).map((message) => show(message));
const sent = (message: Bytes, options: LengthPrefixedOptions): Bytes => {
  let wire: Bytes | undefined;
  let failure: unknown;
  of(message)
    .pipe(lengthPrefixed(options).encode)
    .subscribe({ next: (chunk) => (wire = chunk), error: (error: unknown) => (failure = error) });
  if (wire === undefined) throw failure;
  return wire;
};

test.each<[LengthPrefixedOptions, number[]]>([
  [{ bytes: 1 }, [2]],
  [{ bytes: 2 }, [0, 2]],
  [{ bytes: 2, littleEndian: true }, [2, 0]],
  [{ bytes: 4 }, [0, 0, 0, 2]],
  [{ bytes: 4, littleEndian: true }, [2, 0, 0, 0]],
  [{ bytes: 'varint' }, [2]],
])('%j', (options, head) => {
  const wire = [...head, 104, 105];
  expect(decoded([...wire, ...head.map(() => 0), ...wire], options)).toEqual(["'hi'", "''", "'hi'"]);
  expect([...sent(bytes('hi'), options)]).toEqual(wire);
});

test('lengths of several bytes are written as the specifications have them', () => {
  // The Protocol Buffers documentation: 150 is 96 01, 300 is ac 02.
  expect([...sent(new Uint8Array(150), { bytes: 'varint' }).subarray(0, 2)]).toEqual([0x96, 0x01]);
  expect([...sent(new Uint8Array(300), { bytes: 'varint' }).subarray(0, 2)]).toEqual([0xac, 0x02]);
  expect([...sent(new Uint8Array(0x010203), { bytes: 4 }).subarray(0, 4)]).toEqual([0, 1, 2, 3]);
});

test.each<[LengthPrefixedOptions, number]>([
  [{ bytes: 1 }, 255],
  [{ bytes: 2 }, 65535],
  [{ bytes: 4 }, 1 << 20],
  [{ bytes: 'varint' }, 1 << 20],
])('%j has a limit when none is said', (options, limit) => {
  expect(sent(new Uint8Array(limit), options).length).toBeGreaterThan(limit);
  expect(() => sent(new Uint8Array(limit + 1), options)).toThrow(LimitExceeded);
});

test('a length over the limit is refused before anything else comes, also past 31 bits', () => {
  expect(() => decoded([0, 0, 0, 6], { bytes: 4, max: 5 })).toThrow(
    'receiving a message: 6 bytes were announced, and the limit is 5 bytes',
  );
  expect(() => decoded([255, 255, 255, 255], { bytes: 4 })).toThrow('4294967295 bytes were announced');
  expect(() => decoded([255, 255, 255, 255], { bytes: 4, littleEndian: true })).toThrow('4294967295 bytes');
  expect(() => decoded([255, 255, 255, 255, 15], { bytes: 'varint' })).toThrow('4294967295 bytes');
});

test('a varint has at most 32 bits in five bytes; padding within them is read', () => {
  expect(decoded([0x81, 0x80, 0x80, 0x80, 0x00, 97], { bytes: 'varint' })).toEqual(["'a'"]);
  for (const wire of [
    [255, 255, 255, 255, 16],
    [128, 128, 128, 128, 128],
    [255, 255, 255, 255, 255],
  ]) {
    expect(() => decoded(wire, { bytes: 'varint' })).toThrow(ProtocolError);
  }
});

test('a limit that the length cannot express is a mistake', () => {
  expect(() => lengthPrefixed({ bytes: 1, max: 256 })).toThrow(RangeError);
  expect(() => lengthPrefixed({ bytes: 4, max: 2 ** 32 })).toThrow(RangeError);
});

test('an end in the middle is an error', () => {
  expect(() => decoded([0, 0, 0], { bytes: 4 })).toThrow(
    String.raw`receiving a message: expected the rest of its length, got '\x00\x00\x00' and the end`,
  );
  expect(() => decoded([3, 97], { bytes: 1 })).toThrow("receiving a message: expected 3 bytes, got 'a' and the end");
});

test('leaving in the middle of a chunk stops at once', () => {
  const got: string[] = [];
  of(bytes([1, 97, 1, 98, 1, 99]))
    .pipe(lengthPrefixed({ bytes: 1 }).decode, take(2))
    .subscribe((message) => got.push(show(message)));
  expect(got).toEqual(["'a'", "'b'"]);
});

test('no memory is set aside for what is only announced', () => {
  const allocated: number[] = [];
  const allocate = jest.spyOn(Buffer, 'allocUnsafe').mockImplementation((size) => {
    allocated.push(size);
    return Buffer.alloc(size);
  });
  try {
    of(bytes([0x7f, 0xff, 0xff, 0xff, 1, 2, 3]))
      .pipe(lengthPrefixed({ bytes: 4, max: 0x7fffffff }).decode)
      .subscribe({ error() {} });
  } finally {
    allocate.mockRestore();
  }
  expect(Math.max(0, ...allocated)).toBeLessThan(1024);
});

test('a message of 32 MiB in pieces of 1 KiB', () => {
  const length = 32 << 20;
  const piece = new Uint8Array(1024).fill(7);
  let got = 0;
  new Observable<Bytes>((subscriber) => {
    subscriber.next(bytes([2, 0, 0, 0]));
    for (let i = 0; i < length / 1024; i++) subscriber.next(piece);
    subscriber.complete();
  })
    .pipe(lengthPrefixed({ bytes: 4, max: length }).decode)
    .subscribe((message) => (got = message.length));
  expect(got).toBe(length);
});
