/**
 * Failures that nobody handled (rule 38) go where RxJS sends its own: `config.onUnhandledError`, or the host.
 * Knows: when to look, and how to report. Does not know: what counts as handling.
 */
import { asyncScheduler, throwError } from 'rxjs';
import type { Trace } from './debugging.ts';

/** Looks at the end of the next turn of the event loop: this turn, its microtasks and the next one may add an errback. */
export function endOfNextTurn(look: () => void): void {
  asyncScheduler.schedule(() => asyncScheduler.schedule(look));
}

/** Reports once. In debug mode an error that tells where the Deferred was made, with the failure as its `cause`. */
export function report(failure: unknown, trace?: Trace): void {
  const reported = trace === undefined ? failure : withOrigin(failure, trace);
  // A subscription without an error handler is the public way to RxJS's own reporting.
  throwError(() => reported).subscribe();
}

function withOrigin(failure: unknown, { made }: Trace): Error {
  const reported = new Error(`nobody handled: ${String(failure)}`, { cause: failure });
  reported.stack = `${reported.name}: ${reported.message}\n${made.stack}`;
  return reported;
}
