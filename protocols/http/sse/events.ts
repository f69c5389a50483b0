/**
 * Server-sent events for a handler: any Observable as a response that goes on (WHATWG HTML section 9.2).
 * Knows: what is sent and what keeps the line warm. Does not know: the wire.
 */
import { asyncScheduler, Observable, type SchedulerLike, type Subscriber } from 'rxjs';
import { bytes, type Bytes } from '../../../src/bytes.ts';
import { Fields } from '../Fields.ts';
import type { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import type { Beside } from '../responses.ts';
import { formatEvent, heartbeat } from './format.ts';
import type { EventFields } from './messages.ts';

export interface EventsOptions<T> extends Beside {
  /** What a value is as an event. When not said a text is its data, and any other value is JSON. */
  readonly as?: (value: T) => EventFields;
  /** The request that is answered: its Last-Event-ID is what a source that is a function is given. */
  readonly request?: Request;
  /** After so many milliseconds of silence a comment is sent (15,000): proxies cut a line that they think dead. */
  readonly heartbeat?: number;
  /** How long the client waits before it comes back, in milliseconds (the client's own choice: 3 s or so). */
  readonly retry?: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * A response of server-sent events: one for each value, until the source completes or the client leaves.
 *
 * In plain words: `new EventSource('/clock')` in a page hears each value. A client that was cut off comes back and says the
 * id of the last event it got: give a function, and it is called with that id (`undefined` for a client that is new).
 *
 * ```ts
 * const site = routes({
 *   'GET /clock': () => events(interval(1000)),
 *   'GET /log': (request) => events((last) => range(Number(last ?? 0) + 1, 100), {
 *     request,
 *     as: (n) => ({ id: n, event: 'line', data: `line ${n}` }),
 *   }),
 * });
 * ```
 * Limits: a client that does not read holds a source that can be held; one that cannot (a Subject) goes through `overflow`. Only
 * so many events are unsent as a connection bears (docs/pressure.md). When the server drains, the stream ends.
 * Errors: {@link ProtocolError}, side `local`, for an event type or an id with a line end in it; what the source errors with breaks
 * the response off. Neighbours: {@link eventSource} is the client.
 */
export function events<T>(
  source: Observable<T> | ((lastEventId: string | undefined) => Observable<T>),
  options: EventsOptions<T> = {},
): Response {
  const {
    as = asData,
    request,
    heartbeat: silence = 15_000,
    retry,
    scheduler = asyncScheduler,
    headers,
    ...beside
  } = options;
  if (!(silence > 0)) throw new RangeError(`expected a heartbeat above 0 milliseconds, got ${silence}`);
  const listening = new Set<Subscriber<Bytes>>();
  const body = new Observable<Bytes>((subscriber) => {
    listening.add(subscriber);
    subscriber.add(() => listening.delete(subscriber));
    let quiet = true;
    const send = (text: string): void => {
      quiet = false;
      subscriber.next(bytes(text));
    };
    // Said at once, so that the client knows that it is there even if nothing happens.
    send(retry === undefined ? heartbeat : `retry: ${Math.round(retry)}\n\n`);
    quiet = true;
    subscriber.add(
      scheduler.schedule(function look() {
        if (quiet) send(heartbeat);
        quiet = true;
        this.schedule(undefined, silence);
      }, silence),
    );
    const values = typeof source === 'function' ? source(request?.headers.get('Last-Event-ID')) : source;
    subscriber.add(
      values.subscribe({
        next(value) {
          let text;
          try {
            text = formatEvent(as(value));
          } catch (error) {
            subscriber.error(error);
            return;
          }
          send(text);
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  });
  const ours = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };
  const finish = (): void => {
    for (const subscriber of listening) subscriber.complete();
  };
  return new Response({ ...beside, headers: Fields.of(ours).merge(headers ?? {}), body, finish });
}

function asData(value: unknown): EventFields {
  return { data: typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null') };
}
