/**
 * Runs an operator on chunks, now, and tells what came out of it.
 * Knows: how to feed, what was emitted, how it ended. Does not know: time; what is not synchronous is not seen.
 */
import { Subject, Subscription, type OperatorFunction } from 'rxjs';
import { equal, show, type Bytes } from '../src/bytes.ts';
import { pointed, pointedTexts } from './pointing.ts';
import { same } from './same.ts';

/** What came out: the messages, and how it ended, if it did. */
export interface Outcome<Message> {
  readonly messages: Message[];
  readonly end: 'open' | 'completed' | 'failed';
  /** Why it failed. */
  readonly error?: unknown;
}

export interface RunOptions {
  /** Whether the stream ends after the last chunk. It does when not said. */
  readonly complete?: boolean;
  /** More messages than this are no honest work: it is stopped. */
  readonly atMost?: number;
}

/** Feeds the chunks to the operator, one after the other, and complains when it writes into one. */
export function run<Message>(
  operator: OperatorFunction<Bytes, Message>,
  chunks: readonly Bytes[],
  { complete = true, atMost = Infinity }: RunOptions = {},
): Outcome<Message> {
  const probe = new Probe(operator, atMost);
  for (const chunk of chunks) probe.feed(chunk);
  if (complete) probe.complete();
  probe.leave();
  return probe;
}

/** One subscription to an operator, fed by hand. */
export class Probe<Message> implements Outcome<Message> {
  readonly messages: Message[] = [];
  end: Outcome<Message>['end'] = 'open';
  error: unknown;
  private readonly source = new Subject<Bytes>();
  private readonly subscription = new Subscription();

  constructor(operator: OperatorFunction<Bytes, Message>, atMost = Infinity) {
    const { messages, source, subscription } = this;
    const failed = (error: unknown): void => {
      this.end = 'failed';
      this.error = error;
    };
    subscription.add(
      operator(source).subscribe({
        next(message) {
          messages.push(message);
          if (messages.length <= atMost) return;
          failed(new Error(`more than ${atMost} messages came out`));
          subscription.unsubscribe();
        },
        error: failed,
        complete: () => {
          this.end = 'completed';
        },
      }),
    );
  }

  /** Feeds a copy, so that a codec that writes into what it was given harms nobody, and is found out. */
  feed(chunk: Bytes): void {
    const copy = new Uint8Array(chunk);
    this.source.next(copy);
    if (!equal(copy, chunk)) throw new Error(`the chunk ${show(chunk)} was written into: it became ${show(copy)}`);
  }

  complete(): void {
    this.source.complete();
  }

  leave(): void {
    this.subscription.unsubscribe();
  }
}

/** Whether both are the same messages and the same end. Of errors the name counts: their words may tell of the chunks. */
export function sameOutcome(a: Outcome<unknown>, b: Outcome<unknown>): boolean {
  return a.end === b.end && nameOf(a.error) === nameOf(b.error) && same(a.messages, b.messages);
}

/** How a message is shown, which may depend on its place. */
type ShowMessage = (message: unknown, index: number) => string;

/** For people: the messages, and the end; of many messages those from `from` on. */
export function told({ messages, end, error }: Outcome<unknown>, from = 0, show: ShowMessage = shownMessage): string {
  const shown = messages.slice(from, from + shownAtMost).map((message, index) => show(message, from + index));
  const before = from > 0 ? [`… (${from} more)`] : [];
  const after = messages.length > from + shownAtMost ? [`… (${messages.length} messages)`] : [];
  const why =
    end === 'failed' ? ` with ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}` : '';
  return `[${[...before, ...shown, ...after].join(', ')}] ${end}${why}`;
}

/** For people: what was expected and what came, one below the other, and a mark where they part. */
export function toldBoth(expected: Outcome<unknown>, actual: Outcome<unknown>): string[] {
  const common = Math.min(expected.messages.length, actual.messages.length);
  let at = 0;
  while (at < common && same(expected.messages[at], actual.messages[at])) at++;
  const from = at < shownAtMost ? 0 : at - 2;
  // The first message that differs is shown where it does, however long it is.
  const there = at < common ? pointed(expected.messages[at], actual.messages[at], shownMessage) : undefined;
  const showing =
    (text: string | undefined): ShowMessage =>
    (message, index) =>
      text !== undefined && index === at ? text : shownMessage(message);
  const both = pointedTexts(told(expected, from, showing(there?.expected)), told(actual, from, showing(there?.actual)));
  const lines = [`  expected  ${both.expected}`, `  actual    ${both.actual}`];
  return both.mark === '' ? lines : [...lines, `            ${both.mark}`];
}

/** For people: chunks, escaped, a bar at each cut. */
export function fed(chunks: readonly Bytes[]): string {
  const shown = chunks.slice(0, shownAtMost).map((chunk) => show(chunk));
  return shown.join(' | ') + (chunks.length > shownAtMost ? ` | … (${chunks.length} chunks)` : '');
}

/** Random numbers from 0 to 1 that a seed decides (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const shownAtMost = 12;

/** For people: one message. */
export function shownMessage(message: unknown): string {
  if (typeof message === 'string' || message instanceof Uint8Array) return show(message);
  return JSON.stringify(message) ?? String(message);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
