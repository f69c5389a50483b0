/**
 * Recordings: what both sides of a connection said, and when, as text that people read, review and change.
 * Knows: the format, both ways, strictly. Does not know: connections, files, who plays it.
 */
import { concat, type Bytes } from '../src/bytes.ts';
import { ProtocolError } from '../src/errors.ts';
import { parseDiagram } from './diagram.ts';
import { escaped, unescaped } from './escaped.ts';

/** Who speaks: `client` is who dialled. */
export type Side = 'client' | 'server';

/** One thing that happened on the wire: bytes (`data`), a half that ended in order (`end`), a connection broken off (`loss`). */
export type RecordedEvent = { readonly at: number; readonly side: Side } & (
  { readonly kind: 'data'; readonly data: Bytes } | { readonly kind: 'end' | 'loss' }
);

/** What was said on one connection. */
export interface Recording {
  /** One line about what it is. */
  readonly about: string;
  /**
   * In order, no two in the same millisecond (`at`, whole milliseconds from the beginning): of what came in the same one the
   * later counts as a millisecond later, so that who spoke first can be seen.
   */
  readonly events: readonly RecordedEvent[];
}

const title = '# ropewalk recording 1: a column is a millisecond';
/** Passages are no wider, and name no more pieces of each side, than a person can take in. */
const widest = 96;
/** So many bytes of a content are on one line. */
const longest = 64;
const lettersOf = { client: [...'abcdefghijklmnopqrstuvwxyz'], server: [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'] };
const sides: readonly Side[] = ['client', 'server'];

/**
 * A recording as text: passages of two lines, one for each side, and below them what the letters stand for.
 *
 * In plain words: marble diagrams of a session. `|` is the end of one side, `#` breaks off. What is long goes on in the next
 * passage; each has letters of its own. {@link parseRecording} reads it again.
 *
 * ```ts
 * const events: RecordedEvent[] = [
 *   { at: 1, side: 'client', kind: 'data', data: bytes('PING\r\n') },
 *   { at: 3, side: 'server', kind: 'data', data: bytes('+PONG\r\n') },
 *   { at: 60, side: 'client', kind: 'end' },
 * ];
 * console.log(formatRecording({ about: 'a ping', events }).trim().replaceAll('\n', ' / '));
 * // => # ropewalk recording 1: a column is a millisecond / about: a ping /  / at 1 ms /   client  a-- 56ms | /   server  --A 56ms - /   a = 'PING\r\n' /   A = '+PONG\r\n'
 * ```
 * Throws a `RangeError` when the events are not in order.
 */
export function formatRecording({ about, events }: Recording): string {
  checkOrder(events);
  const text = [title, `about: ${about.replaceAll(/\s+/g, ' ').trim()}`];
  for (let at = 0; at < events.length;) {
    const passage = new Passage(events[at].at);
    while (at < events.length && passage.takes(events[at])) passage.draw(events[at++]);
    text.push('', ...passage.text());
  }
  return `${text.join('\n')}\n`;
}

function checkOrder(events: readonly RecordedEvent[]): void {
  let before = -1;
  for (const { at } of events) {
    if (!Number.isInteger(at) || at <= before) {
      throw new RangeError(`formatting a recording: expected whole milliseconds, each after ${before}, got ${at}`);
    }
    before = at;
  }
}

/** One passage while it is drawn. */
class Passage {
  private readonly start: number;
  private now: number;
  private readonly lines = { client: '', server: '' };
  private readonly legends = { client: new Map<string, Bytes>(), server: new Map<string, Bytes>() };

  constructor(start: number) {
    this.start = start;
    this.now = start;
  }

  takes({ at, side }: RecordedEvent): boolean {
    const { size } = this.legends[side];
    const width = this.lines.client.length + this.wait(at).length;
    return this.now === this.start || (width < widest && size < lettersOf[side].length);
  }

  draw(event: RecordedEvent): void {
    const wait = this.wait(event.at);
    const mark = event.kind === 'data' ? this.letter(event.side, event.data) : event.kind === 'end' ? '|' : '#';
    for (const side of sides) this.lines[side] += wait + (side === event.side ? mark : '-');
    this.now = event.at + 1;
  }

  text(): string[] {
    return [
      `at ${this.start} ms`,
      ...sides.map((side) => `  ${side}  ${this.lines[side]}`),
      ...sides.flatMap((side) => [...this.legends[side]].flatMap(([letter, content]) => entry(letter, content))),
    ];
  }

  private wait(at: number): string {
    const passed = at - this.now;
    return passed > 20 ? ` ${passed}ms ` : '-'.repeat(passed);
  }

  /** The letter of this content: what is said twice has one letter. */
  private letter(side: Side, content: Bytes): string {
    const legend = this.legends[side];
    const text = escaped(content);
    for (const [letter, known] of legend) if (escaped(known) === text) return letter;
    const letter = lettersOf[side][legend.size];
    legend.set(letter, content);
    return letter;
  }
}

/** A line of the legend; long ones go on below, after the end of a line of theirs if there is one. */
function entry(letter: string, content: Bytes): string[] {
  const pieces: Bytes[] = content.length <= longest ? [content] : [];
  for (let at = 0; pieces[0] !== content && at < content.length; at += pieces.at(-1)!.length) {
    const piece = content.subarray(at, at + longest);
    pieces.push(piece.subarray(0, piece.indexOf(10) + 1 || longest));
  }
  return pieces.map((piece, index) => `  ${index === 0 ? `${letter} =` : '   '} '${escaped(piece)}'`);
}

/**
 * Reads what {@link formatRecording} writes, and what people change in it: blank lines and lines that begin with `#` are
 * for readers.
 *
 * ```ts
 * const text = `# ropewalk recording 1: a column is a millisecond
 * about: a ping
 * at 10 ms
 *   client  a--|
 *   server  -A
 *   a = 'PING\\r\\n'
 *   A = '+PONG\\r\\n'`;
 * parseRecording(text).events.map(({ at, side, kind }) => `${at} ${side} ${kind}`).join(', ') // => 10 client data, 11 server data, 13 client end
 * ```
 * Errors: {@link ProtocolError}, which names the line, what was expected there and what is.
 */
export function parseRecording(text: string): Recording {
  const lines = text.split(/\r?\n/);
  if (!/^# ropewalk recording 1\b/.test(lines[0])) wrong(1, `'# ropewalk recording 1'`, lines[0]);
  let about = '';
  const passages: Written[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const number = index + 1;
    const headed = /^(?:about: (.*)|about:|at (\d+) ms)$/.exec(line.trimEnd());
    if (headed !== null) {
      const [, said = '', start] = headed;
      if (start !== undefined) passages.push({ start: Number(start), lines: new Map(), legend: new Map() });
      else about = said;
      continue;
    }
    const passage = passages.at(-1);
    if (passage === undefined) wrong(number, `'about: ...' or 'at 0 ms'`, line);
    readInto(passage, line, number);
  }
  const events: RecordedEvent[] = [];
  for (const passage of passages) {
    for (const { event, number } of eventsOf(passage)) {
      const before = events.at(-1)?.at ?? -1;
      if (event.at <= before) wrong(number, `something after ${before} ms`, `${event.side} at ${event.at} ms`);
      events.push(event);
    }
  }
  return { about, events };
}

/** A passage as it is written: each diagram and each content with its line. */
interface Written {
  readonly start: number;
  readonly lines: Map<Side, { readonly diagram: string; readonly number: number }>;
  readonly legend: Map<string, Bytes>;
}

function readInto({ lines, legend }: Written, line: string, number: number): void {
  const drawn = /^\s+(client|server)(?:\s+(.*))?$/.exec(line);
  if (drawn !== null) {
    const [, side, diagram = ''] = drawn as unknown as [string, Side, string?];
    if (lines.has(side)) wrong(number, `one line for the ${side} in a passage`, line);
    lines.set(side, { diagram, number });
    return;
  }
  const explained = /^\s+(?:([a-zA-Z]) = )?\s*'(.*)'\s*$/.exec(line);
  const letter = explained?.[1] ?? [...legend.keys()].at(-1);
  if (explained === null || letter === undefined) wrong(number, `a diagram, or a letter's content: a = 'text'`, line);
  if (explained[1] !== undefined && legend.has(letter)) wrong(number, `each letter once in a passage`, line);
  try {
    legend.set(letter, concat([legend.get(letter) ?? new Uint8Array(0), unescaped(explained[2])]));
  } catch (error) {
    wrong(number, (error as SyntaxError).message, line, error);
  }
}

/** What happens in a passage, in order, each with its line. */
function eventsOf({ start, lines, legend }: Written): { event: RecordedEvent; number: number }[] {
  const found = [...lines].flatMap(([side, { diagram, number }]) => {
    const odd = diagram.replaceAll(/[a-zA-Z|#\s-]|\d+ms(?= |$)/g, '');
    if (odd !== '') wrong(number, `letters, '-', '|', '#' and waits such as ' 50ms '`, odd);
    return parseDiagram(`${diagram} `).map(({ frame, notification }) => {
      const at = start + frame;
      if (notification.kind !== 'N') {
        return { event: { at, side, kind: notification.kind === 'C' ? 'end' : 'loss' } as const, number };
      }
      const letter = String(notification.value);
      const data = legend.get(letter) ?? wrong(number, `a line below for each letter`, `none for ${letter}`);
      return { event: { at, side, kind: 'data', data } as const, number };
    });
  });
  return found.toSorted((a, b) => a.event.at - b.event.at);
}

function wrong(line: number, expected: string, got: string, cause?: unknown): never {
  throw new ProtocolError(`reading a recording, line ${line}: expected ${expected}, got '${got.trim()}'`, {
    side: 'local',
    cause,
  });
}
