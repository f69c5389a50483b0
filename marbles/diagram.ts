/**
 * Diagrams: from text to what happens when, and back to text for whoever reads a failure.
 * Knows: RxJS's marble syntax (by RxJS's own parser), legends, where two diagrams part. Does not know: who plays them.
 */
import type { ObservableNotification } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { bytes, concat, show, utf8, type Bytes } from '../src/bytes.ts';
import { pointed } from './pointing.ts';
import { same } from './same.ts';

/** What the letters of a diagram stand for. A letter that is not in it stands for itself. */
export type Legend<T = unknown> = Readonly<Record<string, T>>;

/** What happens, and when: in milliseconds from the start. */
export interface Happening {
  readonly frame: number;
  readonly notification: ObservableNotification<unknown>;
}

/** What `#` stands for when a test does not say which error it expects. */
export const anyError = Symbol('any error');

/** What a diagram says: RxJS's syntax of `TestScheduler.run` (one character is one millisecond, blanks are nothing). */
export function parseDiagram(diagram: string, legend: Legend = {}, error: unknown = anyError): Happening[] {
  const values: Record<string, unknown> = {};
  for (const letter of diagram) values[letter] = Object.hasOwn(legend, letter) ? legend[letter] : letter;
  const factor = TestScheduler.frameTimeFactor;
  // Within `TestScheduler.run` it is 1; outside of it a column would be 10, and `10ms` would be 10 as well.
  TestScheduler.frameTimeFactor = 1;
  try {
    return TestScheduler.parseMarbles(diagram, values, error, false, true).map(({ frame, notification }) => ({
      frame,
      notification: notification as ObservableNotification<unknown>,
    }));
  } finally {
    TestScheduler.frameTimeFactor = factor;
  }
}

/** Says how what came differs from what was expected; `undefined` when it does not. */
export function difference(
  actual: readonly Happening[],
  expected: readonly Happening[],
  legend: Legend = {},
): string | undefined {
  const at = firstDifference(actual, expected);
  if (at < 0) return undefined;
  const letters = new Letters(legend);
  const [expectedLine, actualLine] = draw([expected, actual], letters);
  const column = Math.min(expectedLine.columns[at] ?? Infinity, actualLine.columns[at] ?? Infinity);
  return [
    `the marbles differ at ${Math.min(expected[at]?.frame ?? Infinity, actual[at]?.frame ?? Infinity)} ms`,
    `  expected  ${expectedLine.text}`,
    `  actual    ${actualLine.text}`,
    `            ${' '.repeat(column)}^`,
    ...compared(expected[at], actual[at], letters),
    ...letters.explained().map((line) => `  ${line}`),
  ].join('\n');
}

/**
 * What came over a wire, told in the pieces that were expected: a wire has no borders between pieces, so the bytes of one
 * moment are compared as one.
 */
export function inExpectedPieces(actual: readonly Happening[], expected: readonly Happening[]): Happening[] {
  const frames = [...new Set(actual.map(({ frame }) => frame))];
  return frames.flatMap((frame) => {
    const came = actual.filter((happening) => happening.frame === frame);
    const wanted = expected.filter((happening) => happening.frame === frame && isNext(happening));
    const rest = came.filter((happening) => !isNext(happening));
    return same(joined(came), joined(wanted)) ? wanted.concat(rest) : came;
  });
}

function isNext({ notification }: Happening): boolean {
  return notification.kind === 'N';
}

function joined(happenings: readonly Happening[]): Bytes {
  return concat(
    happenings.flatMap(({ notification }) => {
      if (notification.kind !== 'N') return [];
      const { value } = notification;
      return [value instanceof Uint8Array ? value : bytes(String(value))];
    }),
  );
}

function firstDifference(actual: readonly Happening[], expected: readonly Happening[]): number {
  for (let at = 0; at < Math.max(actual.length, expected.length); at++) {
    if (at >= actual.length || at >= expected.length || !matches(actual[at], expected[at])) return at;
  }
  return -1;
}

function matches(actual: Happening, expected: Happening): boolean {
  if (actual.frame !== expected.frame || actual.notification.kind !== expected.notification.kind) return false;
  if (actual.notification.kind === 'N' && expected.notification.kind === 'N') {
    return same(actual.notification.value, expected.notification.value);
  }
  if (actual.notification.kind === 'E' && expected.notification.kind === 'E') {
    return isExpectedError(actual.notification.error, expected.notification.error);
  }
  return true;
}

/** An error is expected as a class (or family), as an error like it, or not at all closely. */
function isExpectedError(error: unknown, expected: unknown): boolean {
  if (expected === anyError) return true;
  return typeof expected === 'function' ? error instanceof expected : same(error, expected);
}

/** A drawn diagram: its text, and the column of each happening. */
interface Line {
  text: string;
  columns: number[];
}

/** Draws diagrams one below the other: the same moment is in the same column. */
function draw(diagrams: (readonly Happening[])[], letters: Letters): Line[] {
  const frames = [...new Set(diagrams.flat().map(({ frame }) => frame))].toSorted((a, b) => a - b);
  const lines: Line[] = diagrams.map(() => ({ text: '', columns: [] }));
  let now = 0;
  for (const frame of frames) {
    const passed = frame - now;
    // Long waits as RxJS writes them.
    const wait = passed > 40 ? ` ${passed}ms ` : '-'.repeat(Math.max(0, passed));
    const texts = lines.map((line, index) => {
      const marks = diagrams[index].filter((happening) => happening.frame === frame);
      const grouped = marks.length > 1;
      line.text += wait;
      marks.forEach((_, place) => line.columns.push(line.text.length + place + (grouped ? 1 : 0)));
      const text = marks.map((happening) => letters.markOf(happening)).join('');
      return grouped ? `(${text})` : text;
    });
    const width = Math.max(...texts.map((text) => text.length));
    lines.forEach((line, index) => (line.text += texts[index].padEnd(width, '-')));
    now = frame + width;
  }
  for (const line of lines) line.text = line.text.replace(/(?:-| \d+ms )+$/, '') || '(nothing)';
  return lines;
}

/** The letters of a failure: those of the legend, and new ones for values that it does not know. */
class Letters {
  private readonly known: [string, unknown][];
  private readonly used = new Map<string, unknown>();

  constructor(legend: Legend) {
    this.known = Object.entries(legend).filter(([letter]) => [...letter].length === 1);
  }

  markOf({ notification }: Happening): string {
    if (notification.kind === 'C') return '|';
    return notification.kind === 'E' ? '#' : this.letterOf(notification.value);
  }

  letterOf(value: unknown): string {
    const text = value instanceof Uint8Array ? utf8(value) : value;
    const itself = typeof text === 'string' && [...text].length === 1 && /[\p{L}\p{N}]/u.test(text) ? text : undefined;
    const [letter] =
      this.known.find(([, known]) => same(known, value)) ??
      (itself !== undefined && !this.known.some(([known]) => known === itself) ? [itself] : this.newLetter(value));
    if (letter !== text) this.used.set(letter, value);
    return letter;
  }

  explained(): string[] {
    return [...this.used].map(([letter, value]) => `${letter} = ${describeValue(value)}`);
  }

  private newLetter(value: unknown): [string] {
    const letter = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'].find(
      (candidate) => !this.known.some(([known]) => known === candidate),
    );
    this.known.push([letter ?? '?', value]);
    return [letter ?? '?'];
  }
}

/** What was expected at one place and what came there; of two values of one moment also where they part. */
function compared(expected: Happening | undefined, actual: Happening | undefined, letters: Letters): string[] {
  if (expected?.notification.kind === 'N' && actual?.notification.kind === 'N' && expected.frame === actual.frame) {
    const [wanted, came] = [expected.notification.value, actual.notification.value];
    const values = pointed(wanted, came, describeValue);
    const place = (value: unknown): string => `${letters.letterOf(value)} at ${expected.frame} ms: `;
    return [
      `  expected there: ${place(wanted)}${values.expected}`,
      `  actual there:   ${place(came)}${values.actual}`,
      ...(values.mark === '' ? [] : [`                  ${' '.repeat(place(came).length)}${values.mark}`]),
    ];
  }
  return [`  expected there: ${describe(expected, letters)}`, `  actual there:   ${describe(actual, letters)}`];
}

function describe(happening: Happening | undefined, letters: Letters): string {
  if (happening === undefined) return 'nothing';
  const { frame, notification } = happening;
  switch (notification.kind) {
    case 'C':
      return `the end (|) at ${frame} ms`;
    case 'E':
      return `an error (#) at ${frame} ms: ${describeValue(notification.error)}`;
    case 'N':
      return `${letters.letterOf(notification.value)} at ${frame} ms: ${describeValue(notification.value)}`;
  }
}

function describeValue(value: unknown): string {
  if (value === anyError) return 'any error';
  if (value instanceof Uint8Array) return show(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'function') return value.name;
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' ? JSON.stringify(value) : String(value);
  try {
    return (
      JSON.stringify(value, (_, inner: unknown) => (inner instanceof Uint8Array ? show(inner) : inner)) ?? String(value)
    );
  } catch {
    return String(value);
  }
}
