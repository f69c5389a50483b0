/**
 * What answers one request.
 * Knows: the ways to give an answer. Does not know: which request it is for, how it is sent.
 */
import type { Awaitable } from '../../src/deferred/awaitable.ts';
import type { Request } from './Request.ts';
import type { Response } from './Response.ts';

/**
 * A function from a request to its response, now or later: a {@link Response}, or a Deferred, a promise or an Observable of one
 * (of an Observable, the last value, as everywhere). One that is not waited for any more is cancelled: the client has left.
 */
export type Handler<R extends Request = Request> = (request: R) => Response | Awaitable<Response>;
