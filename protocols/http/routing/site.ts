/**
 * A site: what answers requests, one at a time or as a stream of them.
 * Knows: the order of answers, how many requests are worked on at once, whom to hold meanwhile, who is told of errors.
 * Does not know: which handler answers what (routes.ts), the wire.
 */
import { Observable } from 'rxjs';
import type { Connection } from '../../../src/Connection.ts';
import { Deferred } from '../../../src/Deferred.ts';
import { currentGroup, feed, type HoldGroup } from '../../../src/flow.ts';
import { HeldQueue } from '../../../src/HeldQueue.ts';
import { RopewalkWarning, warn } from '../../../src/warnings.ts';
import { HttpError } from '../HttpError.ts';
import { Request } from '../Request.ts';
import type { Response } from '../Response.ts';
import type { SettledHandler } from './settled.ts';

export interface SiteOptions {
  /** How many requests of one connection are worked on at once (16): who sends more without waiting is held. */
  readonly concurrent?: number;
  /** Told of every error that is no {@link HttpError} below 500, with all that the client is not told. Without it, a warning. */
  readonly onError?: (error: unknown, request: Request) => void;
}

/**
 * What answers requests.
 *
 * In plain words: a function of one request, so a {@link Handler}, to be put behind a route or into middleware; and a function
 * of a stream of them, so a {@link Protocol}, to be laid over `http()`. There the Nth response answers the Nth request.
 * Answers that are there at once cost nothing more than the call. Unsubscribing cancels what is still worked on.
 */
export interface Site {
  (request: Request): Response | Deferred<Response>;
  (requests: Observable<Request>, connection?: Connection): Observable<Response>;
}

/** A handler failed, and the site has nobody who wants to know. */
export class HandlerFailed extends RopewalkWarning {
  override readonly name = 'HandlerFailed';

  constructor(request: Request, cause: unknown) {
    const why = cause instanceof Error ? (cause.stack ?? String(cause)) : String(cause);
    super(`${request} failed: ${why}`, { cause });
  }
}

/** The site of one handler. */
export function siteOf(handler: SettledHandler, options: SiteOptions = {}): Site {
  const { concurrent = 16, onError = (error, request) => warn(new HandlerFailed(request, error)) } = options;
  if (!(concurrent >= 1)) throw new RangeError(`expected at least 1 request at once, got ${concurrent}`);
  function site(request: Request): Response | Deferred<Response>;
  function site(requests: Observable<Request>): Observable<Response>;
  function site(given: Request | Observable<Request>): Response | Deferred<Response> | Observable<Response> {
    return given instanceof Observable ? inOrder(given, handler, concurrent, onError) : handler(given);
  }
  return site;
}

/** The place of a request that is worked on, or answered before those in front of it. */
interface Place {
  readonly request: Request;
  readonly group: HoldGroup | undefined;
  work: Deferred<Response> | undefined;
  response: Response | undefined;
}

function inOrder(
  requests: Observable<Request>,
  handler: SettledHandler,
  concurrent: number,
  onError: (error: unknown, request: Request) => void,
): Observable<Response> {
  return new Observable((subscriber) => {
    const places: Place[] = [];
    /** Those that came while enough are worked on. */
    const waiting = new HeldQueue<Request>('a site', 'it has requests enough to answer');
    let telling = false;
    let ended = false;

    const tell = (
      { group, request }: Place | { group: HoldGroup | undefined; request: Request },
      response: Response,
    ) => {
      const { cause } = response;
      telling = true;
      try {
        if (cause !== undefined && !(cause instanceof HttpError && cause.status < 500)) onError(cause, request);
        feed(group, subscriber, response);
      } catch (error) {
        subscriber.error(error);
      }
      telling = false;
    };
    const begin = (request: Request): void => {
      const group = currentGroup();
      const given = handler(request);
      if (!(given instanceof Deferred)) {
        // Nearly always: nobody is in front of it.
        if (places.length === 0 && !telling) tell({ group, request }, given);
        else places.push({ request, group, work: undefined, response: given });
        return;
      }
      const place: Place = { request, group, work: given, response: undefined };
      places.push(place);
      given.addCallback((response) => {
        place.work = undefined;
        place.response = response;
        proceed();
      });
    };
    /** Tells the answers whose turn it is, and begins with those who wait; a loop, because either may bring the other. */
    const proceed = (): void => {
      if (telling) return;
      while (!subscriber.closed) {
        const [first] = places;
        if (first?.response !== undefined) {
          places.shift();
          tell(first, first.response);
        } else if (waiting.head !== undefined && places.length < concurrent) {
          const { group, value } = waiting.head;
          waiting.drop();
          feed(group, { next: begin }, value);
        } else break;
      }
      if (ended && places.length === 0) subscriber.complete();
    };

    subscriber.add(() => {
      for (const { work } of places.splice(0)) work?.unsubscribe();
      waiting.dismiss();
    });
    subscriber.add(
      requests.subscribe({
        next(request) {
          if (places.length >= concurrent || waiting.backlog > 0) waiting.push(request);
          else {
            begin(request);
            proceed();
          }
        },
        error: (error: unknown) => subscriber.error(error),
        complete() {
          ended = true;
          proceed();
        },
      }),
    );
  });
}
