/**
 * Faults as a diagram: `---x--(reset)- 20s -o`.
 * Knows: the letters, the words, and how long each takes. Does not know: what they do (Link.ts).
 */
import { millisecondsOf, type Duration } from './quantities.ts';

/** What can go wrong on a link, and right again. */
export type Fault = 'cut' | 'cutFirst' | 'cutSecond' | 'heal' | 'hold' | 'release' | 'reset' | 'refuse';

/** A fault with its time, in frames. */
export interface TimedFault {
  readonly at: number;
  readonly fault: Fault;
}

/** A diagram, and what one character of it takes (a second). */
export type FaultDiagram = string | { readonly diagram: string; readonly frame: Duration };

const letters: Record<string, Fault> = { x: 'cut', '>': 'cutFirst', '<': 'cutSecond', o: 'heal' };
const words: readonly string[] = ['cut', 'heal', 'hold', 'release', 'reset', 'refuse'];
const second = 1000;
/** From so many dashes on a number is easier to read. */
const tooManyDashes = 12;

/** The faults with their times in milliseconds. Throws a `SyntaxError` that points at what is none. */
export function parseFaults(given: FaultDiagram): TimedFault[] {
  const { diagram, frame } = typeof given === 'string' ? { diagram: given, frame: second } : given;
  const found: TimedFault[] = [];
  const length = millisecondsOf(frame);
  let at = 0;
  for (const { 0: token, index } of diagram.matchAll(/\((\w+)\)|\d+(?:\.\d+)?(?:ms|s|m)(?![a-z])|\S/g)) {
    const word = token.slice(1, -1);
    if (/^\d+\D/.test(token)) {
      at += millisecondsOf(token as Duration);
      continue;
    }
    if (words.includes(word)) found.push({ at, fault: word as Fault });
    else if (Object.hasOwn(letters, token)) found.push({ at, fault: letters[token] });
    else if (token !== '-') {
      const known = `- ${Object.keys(letters).join(' ')} ${words.map((name) => `(${name})`).join(' ')} or a time such as 20s`;
      throw new SyntaxError(`${token} is no fault, expected ${known}\n  ${diagram}\n  ${' '.repeat(index)}^`);
    }
    at += length;
  }
  return found;
}

/** The diagram of faults whose times are whole frames, in order, each after the one before: {@link parseFaults} gives them back. */
export function formatFaults(faults: readonly TimedFault[], frame: number): FaultDiagram {
  let diagram = '';
  let now = 0;
  for (const { at, fault } of faults) {
    const dashes = at - now;
    diagram += dashes > tooManyDashes ? ` ${dashes * frame}ms ` : '-'.repeat(dashes);
    diagram += Object.keys(letters).find((letter) => letters[letter] === fault) ?? `(${fault})`;
    now = at + 1;
  }
  diagram = diagram.trim();
  return frame === second ? diagram : { diagram, frame };
}
