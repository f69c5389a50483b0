/**
 * Transcripts: Markdown pages whose fences are test cases, for whoever knows the protocol and not the code.
 * Knows: headings, `wire` and `events` fences, how bytes and events are written. Does not know: any protocol, any runner, files.
 */
import type { OperatorFunction } from 'rxjs';
import { show, type Bytes } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { escaped, unescaped } from './escaped.ts';
import { outcomeOfEverySplit } from './everySplit.ts';
import { pointedTexts } from './pointing.ts';

/** One case of a transcript. */
export interface TranscriptCase {
  /** The headings above it, from the second level on; with its number if there are several under one heading. */
  readonly name: string;
  /** Where its bytes begin in the page: a line, from 1. */
  readonly line: number;
  /** Throws an `Error` that shows the events line by line when others come. */
  run(): void;
}

/**
 * The cases that are written in a Markdown page, for `operator`: bytes in, messages out.
 *
 * In plain words: a fence marked `wire` has bytes, the fence marked `events` below it what they mean. All else is prose.
 *
 * - `wire`: ASCII as it is, `\n`, `\r`, `\t`, `\\`, `\x00`; what is neither ASCII nor escaped is UTF-8. A line break in
 *   the fence is only for the reader.
 * - `events`: one message on a line, text and bytes in quotation marks and escaped in the same way, all else as JSON. The last line
 *   says how it ends: `|` in order, `#` and the name of an error, or, without either, not: the stream goes on.
 *
 * Each case is cut at every byte boundary: {@link everySplit}.
 *
 * ```ts
 * const page = [
 *   '## A line ends with a newline',
 *   '```wire', 'one\\r\\ntwo\\nthr', '```',
 *   '```events', "'one'", "'two'", '```',
 * ].join('\n');
 * for (const { name, run } of transcript(page, lines().decode)) {
 *   run();
 *   console.log(name);   // => A line ends with a newline
 * }
 * ```
 * Errors: {@link ProtocolError} for a page without cases, a fence without its other half or without an end, a wrong escape;
 * it names the line.
 *
 * @see {@link expectCodec} for what no example can show
 */
export function transcript<Message>(page: string, operator: OperatorFunction<Bytes, Message>): TranscriptCase[] {
  const written = casesIn(page);
  if (written.length === 0) wrong(1, "a fence marked 'wire'", 'a page without any');
  return written.map((found) => {
    const { heading } = found;
    const alike = written.filter((other) => other.heading === heading);
    const name = alike.length > 1 ? `${heading} (${alike.indexOf(found) + 1})` : heading;
    return { name, line: found.line, run: () => attempt(found, operator) };
  });
}

interface Written {
  readonly heading: string;
  readonly line: number;
  readonly wire: Bytes;
  readonly events: readonly string[];
}

function casesIn(page: string): Written[] {
  const cases: Written[] = [];
  const headings: string[] = [];
  let wire: { readonly content: Bytes; readonly line: number } | undefined;
  let fence:
    { readonly mark: string; readonly language: string; readonly line: number; readonly lines: string[] } | undefined;
  const close = (): void => {
    const { language, line, lines } = fence!;
    fence = undefined;
    if (language === 'wire') {
      if (wire !== undefined) wrong(wire.line, "a fence marked 'events' below", 'another wire');
      wire = { content: contentOf(lines, line), line };
    } else if (language === 'events') {
      if (wire === undefined) wrong(line, "a fence marked 'wire' above", 'none');
      const events = eventsOf(lines, line);
      cases.push({ heading: headings.filter(Boolean).join(', '), line: wire.line, wire: wire.content, events });
      wire = undefined;
    }
  };
  const lines = page.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const [, mark, language] = /^(```+)\s*(\S*)/.exec(line) ?? [];
    const [, level, heading] = /^(#+)\s+(.*?)\s*$/.exec(line) ?? [];
    if (fence !== undefined) {
      if (mark === fence.mark && language === '') close();
      else fence.lines.push(line);
    } else if (mark !== undefined) fence = { mark, language, line: index + 2, lines: [] };
    else if (level !== undefined && level.length > 1) {
      headings.length = level.length - 2;
      headings[level.length - 2] = heading;
    }
  }
  if (fence !== undefined) wrong(fence.line - 1, 'a fence that ends', `none: ${lines[fence.line - 2]}`);
  if (wire !== undefined) wrong(wire.line, "a fence marked 'events' below", 'none');
  return cases;
}

function eventsOf(lines: readonly string[], line: number): string[] {
  const written = lines.flatMap((text, index) => (text.trim() === '' ? [] : [{ text: text.trim(), index }]));
  return written.map(({ text, index }) => {
    try {
      return normal(text, index === written.at(-1)?.index);
    } catch (error) {
      return wrong(line + index, `'text', JSON, or at the end | or # and the name of an error`, text, error);
    }
  });
}

function contentOf(lines: readonly string[], line: number): Bytes {
  for (const [index, text] of lines.entries()) {
    try {
      unescaped(text);
    } catch (error) {
      wrong(line + index, (error as SyntaxError).message, text);
    }
  }
  return unescaped(lines.join(''));
}

/** Tries one case. */
function attempt<Message>({ line, wire, events: expected }: Written, operator: OperatorFunction<Bytes, Message>): void {
  const { messages, end, error } = outcomeOfEverySplit(wire, operator, {
    complete: /^[|#]/.test(expected.at(-1) ?? ''),
  });
  const actual = messages.map((message) => shownEvent(message));
  if (end !== 'open') actual.push(end === 'completed' ? '|' : `# ${nameOf(error)}`);
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at++;
  if (at === expected.length && at === actual.length) return;
  const both = pointedTexts(expected[at] ?? '(nothing)', actual[at] ?? '(nothing)');
  throw new Error(
    [
      `the transcript's wire at line ${line}: event ${at + 1} is another one`,
      ...expected.slice(Math.max(0, at - 3), at).map((event) => `            ${event}`),
      `  expected  ${both.expected}`,
      `  actual    ${both.actual}`,
      `            ${both.mark}`,
      ...(end === 'failed' ? [`  it failed with ${String(error)}`] : []),
    ].join('\n'),
    { cause: error },
  );
}

/** A message as a page has it. */
function shownEvent(message: unknown): string {
  if (typeof message === 'string' || message instanceof Uint8Array) return show(message, { max: Infinity });
  return JSON.stringify(message) ?? String(message);
}

/** An event as it is written, in the one way that we write it. */
function normal(event: string, last: boolean): string {
  const quoted = /^'(.*)'$/.exec(event);
  if (quoted !== null) return `'${escaped(unescaped(quoted[1]))}'`;
  return last && /^[|#]/.test(event) ? event : JSON.stringify(JSON.parse(event));
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

function wrong(line: number, expected: string, got: string, cause?: unknown): never {
  throw new ProtocolError(`reading a transcript, line ${line}: expected ${expected}, got '${got.trim()}'`, {
    side: 'local',
    cause,
  });
}
