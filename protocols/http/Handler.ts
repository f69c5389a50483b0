/**
 * What answers one request.
 * Knows: the ways to give an answer. Does not know: which request it is for, how it is sent.
 */
import { Observable, of, throwError } from 'rxjs';
import { isAwaitable, type Awaitable } from '../../src/deferred/awaitable.ts';
import { maybeDeferred } from '../../src/deferred/index.ts';
import type { Request } from './Request.ts';
import type { Response } from './Response.ts';

/**
 * A function from a request to its response, now or later: a {@link Response}, or a Deferred, a promise or an Observable of one
 * (of an Observable, the last value, as everywhere). One that is not waited for any more is cancelled: the client has left.
 */
export type Handler<R extends Request = Request> = (request: R) => Response | Awaitable<Response>;

/** The one answer of a handler, lazily; what it throws is an error of the stream. Unsubscribing calls the work off. */
export function answer<R extends Request>(handler: Handler<R>, request: R): Observable<Response> {
  let given;
  try {
    given = handler(request);
  } catch (error) {
    return throwError(() => error);
  }
  if (!isAwaitable(given)) return of(given);
  return new Observable((subscriber) => {
    const waiting = maybeDeferred(() => given);
    subscriber.add(waiting.subscribe(subscriber));
    subscriber.add(() => waiting.cancel());
  });
}
