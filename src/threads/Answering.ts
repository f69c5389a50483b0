/**
 * What a thread asks, and what it is answered: one question at a time, because it stands still meanwhile.
 * Knows: the answers there are, later ones, what cannot be sent. Does not know: jobs.
 */
import { maybeDeferred } from '../deferred/constructors.ts';
import type { Deferred } from '../Deferred.ts';
import { blame } from './blame.ts';
import type { Answer } from './messages.ts';
import { packing } from './packing.ts';

/** How the main thread answers what threads ask. */
export type Answers = Readonly<Record<string, (...args: never[]) => unknown>>;

const { pack, ours } = packing();

export class Answering {
  private readonly answers: Answers;
  private readonly send: (answer: Answer) => void;
  private asked: Deferred<unknown> | undefined;
  private over = false;

  /** `send` throws for what cannot be cloned. */
  constructor(answers: Answers, send: (answer: Answer) => void) {
    this.answers = answers;
    this.send = send;
  }

  answer(number: number, question: string, args: readonly unknown[]): void {
    const { answers } = this;
    const answer = (ok: boolean, value: unknown): void => {
      this.asked = undefined;
      if (this.over) return;
      try {
        this.send([number, ok, value]);
      } catch (refusal) {
        const why = blame(value, 'it', refusal);
        const told = ours('NotCloneable', `the answer to ${question} cannot go to a thread: ${why}`);
        this.send([number, false, pack(told)]);
      }
    };
    if (!Object.hasOwn(answers, question)) {
      const known = Object.keys(answers).join(', ') || 'none at all';
      answer(false, pack(ours('UnknownFunction', `no answer to '${question}'; the pool's answers are: ${known}`)));
      return;
    }
    const asked = maybeDeferred(answers[question] as (...args: readonly unknown[]) => unknown, ...args);
    this.asked = asked;
    asked.addCallbacks(
      (value) => answer(true, value),
      (reason) => answer(false, pack(reason)),
    );
  }

  /** The job that asked is called off: its answer is not worked out any more. */
  callOff(): void {
    this.asked?.cancel();
  }

  /** The thread is gone: nothing is sent to it. */
  end(): void {
    this.over = true;
    this.callOff();
  }
}
