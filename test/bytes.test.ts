import fc from 'fast-check';
import * as here from '../src/bytes.ts';

type BytesModule = typeof import('../src/bytes.ts');

/** Loads modules afresh where there is no `Buffer`, as in a browser. */
function withoutBuffer<Module>(load: () => Module): Module {
  const { Buffer: kept } = globalThis;
  let loaded: Module | undefined;
  Reflect.deleteProperty(globalThis, 'Buffer');
  try {
    jest.isolateModules(() => {
      loaded = load();
    });
  } finally {
    globalThis.Buffer = kept;
  }
  return loaded as Module;
}

const platforms: [string, BytesModule][] = [
  ["Node's Buffer", here],
  ['what every platform has', withoutBuffer(() => require('../src/bytes.ts') as BytesModule)],
];

test('the two platforms are two', () => {
  const made = platforms.map(([, { allocate }]) => Buffer.isBuffer(allocate(1)));
  expect(made).toEqual([true, false]);
});

describe.each(platforms)(
  'with %s',
  (_, { allocate, bytes, concat, equal, indexOf, isAscii, latin1, show, utf8, utf8Part }) => {
    test('text goes to UTF-8 and back', () => {
      expect([...bytes('hé')]).toEqual([0x68, 0xc3, 0xa9]);
      expect([...bytes([1, 2, 255])]).toEqual([1, 2, 255]);
      fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => utf8(bytes(text)) === text));
    });

    test('may stand in map, whose second argument is an index', () => {
      expect(['a', 'b'].map((text) => bytes(text)).map(utf8)).toEqual(['a', 'b']);
      expect([bytes('ab'), bytes('cd')].map(latin1)).toEqual(['ab', 'cd']);
    });

    test('a part of the bytes is counted in bytes', () => {
      const content = bytes('aéb\r\n');
      expect(utf8Part(content, 1, 3)).toBe('é');
      expect(utf8Part(content, 3, 6)).toBe('b\r\n');
      expect(latin1(content.subarray(0, 3))).toBe('aÃ©');
      expect(latin1(bytes('x'.repeat(10_000)))).toBe('x'.repeat(10_000));
    });

    test('what is not UTF-8 becomes U+FFFD, and a byte order mark is kept', () => {
      expect(utf8(bytes([0x61, 0xff, 0xc3]))).toBe('a\ufffd\ufffd');
      expect(utf8(bytes([0xef, 0xbb, 0xbf, 0x61]))).toBe('\ufeffa');
    });

    test('ASCII is every byte below 128', () => {
      expect([isAscii(bytes('a\x7f\0')), isAscii(bytes('é')), isAscii(bytes(''))]).toEqual([true, false, true]);
    });

    test('a needle is found where it first begins', () => {
      expect(indexOf(bytes('a\r\r\n\r\n'), bytes('\r\n'))).toBe(2);
      expect(indexOf(bytes('a\r\r\n\r\n'), bytes('\r\n'), 3)).toBe(4);
      expect(indexOf(bytes('a\r\r'), bytes('\r\n'))).toBe(-1);
      expect(indexOf(bytes('ab'), bytes('b'), 5)).toBe(-1);
      const letters = fc.array(fc.constantFrom(97, 98), { maxLength: 30 });
      fc.assert(
        fc.property(letters, fc.array(fc.constantFrom(97, 98), { minLength: 1, maxLength: 4 }), (hay, needle) => {
          const text = String.fromCharCode(...hay);
          expect(indexOf(bytes(hay), bytes(needle))).toBe(text.indexOf(String.fromCharCode(...needle)));
        }),
      );
    });

    test('bytes are joined and compared', () => {
      expect(equal(concat([bytes('ab'), bytes('c')]), bytes('abc'))).toBe(true);
      expect(equal(bytes('ab'), bytes('abc'))).toBe(false);
      expect(equal(bytes('abd'), bytes('abc'))).toBe(false);
      expect(allocate(5)).toHaveLength(5);
    });

    test('people are shown printable ASCII as it is, the rest escaped, and not more than they want', () => {
      expect(show('a\r\n\t\\é')).toBe(String.raw`'a\r\n\t\\\xc3\xa9'`);
      expect(show('x'.repeat(100), { max: 5 })).toBe("'xxxxx'… (100 bytes)");
    });
  },
);

test('where there is no Buffer the framings obey the same laws', () => {
  const { operators, marbles } = withoutBuffer(() => ({
    operators: require('ropewalk/operators') as typeof import('ropewalk/operators'),
    marbles: require('ropewalk/marbles') as typeof import('ropewalk/marbles'),
  }));
  const texts = ['', 'a', 'héllo', 'x'.repeat(300)];
  const blobs = texts.map((text) => here.bytes(text));
  const { expectCodec } = marbles;
  expectCodec(operators.lines({ max: 300 })).toObeyLaws(texts, { limit: 300, garbage: 40 });
  expectCodec(operators.delimited('\r\n', { max: 300 })).toObeyLaws(blobs, { limit: 300, garbage: 40 });
  expectCodec(operators.lengthPrefixed({ bytes: 2 })).toObeyLaws(blobs, { garbage: 40 });
});
