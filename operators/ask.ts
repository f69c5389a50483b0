/**
 * One question, one answer.
 * Knows: the order of those who wait. Does not know: what a question is.
 */
import type { Subscription } from 'rxjs';
import { Deferred } from '../src/Deferred.ts';
import type { Duplex } from '../src/Duplex.ts';
import { ConnectionDone } from '../src/errors.ts';

/**
 * Writes `question` and gives the next value that arrives.
 *
 * In plain words: one question, one line back. Several may be asked before the first is answered: answers are handed
 * out in the order of the questions. Cancelling one does not disturb the others: its answer is let pass.
 * Fails with {@link ConnectionDone} when the peer ends before it answers, and with whatever the duplex errors with.
 *
 * ```marbles
 * -ab----|
 * mergeMap((question) => ask(repeater, question))
 * ----ab-|
 *
 * repeater = wirePair(over(lines(), delay(3)), () => NEVER).client.connection.over(lines())
 * ```
 * ```ts
 * ask(connection.over(lines()), 'time?').addCallback((line) => new Date(line));
 * ```
 */
export function ask<In, Out>(duplex: Duplex<In, Out>, question: Out): Deferred<In> {
  let conversation = conversations.get(duplex) as Conversation<In> | undefined;
  if (conversation === undefined) conversations.set(duplex, (conversation = new Conversation<In>(duplex)));
  const answer = conversation.await();
  duplex.next(question);
  return answer;
}

const conversations = new WeakMap<object, unknown>();

class Conversation<In> {
  private readonly duplex: Duplex<In, never>;
  /** Who waits, in order. One that was cancelled keeps its place, as `undefined`: its answer may still come. */
  private readonly waiting: { asker: Deferred<In> | undefined }[] = [];
  private listening: Subscription | undefined;

  constructor(duplex: Duplex<In, never>) {
    this.duplex = duplex;
  }

  await(): Deferred<In> {
    const place: { asker: Deferred<In> | undefined } = { asker: undefined };
    place.asker = new Deferred<In>({
      canceller: () => {
        place.asker = undefined;
        this.rest();
      },
    });
    this.waiting.push(place);
    this.listening ??= this.duplex.subscribe({
      next: (value) => this.answer(value),
      error: (error: unknown) => this.fail(error),
      complete: () => this.fail(new ConnectionDone(`${this.duplex} ended before it answered`)),
    });
    return place.asker;
  }

  private answer(value: In): void {
    const place = this.waiting.shift();
    this.rest();
    place?.asker?.callback(value);
  }

  private fail(error: unknown): void {
    this.listening = undefined;
    for (const { asker } of this.waiting.splice(0)) asker?.errback(error);
  }

  /** Listens no more than somebody waits: what else arrives is for the next who listens. */
  private rest(): void {
    if (this.waiting.some(({ asker }) => asker !== undefined)) return;
    this.listening?.unsubscribe();
    this.listening = undefined;
  }
}
