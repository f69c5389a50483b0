/**
 * Handlers that always have an answer.
 * Knows: the ways to give one, what is none. Does not know: what an error looks like (errorResponse.ts).
 */
import type { Deferred } from '../../../src/Deferred.ts';
import { isAwaitable, type Awaitable } from '../../../src/deferred/awaitable.ts';
import { maybeDeferred } from '../../../src/deferred/index.ts';
import type { Handler } from '../Handler.ts';
import type { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { errorResponse } from './errorResponse.ts';

/** A handler that neither throws nor fails. */
export type SettledHandler = (request: Request) => Response | Deferred<Response>;

/** What is thrown, what fails, and what is no response, as a response. */
export function settled(handler: Handler): SettledHandler {
  return (request) => {
    let given;
    try {
      given = handler(request);
    } catch (error) {
      return errorResponse(error, request);
    }
    if (!isAwaitable(given)) return given instanceof Response ? given : errorResponse(notResponse(given), request);
    const waiting = maybeDeferred(() => given as Awaitable<unknown>) as Deferred<unknown>;
    return waiting
      .addCallback((value) => {
        if (!(value instanceof Response)) throw notResponse(value);
        return value;
      })
      .addErrback((error) => errorResponse(error, request)) as Deferred<Response>;
  };
}

function notResponse(value: unknown): TypeError {
  return new TypeError(
    `a handler gives a Response, not ${value === null ? 'null' : `a value of type ${typeof value}`}`,
  );
}

/** Does something with an answer that is there now, or will be: for middleware. Stays synchronous where it can. */
export function afterwards(
  answer: Response | Awaitable<Response>,
  change: (response: Response) => Response,
): Response | Deferred<Response> {
  if (!isAwaitable(answer)) return change(answer);
  return maybeDeferred(() => answer).addCallback(change) as Deferred<Response>;
}
