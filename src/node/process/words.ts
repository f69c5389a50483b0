/**
 * Several words in one text, as a shell's user writes them: for the fields of an endpoint that are lists.
 * Knows: spaces, quotes, backslashes. Does not know: variables, wildcards, or anything else that a shell does; there is none.
 *
 *     words = [ word *( 1*" " word ) ]
 *     word = 1*( character | "\" any | "'" *( any but "'" ) "'" )
 */

/** Takes a text apart; `undefined` when a quote is not closed, or a backslash is the last character. */
export function parseWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'") {
      const close = text.indexOf("'", at + 1);
      if (close < 0) return undefined;
      word = (word ?? '') + text.slice(at + 1, close);
      at = close;
    } else if (character === '\\') {
      if (++at === text.length) return undefined;
      word = (word ?? '') + text[at];
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** {@link parseWords} gives the words back. */
export function formatWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[^ '\\]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ');
}
