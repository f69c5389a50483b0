/**
 * An end to waiting for a handler.
 * Knows: one timer for each request that is not answered at once. Does not know: slow clients; that is the layer's.
 */
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { isAwaitable } from '../../../src/deferred/awaitable.ts';
import { maybeDeferred } from '../../../src/deferred/index.ts';
import { HttpError } from '../HttpError.ts';
import type { Middleware } from '../routing/compose.ts';

/**
 * Middleware: answers 503 when the handler behind it has no answer within `ms` milliseconds, and cancels its work.
 *
 * In plain words: it counts until there is a response; how long its content then streams is nobody's business here.
 *
 * ```ts
 * const site = compose(requestTimeout(5_000))(() => new Deferred<Response>());
 * ```
 */
export function requestTimeout(ms: number, scheduler: SchedulerLike = asyncScheduler): Middleware {
  if (!(ms > 0)) throw new RangeError(`expected a time above 0 milliseconds, got ${ms}`);
  return (next) => (request) => {
    const answer = next(request);
    if (!isAwaitable(answer)) return answer;
    let late = false;
    const working = maybeDeferred(() => answer);
    const timer = scheduler.schedule(() => {
      late = true;
      working.cancel();
    }, ms);
    return working.addBoth((result) => {
      timer.unsubscribe();
      // What comes of a cancelled handler does not count.
      if (late) throw new HttpError(503, 'this takes too long');
      return result;
    });
  };
}
