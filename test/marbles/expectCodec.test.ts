import { concatMap, from, map, Observable } from 'rxjs';
import { bytes, codec, concat, LimitExceeded, ProtocolError, utf8, type Bytes, type Codec } from 'ropewalk';
import { expectCodec } from 'ropewalk/marbles';
import { delimited, fixedLength, lengthPrefixed, lines, netstrings } from 'ropewalk/operators';

const texts = ['', 'a', 'héllo', 'x'.repeat(1000), '日本語'];
const blobs = texts.map((text) => bytes(text));

test('every framing obeys the laws', () => {
  expectCodec(lines({ max: 1000 })).toObeyLaws(texts, { limit: 1000 });
  expectCodec(lines({ max: 1000, delimiter: '\0' })).toObeyLaws(texts, { limit: 1000 });
  expectCodec(lines({ max: 1000, delimiter: '\r\n' })).toObeyLaws(['a\nb', 'a\r', ...texts], { limit: 1000 });
  expectCodec(delimited('<->', { max: 1000 })).toObeyLaws([bytes('<'), bytes('-<-'), ...blobs], { limit: 1000 });
  expectCodec(netstrings({ max: 1000 })).toObeyLaws(blobs, { limit: 1000, wider: netstrings() });
  expectCodec(fixedLength(3)).toObeyLaws([bytes('abc'), bytes([0, 1, 2])]);
});

test.each([1, 2, 4, 'varint'] as const)('messages with a length of %s bytes in front obey the laws', (size) => {
  for (const littleEndian of [false, true]) {
    const wider = lengthPrefixed({ bytes: size, littleEndian });
    const short = [bytes(''), bytes('a'), bytes('x'.repeat(200))];
    expectCodec(lengthPrefixed({ bytes: size, littleEndian, max: 200 })).toObeyLaws(short, { limit: 200, wider });
  }
});

const asText = (decode: (source: Observable<Bytes>) => Observable<string>): Codec<Bytes, string> =>
  codec(decode, lines().encode);
const laws = (broken: Codec<Bytes, string>): (() => void) => {
  return () => expectCodec(broken).toObeyLaws(['a', 'bc', 'déf']);
};

/** Splits at CRLF; the parts are there to be got wrong. */
const splitting = ({ end = true, slow = false, shared = false, lost = false } = {}): Codec<Bytes, string> => {
  let common = '';
  return asText(
    (source) =>
      new Observable((subscriber) => {
        let own = '';
        return source.subscribe({
          next(chunk) {
            let rest = (shared ? common : own) + Array.from(chunk, (byte) => String.fromCharCode(byte)).join('');
            const parts = rest.split('\r\n');
            rest = parts.pop() ?? '';
            if (slow && parts.length > 0 && rest !== '') {
              rest = `${parts.pop()}\r\n${rest}`;
            }
            if (shared) common = rest;
            else own = rest;
            for (const part of parts) subscriber.next(utf8(Uint8Array.from(part, (c) => c.charCodeAt(0))));
          },
          error: (error: unknown) => subscriber.error(error),
          complete() {
            const rest = shared ? common : own;
            if (end && rest !== '') subscriber.error(lost ? new Error('lost') : new ProtocolError('inside'));
            else subscriber.complete();
          },
        });
      }),
  );
};

describe('a broken codec is found out', () => {
  test('one that takes each chunk for a message', () => {
    expect(laws(asText((source) => source.pipe(map((chunk) => utf8(chunk)))))).toThrow(
      String.raw`the codec breaks a law: round trip
  fed       'a\r\n'
  expected  ['a'] completed
  actual    ['a\r\n'] completed`,
    );
  });

  test('one that splits each chunk by itself', () => {
    const decode = concatMap((chunk: Bytes) => from(utf8(chunk).split('\r\n').slice(0, -1)));
    expect(laws(asText(decode))).toThrow(
      String.raw`the codec breaks a law: every split
13 bytes cut after byte 1 gave something else than all at once
  fed       'a' | '\r\nbc\r\nd\xc3\xa9f\r\n'
  expected  ['a', 'bc', 'd\xc3\xa9f'] completed
  actual    ['', 'bc', 'd\xc3\xa9f'] completed`,
    );
  });

  test('one that waits for the next message before it hands one on', () => {
    expect(laws(splitting({ slow: true }))).toThrow('the codec breaks a law: trailing bytes');
  });

  test('one that completes in the middle of a message', () => {
    expect(laws(splitting({ end: false }))).toThrow('the codec breaks a law: truncation');
  });

  test('one whose error is of no family', () => {
    expect(laws(splitting({ lost: true }))).toThrow('the codec breaks a law: truncation');
  });

  test('one that keeps its state outside the subscription', () => {
    expect(laws(splitting({ shared: true }))).toThrow('the codec breaks a law');
  });

  test('one that keeps whatever comes', () => {
    expect(() => expectCodec(lines({ max: Infinity })).toObeyLaws(['a'], { hoard: 1 << 20 })).toThrow(
      'a message or an error within 1048576 bytes of this',
    );
  });

  test('one that lets a byte too many pass, or refuses the last one allowed', () => {
    expect(() => expectCodec(lines({ max: 11 })).toObeyLaws(['a'], { limit: 10 })).toThrow(
      'the codec breaks a law: limits: 11 of 10 bytes',
    );
    expect(() => expectCodec(lines({ max: 9 })).toObeyLaws(['a'], { limit: 10 })).toThrow(
      'the codec breaks a law: limits: 10 of 10 bytes',
    );
  });

  test('one that tells of a message too long only when it is whole', () => {
    const patient: Codec<Bytes, string> = asText((source) =>
      source.pipe(
        lines().decode,
        map((line) => {
          if (line.length > 10) throw new LimitExceeded('too long', 10);
          return line;
        }),
      ),
    );
    expect(() => expectCodec(patient).toObeyLaws(['a'], { limit: 10 })).toThrow(
      'the codec breaks a law: limits: 11 of 10 bytes',
    );
  });

  test('one that crashes on garbage', () => {
    const fragile = asText((source) =>
      source.pipe(
        lines().decode,
        map((line) => {
          if (line.includes('\ufffd')) throw new TypeError('undefined is not a function');
          return line;
        }),
      ),
    );
    expect(laws(fragile)).toThrow(/breaks a law: garbage \(seed 1, round \d+\)/);
  });

  test('one that writes into what it was given', () => {
    const scribbling = asText((source) =>
      source.pipe(
        map((chunk) => {
          const copy = chunk.slice();
          chunk.fill(0);
          return copy;
        }),
        lines().decode,
      ),
    );
    expect(laws(scribbling)).toThrow(String.raw`the chunk 'a\r\n' was written into: it became '\x00\x00\x00'`);
  });

  test('one that emits without end', () => {
    const endless = codec<Bytes, Bytes>(
      (source) =>
        new Observable((subscriber) =>
          source.subscribe({
            next(chunk) {
              if (chunk.length === 2 && chunk[0] === 1) subscriber.next(chunk.subarray(1));
              else while (!subscriber.closed) subscriber.next(chunk);
            },
            error: (error: unknown) => subscriber.error(error),
            complete: () => subscriber.complete(),
          }),
        ),
      map((message) => concat([bytes([message.length]), message])),
    );
    expect(() => expectCodec(endless).toObeyLaws([bytes('a')])).toThrow('more than');
  });
});

test('a codec over another form of message says how one of a length is made', () => {
  const pairs = codec<Bytes, { text: string }>(
    (wire) =>
      wire.pipe(
        lines({ max: 20 }).decode,
        map((text) => ({ text })),
      ),
    (messages) =>
      messages.pipe(
        map(({ text }) => text),
        lines().encode,
      ),
  );
  expect(() => expectCodec(pairs).toObeyLaws([{ text: 'a' }], { limit: 20 })).toThrow('say with `sized`');
  expectCodec(pairs).toObeyLaws([{ text: 'a' }], { limit: 20, sized: (length) => ({ text: 'x'.repeat(length) }) });
});
