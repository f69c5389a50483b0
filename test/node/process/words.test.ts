/** Lists of words in one text. */
import fc from 'fast-check';
import { formatWords, parseWords } from '../../../src/node/process/words.ts';

test.each([
  ['', []],
  ['  ', []],
  ['-u', ['-u']],
  ['-k 2  -n', ['-k', '2', '-n']],
  ["'a b' c", ['a b', 'c']],
  [String.raw`a\ b c\\d`, ['a b', String.raw`c\d`]],
  ["''", ['']],
  [String.raw`it\'s 'it'\''s'`, ["it's", "it's"]],
  ["a'b c'd", ['ab cd']],
  ['$HOME *.ts "x"', ['$HOME', '*.ts', '"x"']],
])('%j is %j', (text, words) => {
  expect(parseWords(text)).toEqual(words);
});

test.each(["'open", 'a \\', "a 'b"])('%j makes no sense', (text) => {
  expect(parseWords(text)).toBeUndefined();
});

test('what is written is read back', () => {
  const word = fc.oneof(fc.string({ unit: fc.constantFrom('a', ' ', "'", '\\', '=', ':', 'é') }), fc.string());
  fc.assert(fc.property(fc.array(word), (words) => expect(parseWords(formatWords(words))).toEqual(words)));
});
