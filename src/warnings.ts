/**
 * What is not an error yet and should be known: told once, to a handler that a program can replace.
 * Knows: the warnings of the core. Does not know: who raises them.
 */
import type { Origin } from './origin.ts';

export class RopewalkWarning extends Error {}

/** A sink grew past its mark and whoever writes cannot be held. */
export class UnpressuredSink extends RopewalkWarning {
  override readonly name = 'UnpressuredSink';
  /** Bytes that wait in the sink. */
  readonly unsent: number;
  /** Where the values come from that nobody can be held for. */
  readonly origin: Origin;

  constructor(sink: string, unsent: number, origin: Origin) {
    const { operators, place } = origin;
    const through = operators.length > 0 ? `, written by ${operators.join(' > ')} of rxjs` : '';
    const at = place === undefined ? '' : `${through === '' ? ', written' : ','} at ${place}`;
    super(
      `${sink} has ${unsent} bytes unsent, and nothing that feeds it can be held${through}${at}; see docs/pressure.md`,
    );
    this.unsent = unsent;
    this.origin = origin;
  }
}

/** Most of what arrived is still in memory: something in the pipeline stores it, and nobody is held for it. */
export class StoredBytes extends RopewalkWarning {
  override readonly name = 'StoredBytes';
  /** About how many bytes. */
  readonly stored: number;

  /** `arrived`, when it is the heap that grew while so many bytes arrived: text and objects cannot be told apart from others'. */
  constructor(source: string, stored: number, arrived?: number) {
    const seen =
      arrived === undefined
        ? `about ${mebibytes(stored)} MiB that came from ${source} are still in memory: something in its pipeline stores them `
        : `the heap has grown by about ${mebibytes(stored)} MiB while ${mebibytes(arrived)} MiB came from ${source}: ` +
          'perhaps something in its pipeline stores text, or what was made of it ';
    super(
      `${seen}(toArray, buffer, zip, a concatMap of rxjs?) and holds nobody; ropewalk/operators has those that hold, ` +
        'see docs/pressure.md',
    );
    this.stored = stored;
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / (1 << 20));
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

/** Datagrams or wishes of a socket fail, and nobody listens to its `errors$`. Told once for each kind of failure. */
export class UnheardDatagramError extends RopewalkWarning {
  override readonly name = 'UnheardDatagramError';

  constructor(socket: string, cause: Error) {
    super(`nobody listens to errors$ of ${socket}: ${cause.name}: ${cause.message}`, { cause });
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
