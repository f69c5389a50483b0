/**
 * The contract of a foreign event loop: one that belongs to a user interface, and shares its thread with Node's.
 * Knows: what such a loop must be able to do for us. Does not know: any particular loop. The page: docs/loops.md.
 */

/**
 * A loop that is not Node's: GTK's, or one of your own.
 *
 * In plain words: two loops on one thread, and only one of them may sleep. Whichever does is the master; it must wake for the
 * other's events, too, without looking again and again. What we ask of it beyond that is to do something in a turn of its own.
 *
 * 1. Work is done on the thread of the program, never while other code runs, and never before `later` has returned.
 * 2. Work of no delay is done in the order in which it was given, in the loop's next turn, among its other events: not before
 *    them all (it would freeze the window), not after them all (a busy server would starve it).
 * 3. Work of a delay is done that many milliseconds later, or as soon after as the loop has a turn.
 * 4. What is called off is not done. Calling off twice, or too late, is harmless.
 * 5. Work does not throw: {@link loopScheduler} sees to it.
 */
export interface ForeignLoop {
  /** Does `work` in a turn of the loop, in `delay` milliseconds (0: the next turn). Returns how to call it off. */
  later(work: () => void, delay: number): () => void;
  /** Milliseconds on the clock by which the loop measures delays. */
  now(): number;
}
