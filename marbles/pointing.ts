/**
 * Two things one below the other, and a mark where they part: what makes a failure quick to read.
 * Knows: bytes (shown around the first one that differs, escaped), and the text of anything else. Does not know: diagrams.
 */
import { bytes, type Bytes } from '../src/bytes.ts';
import { escaped } from './escaped.ts';

/** What was expected and what came, to be printed at the same column, and a line with the mark for below them. */
export interface Pointed {
  readonly expected: string;
  readonly actual: string;
  /** Blanks, `^`, and for bytes which one it is; empty when both look the same. */
  readonly mark: string;
}

/** Points into two contents: at their bytes if they are bytes or text, and else into what `shown` makes of them. */
export function pointed(expected: unknown, actual: unknown, shown: (value: unknown) => string): Pointed {
  const [wanted, came] = [octets(expected), octets(actual)];
  if (wanted !== undefined && came !== undefined && (wanted.length > 1 || came.length > 1)) {
    return pointedBytes(wanted, came);
  }
  return pointedTexts(shown(expected), shown(actual));
}

/** Points at the first character in which two texts differ. */
export function pointedTexts(expected: string, actual: string): Pointed {
  let at = 0;
  while (at < expected.length && at < actual.length && expected[at] === actual[at]) at++;
  // Not into the middle of an escape.
  if (expected[at - 1] === '\\') at--;
  return { expected, actual, mark: expected === actual ? '' : `${' '.repeat(at)}^` };
}

/** How many bytes are shown before the one that differs, and in all. */
const [before, inAll] = [24, 60];

function pointedBytes(expected: Bytes, actual: Bytes): Pointed {
  let at = 0;
  while (at < expected.length && at < actual.length && expected[at] === actual[at]) at++;
  const from = Math.max(expected.length, actual.length) <= inAll ? 0 : Math.max(0, at - before);
  const head = from > 0 ? "…'" : "'";
  const part = (content: Bytes): string => {
    const shown = `${head}${escaped(content.subarray(from, from + inAll))}'`;
    return content.length > from + inAll ? `${shown}… (${content.length} bytes)` : shown;
  };
  const column = head.length + escaped(expected.subarray(from, at)).length;
  return { expected: part(expected), actual: part(actual), mark: `${' '.repeat(column)}^ byte ${at}` };
}

function octets(value: unknown): Bytes | undefined {
  return typeof value === 'string' ? bytes(value) : value instanceof Uint8Array ? value : undefined;
}
