/**
 * What a link of the chain may answer, when it is one of our own, beside a result.
 * Knows: two answers. Does not know: the chain, which acts on them.
 */

/** Let the failure pass as it is. */
export const stillFailing = {};

/** Wait for this, and call the same link again with what comes of it. */
export class Again {
  readonly awaited: unknown;

  constructor(awaited: unknown) {
    this.awaited = awaited;
  }
}
