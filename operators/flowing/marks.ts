/**
 * How much an operator may store before it holds whoever feeds it: for those whose definition lets values wait for
 * something else than room (a time, a notifier). Knows: two numbers, which everything in this folder shares.
 */

/** So many values. */
export const storedItems = 16_384;
/** So many bytes, or characters; of a value that is neither, only the number of values counts. */
export const storedBytes = 1 << 20;
