/**
 * Handlers as the Fetch standard has them: `(request: Request) => Response | Promise<Response>`.
 * Knows: both vocabularies, streams and calling off in both. Does not know: any framework.
 */
import { Observable } from 'rxjs';
import type { Bytes } from '../../../src/bytes.ts';
import { isAwaitable } from '../../../src/deferred/awaitable.ts';
import { maybeDeferred } from '../../../src/deferred/index.ts';
import { fromWeb } from '../../../src/web/fromWeb.ts';
import { toWeb } from '../../../src/web/toWeb.ts';
import type { Handler } from '../Handler.ts';
import { HttpError } from '../HttpError.ts';
import { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { compose } from '../routing/compose.ts';
import type { Site, SiteOptions } from '../routing/site.ts';

/** A handler in the words of the Fetch standard: Hono's `app.fetch`, what Deno, Bun and workers serve. */
export type FetchHandler = (request: globalThis.Request) => globalThis.Response | PromiseLike<globalThis.Response>;

/** What the standard keeps for itself: nobody else may ask it (section 2.2.1). */
const forbidden = /^(CONNECT|TRACE|TRACK)$/i;

/** Statuses without content: the standard refuses a body, even an empty one (section 2.2.3). */
const bodiless = new Set([101, 103, 204, 205, 304]);

/**
 * The site of a handler of the Fetch standard.
 *
 * In plain words: serve a Hono application on any connection, or behind a route. Bodies stream both ways with pressure. When
 * the client leaves, `request.signal` is aborted. CONNECT, TRACE and TRACK are 501: the standard has no such requests.
 *
 * ```ts
 * const app = (request: globalThis.Request) => new globalThis.Response(new URL(request.url).pathname);
 * const site = fromFetchHandler(app);
 * const answer = await site(Request.to('http://example.org/there'));
 * await answer.text()   // => /there
 * ```
 * Neighbours: {@link toFetchHandler} is the way back.
 */
export function fromFetchHandler(handler: FetchHandler, options?: SiteOptions): Site {
  return compose()(
    (request) =>
      new Observable((subscriber) => {
        if (forbidden.test(request.method)) throw new HttpError(501);
        const aborting = new AbortController();
        let answered = false;
        maybeDeferred(() => handler(toWebRequest(request, aborting.signal))).subscribe({
          next(response) {
            answered = true;
            if (subscriber.closed) response.body?.cancel().catch(() => {});
            subscriber.next(fromWebResponse(response, aborting));
            subscriber.complete();
          },
          error: (error: unknown) => subscriber.error(error),
        });
        return () => {
          if (!answered) aborting.abort();
        };
      }),
    options,
  );
}

function toWebRequest(request: Request, signal: AbortSignal): globalThis.Request {
  const { method, headers, content, streamed, scheme, authority, target } = request;
  const bodied = method !== 'GET' && method !== 'HEAD';
  const init = {
    method,
    headers: [...headers] as [string, string][],
    signal,
    body: !bodied ? undefined : streamed ? toWeb(request.body) : content,
    // It is sent before the answer is there: the only way that the standard knows (section 5.3).
    duplex: 'half',
  };
  return new globalThis.Request(`${scheme}://${authority || 'localhost'}${target}`, init as globalThis.RequestInit);
}

function fromWebResponse(response: globalThis.Response, aborting: AbortController): Response {
  const { status, statusText, headers, body } = response;
  return new Response({
    status,
    reason: statusText === '' ? undefined : statusText,
    // Set-Cookie comes line by line.
    headers: [...headers] as [string, string][],
    body: body === null ? undefined : untilLeft(fromWeb(body as ReadableStream<Bytes>), aborting),
  });
}

/** The content; who leaves in the middle of it calls the work off. */
function untilLeft(body: Observable<Bytes>, aborting: AbortController): Observable<Bytes> {
  return new Observable((subscriber) => {
    let ended = false;
    subscriber.add(() => {
      if (!ended) aborting.abort();
    });
    subscriber.add(
      body.subscribe({
        next: (chunk) => subscriber.next(chunk),
        error(error: unknown) {
          ended = true;
          subscriber.error(error);
        },
        complete() {
          ended = true;
          subscriber.complete();
        },
      }),
    );
  });
}

/**
 * A handler of the Fetch standard that asks a handler of ours: to mount a site in Hono, in a worker, in Deno.
 *
 * In plain words: bodies stream both ways with pressure; aborting the request's signal cancels the work. Upgrades are 501:
 * the standard has none.
 *
 * ```ts
 * const handle = toFetchHandler(routes({ 'GET /hello/:name': ({ params }) => text(`hello ${params.name}`) }));
 * const answer = await handle(new globalThis.Request('http://a/hello/you'));
 * await answer.text()   // => hello you
 * ```
 * Neighbours: {@link fromFetchHandler} is the way back.
 */
export function toFetchHandler(handler: Handler): (request: globalThis.Request) => Promise<globalThis.Response> {
  const site = compose()(handler);
  return async (request) => {
    const { method, url, headers, body, signal } = request;
    const asked = Request.to(url, {
      method,
      headers: [...headers] as [string, string][],
      body: body === null ? undefined : fromWeb(body as ReadableStream<Bytes>),
    });
    const answer = site(asked);
    if (!isAwaitable(answer)) return toWebResponse(answer, method);
    const callOff = (): void => answer.cancel();
    signal.addEventListener('abort', callOff);
    try {
      const response = await answer;
      signal.throwIfAborted();
      return toWebResponse(response, method);
    } finally {
      signal.removeEventListener('abort', callOff);
    }
  };
}

function toWebResponse(response: Response, method: string): globalThis.Response {
  const { status, reason, headers, content, streamed, upgrade } = response;
  if (upgrade !== undefined || status < 200) {
    return new globalThis.Response('upgrades are not possible here', { status: 501 });
  }
  const none = method === 'HEAD' || bodiless.has(status);
  const body = none ? null : streamed ? toWeb(response.body) : (content ?? null);
  const init = { status, statusText: reason, headers: [...headers] as [string, string][] };
  return new globalThis.Response(body as ConstructorParameters<typeof globalThis.Response>[0], init);
}
