/**
 * Debug mode: where a Deferred was made, and where it was first fired (rules 11 and 38).
 * Knows: one switch and two stacks. Does not know: Deferreds.
 */
let debugging = false;

/**
 * Turns debug mode on or off; it is off by default, because a stack for each Deferred costs some microseconds.
 *
 * In plain words: when a Deferred is fired twice, or fails and nobody looks, say where it came from.
 * Applies to Deferreds made from now on.
 *
 * ```ts
 * setDebugging(true);
 * getDebugging(); // true
 * ```
 */
export function setDebugging(on: boolean): void {
  debugging = on;
}

/** Whether debug mode is on, see {@link setDebugging}. */
export function getDebugging(): boolean {
  return debugging;
}

/** The two moments worth remembering in a Deferred's life. */
export interface Trace {
  readonly made: Error;
  fired?: Error;
}

export function startTrace(): Trace | undefined {
  return debugging ? { made: new Error('made here') } : undefined;
}

/** One error that shows both stacks, to be the `cause` of an AlreadyCalledError. */
export function tell({ made, fired }: Trace): Error {
  const told = new Error('made and first fired here');
  told.stack = [made.stack, fired?.stack].join('\n');
  return told;
}
