/**
 * What the two sides of a thread say to each other, and the memory that they share.
 * Knows: shapes. Does not know: who sends them, or how.
 *
 * Jobs are numbered as they are sent, results come in the order of these numbers: a batch of either needs no numbers.
 */

/** To the thread. A name that begins with `(` is the text of a function. */
export type ToThread =
  /** So many calls: their names, how many arguments each has (one name, one number, if all are alike), all arguments. */
  | ['calls', count: number, names: string | string[], lengths: number | number[], args: unknown[]]
  | ['stream', name: string, args: readonly unknown[]]
  /** So many values of the stream have been taken, beside what the shared memory says. */
  | ['taken', values: number]
  /** The job of this number is called off. */
  | ['abort', number: number];

/** How a job went. */
export type Outcome = 'done' | 'failed' | 'skipped';

/** From the thread. */
export type FromThread =
  | ['ready']
  | ['unloadable', problem: PackedError]
  /** The outcomes (none if all are done), for each a value, an error, or nothing; and how long all of it took (ms). */
  | ['results', outcomes: Outcome[] | undefined, values: unknown[], took: number]
  /** Of the stream that runs. */
  | ['values', values: unknown[]]
  | ['ask', number: number, question: string, args: readonly unknown[]];

/** To a thread that asked. */
export type Answer = [number: number, ok: boolean, value: unknown];

/** An error on its way between threads. */
export interface PackedError {
  /** The names of its class and of those it descends from, nearest first; none for what is no error, but was thrown. */
  readonly families: readonly string[];
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Its other own properties, as far as they can be cloned; an Error among them is packed in turn. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause?: PackedError;
  /** What was thrown, if that is no error. */
  readonly thrown?: unknown;
}

/** The memory that both sides see, in 32-bit cells. Whoever changes something for the other one to see rings the bell. */
export const cells = {
  bell: 0,
  /** How many values of streams have been taken, ever (modulo 2 ** 32). */
  taken: 1,
  /** From here on the state of each job that is with the thread, by its number modulo `jobs`. */
  first: 2,
  jobs: 256,
  // The states of a job. Both sides change the first one with a compare and exchange: who is first has the job.
  sent: 0,
  running: 1,
  takenBack: 2,
  aborted: 3,
  /** It has ended, and its result may still be in the thread. */
  over: 4,
} as const;

export type Cells = typeof cells;

/** How far a stream may be ahead of whoever takes its values; counted in its thread. */
export interface Window {
  readonly values: number;
  /** Bytes or characters, of values that are bytes or text. */
  readonly bytes: number;
}
