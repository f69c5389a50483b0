/**
 * Error pages of a program's own.
 * Knows: which responses answer for an error. Does not know: what else may look different.
 */
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import type { Response } from '../Response.ts';
import { phrases } from '../statuses.ts';
import type { Middleware } from './compose.ts';
import type { Problem } from './errorResponse.ts';
import { afterwards } from './settled.ts';

/**
 * Pages of your own instead of the plain ones: `show` gives the response for a problem, or `undefined` to leave it.
 *
 * ```ts
 * const mine = errorPages(({ status, title }) => (status === 404 ? html(`<h1>${title}</h1>`) : undefined));
 * const site = compose(mine)(routes({ 'GET /': () => text('hello') }));
 * ```
 * The status, and the fields of the error (`Allow`, `WWW-Authenticate`), stay.
 */
export function errorPages(show: (problem: Problem, request: Request) => Response | undefined): Middleware {
  return (next) => (request) =>
    afterwards(next(request), (response) => {
      const { cause, status } = response;
      if (cause === undefined) return response;
      const detail = cause instanceof HttpError ? cause.message : undefined;
      const shown = show({ status, title: phrases[status] ?? String(status), detail }, request);
      if (shown === undefined) return response;
      return shown.with({ status, cause, headers: response.headers.without('content-type').merge(shown.headers) });
    });
}
