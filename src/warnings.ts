/**
 * What is not an error yet and should be known: told once, to a handler that a program can replace.
 * Knows: the warnings of the core. Does not know: who raises them.
 */
export class RopewalkWarning extends Error {}

/** A sink grew past its mark and no source in its pipeline could be held. */
export class UnpressuredSink extends RopewalkWarning {
  override readonly name = 'UnpressuredSink';

  constructor(sink: string, unsent: number) {
    super(`${sink} has ${unsent} bytes unsent, and nothing that feeds it can be held; see docs/pressure.md`);
  }
}

/** A connection was let go of the moment it was there. */
export class ConnectionDropped extends RopewalkWarning {
  override readonly name = 'ConnectionDropped';

  constructor(endpoint: string) {
    super(
      `the connection to ${endpoint} was unsubscribed as soon as it came, which closes it; ` +
        'stay subscribed while you use it (switchMap, callback), or use dial() to own it',
    );
  }
}

/** A listening socket could not accept somebody; it goes on listening. */
export class AcceptFailed extends RopewalkWarning {
  override readonly name = 'AcceptFailed';

  constructor(endpoint: string, cause: Error) {
    super(`${endpoint} could not accept a connection: ${cause.message}`, { cause });
  }
}

let handler = (warning: RopewalkWarning): void => console.warn(String(warning));

/** Replaces what is done with warnings (by default `console.warn`) and returns what was done before. */
export function onWarning(handle: (warning: RopewalkWarning) => void): (warning: RopewalkWarning) => void {
  const before = handler;
  handler = handle;
  return before;
}

export function warn(warning: RopewalkWarning): void {
  handler(warning);
}
