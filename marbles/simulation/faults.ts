/**
 * Faults as a diagram: `---x--(reset)---`.
 * Knows: the letters and the words. Does not know: what they do (Link.ts).
 */

/** What can go wrong on a link, and right again. */
export type Fault = 'cut' | 'cutFirst' | 'cutSecond' | 'heal' | 'hold' | 'release' | 'reset' | 'refuse';

const letters: Record<string, Fault> = { x: 'cut', '>': 'cutFirst', '<': 'cutSecond', o: 'heal' };
const words: readonly string[] = ['cut', 'heal', 'hold', 'release', 'reset', 'refuse'];

/** The faults with their frames. Throws a `SyntaxError` that points at what is none. */
export function parseFaults(diagram: string): { readonly at: number; readonly fault: Fault }[] {
  const found: { at: number; fault: Fault }[] = [];
  let frame = 0;
  for (const { 0: token, index } of diagram.matchAll(/\((\w+)\)|\S/g)) {
    const word = token.slice(1, -1);
    if (words.includes(word)) found.push({ at: frame, fault: word as Fault });
    else if (Object.hasOwn(letters, token)) found.push({ at: frame, fault: letters[token] });
    else if (token !== '-') {
      const known = `- ${Object.keys(letters).join(' ')} ${words.map((name) => `(${name})`).join(' ')}`;
      throw new SyntaxError(`${token} is no fault, expected ${known}\n  ${diagram}\n  ${' '.repeat(index)}^`);
    }
    frame++;
  }
  return found;
}
