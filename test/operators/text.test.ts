import fc from 'fast-check';
import { from, of, toArray } from 'rxjs';
import { bytes, show } from 'ropewalk';
import { text } from 'ropewalk/operators';

const decoded = (...chunks: number[][]): string[] => {
  let parts: string[] = [];
  from(chunks.map((chunk) => bytes(chunk)))
    .pipe(text().decode, toArray())
    .subscribe((all) => (parts = all));
  return parts;
};

test('a character that came in two pieces is one character', () => {
  expect(decoded([0x68, 0xc3], [0xa9, 0x21])).toEqual(['h', 'é!']);
  expect(decoded([0xf0], [0x9f], [], [0x8e], [0x89])).toEqual(['🎉']);
});

test('however text is cut, it is the same text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 5 }), (content, size) => {
      const wire = [...bytes(content)];
      const chunks = Array.from({ length: Math.ceil(wire.length / size) }, (_, i) =>
        wire.slice(i * size, (i + 1) * size),
      );
      expect(decoded(...chunks).join('')).toBe(content);
    }),
  );
});

test('what is not UTF-8 becomes U+FFFD, and so does half a character at the end', () => {
  expect(decoded([0xff, 0x61])).toEqual(['\ufffda']);
  expect(decoded([0x61, 0xc3])).toEqual(['a', '\ufffd']);
  expect(decoded([0xc3], [0x61])).toEqual(['\ufffda']);
});

test('a byte order mark is kept', () => {
  expect(decoded([0xef, 0xbb], [0xbf, 0x61])).toEqual(['\ufeffa']);
});

test('text leaves as UTF-8', () => {
  of('hé')
    .pipe(text().encode)
    .subscribe((wire) => expect(show(wire)).toBe(String.raw`'h\xc3\xa9'`));
});
