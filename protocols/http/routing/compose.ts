/**
 * Middleware: functions from handler to handler, put together.
 * Knows: their order, that errors are responses in between. Does not know: what any of them does.
 */
import type { Handler } from '../Handler.ts';
import { settled, type SettledHandler } from './settled.ts';
import { siteOf, type Site, type SiteOptions } from './site.ts';

/**
 * Something around a handler: it may look at the request, answer it itself, pass on another one, change the answer.
 *
 * ```ts
 * const greeted: Middleware = (next) => (request) =>
 *   afterwards(next(request), (response) => response.with({ headers: response.headers.with('X-Hello', 'you') }));
 * ```
 */
export type Middleware = (next: Handler) => Handler;

/**
 * Puts middleware around a handler or around {@link routes}, the outermost first; what comes out is a {@link Site} again.
 *
 * In plain words: each is an ordinary function of the handler behind it, and this is function composition, with one thing
 * more: what goes wrong behind a middleware comes to it as a response (its status, and the error in `response.cause`), never as a
 * thrown error or a failed Deferred. So a log sees every status, and CORS fields stand on error pages, too.
 *
 * ```ts
 * const site = compose(cors({ origins: ['https://example.org'] }))(routes({ 'GET /': () => text('hello') }));
 * utf8((site(Request.to('http://a/')) as Response).content!);   // => hello
 * (site(Request.to('http://a/b')) as Response).status;          // => 404
 * ```
 */
export function compose(...middleware: readonly Middleware[]): (handler: Handler, options?: SiteOptions) => Site {
  return (handler, options) =>
    siteOf(
      middleware.reduceRight<SettledHandler>((next, around) => settled(around(next)), settled(handler)),
      options,
    );
}
