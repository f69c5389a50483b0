/**
 * What leaves a thread: questions and values at once, results together with others.
 * Knows: how long a result may wait, what goes along with it, what cannot be cloned. Does not know: jobs, the platform.
 *
 * Its function is sent to the thread as text, so it uses nothing from outside of itself.
 */
import type { Surroundings } from './inside.ts';
import type { FromThread, Outcome } from './messages.ts';
import type { Packing } from './packing.ts';

/** Posts a message that has these values in it. Throws a `NotCloneable` that tells what could not leave, and calls it `path`. */
export type Post = (message: FromThread, values: readonly unknown[], path: string) => void;

export interface Departing {
  readonly post: Post;
  /** What became of the next job, which was one of this function. */
  record(outcome: Outcome, value: unknown, name: string): void;
  /** A job begins, and nothing was at work: the time for results counts from now. */
  begins(): void;
  /** This function is called next: what is there does not wait for something that may take its time. */
  makeWay(name: string): void;
  /** The results that are there leave. */
  sendResults(): void;
}

export function departing(
  around: Surroundings,
  { pack, ours }: Packing,
  blame: (value: unknown, path: string, refusal: unknown) => string,
): Departing {
  /** Results do not wait longer than this for others to leave with, in milliseconds. */
  const patience = 1;
  /** So many results are sent together. */
  const together = 128;
  /** So many names of functions are remembered. */
  const remembered = 1_000;

  /** Results that have not been sent, and how they went unless all were done. */
  let values: unknown[] = [];
  let outcomes: Outcome[] | undefined;
  let since = 0;
  /** When the work for them began. */
  let began = 0;
  /** The functions that took less than `patience` when they were called last, and when the last job ended. */
  const quick = new Set<string>();
  let endedAt = 0;

  // Where `transfer` finds it, whichever copy of it a module uses.
  const transfersKey = Symbol.for('ropewalk.transfers');
  const realm = globalThis as { [transfersKey]?: WeakMap<object, readonly object[]> };
  const transfers = (realm[transfersKey] ??= new WeakMap<object, readonly object[]>());

  const moved = (leaving: readonly unknown[]): object[] =>
    leaving.flatMap((value) => (typeof value === 'object' && value !== null ? (transfers.get(value) ?? []) : []));

  const post: Post = (message, leaving, path) => {
    try {
      around.post(message, moved(leaving));
    } catch (refusal) {
      throw ours('NotCloneable', `${path} cannot leave the thread: ${blame(leaving, path, refusal)}`);
    }
  };

  const sendResults = (): void => {
    if (values.length === 0) return;
    const sent = values;
    const how = outcomes;
    const now = around.now();
    const took = now - began;
    began = now;
    values = [];
    outcomes = undefined;
    try {
      around.post(['results', how, sent, took], moved(sent));
    } catch {
      // Some of them cannot be cloned: each by itself.
      for (const [at, value] of sent.entries()) sendResult(how?.[at] ?? 'done', value, took / sent.length);
    }
  };
  const sendResult = (outcome: Outcome, value: unknown, took: number): void => {
    try {
      around.post(['results', [outcome], [value], took], moved([value]));
    } catch (refusal) {
      const why = ours('NotCloneable', `the result cannot leave the thread: ${blame(value, 'it', refusal)}`);
      around.post(['results', ['failed'], [pack(why)], took], []);
    }
  };

  const record = (outcome: Outcome, value: unknown, name: string): void => {
    const now = around.now();
    if (now - endedAt >= patience) quick.delete(name);
    else if (outcome === 'done') {
      if (quick.size >= remembered) quick.clear();
      quick.add(name);
    }
    endedAt = now;
    if (values.length === 0) since = now;
    if (outcome !== 'done') outcomes ??= values.map(() => 'done');
    outcomes?.push(outcome);
    values.push(value);
    if (values.length >= together || now - since > patience) sendResults();
  };

  return {
    post,
    record,
    sendResults,
    begins() {
      if (values.length === 0) began = endedAt = around.now();
    },
    makeWay(name) {
      if (values.length > 0 && !quick.has(name)) sendResults();
    },
  };
}
