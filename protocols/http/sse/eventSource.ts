/**
 * The client of server-sent events: one stream, over as many responses as it takes (WHATWG HTML section 9.2).
 * Knows: the last id, when to come back and when not to. Does not know: how a request is sent.
 */
import { asyncScheduler, Observable, Subscription, type OperatorFunction, type SchedulerLike } from 'rxjs';
import type { Bytes } from '../../../src/bytes.ts';
import { maybeDeferred } from '../../../src/deferred/index.ts';
import type { Awaitable } from '../../../src/deferred/awaitable.ts';
import { ProtocolError } from '../../../src/errors.ts';
import { currentSink, subscribingFor } from '../../../src/flow.ts';
import { decoding } from '../../../operators/framing/decoding.ts';
import { Request } from '../Request.ts';
import type { Response } from '../Response.ts';
import { Machine, type EventStreamEvents } from './Machine.ts';
import type { ServerSentEvent } from './messages.ts';

export interface EventSourceOptions {
  /** Sends a request: an `httpClient()`'s, or any function from a request to its response. */
  send(request: Request): Response | Awaitable<Response>;
  /** Where to begin: the id of the last event that was heard in another life. */
  readonly lastEventId?: string;
  /** How long to wait before coming back, in milliseconds, until the server says otherwise (3,000). */
  readonly retry?: number;
  /** How many attempts in a row may come to nothing (no limit); the last error is passed on then. */
  readonly attempts?: number;
  /** The most characters an event may have (1 MiB). */
  readonly max?: number;
  readonly scheduler?: SchedulerLike;
}

const oneMiB = 1 << 20;

/**
 * The events at a URL, or of a request, for as long as somebody wants them.
 *
 * In plain words: an Observable that comes back by itself when the connection is lost or ends, says which event it heard last, and
 * waits in between as long as the server wishes. It completes when the server answers 204, and only then. Unsubscribing
 * lets go of the connection.
 *
 * ```ts
 * eventSource('https://example.org/log', { send: (request) => client.send(request) })
 *   .subscribe(({ event, data, id }) => console.log(id, event, data));
 * ```
 * Limits: `max` for an event; more is {@link LimitExceeded}, and the end: it would come again. Whoever is fed holds the response.
 * Errors: {@link ProtocolError} for an answer that is no stream of events (its `hint` is the status): as in browsers, that is the
 * end. A loss, and a server that cannot be reached, are a reason to come back.
 */
export function eventSource(url: string | URL | Request, options: EventSourceOptions): Observable<ServerSentEvent> {
  const { send, max = oneMiB, attempts = Infinity, scheduler = asyncScheduler } = options;
  const asked = url instanceof Request ? url : Request.to(url);
  return new Observable((subscriber) => {
    const sink = currentSink();
    let id = options.lastEventId ?? '';
    let wait = options.retry ?? 3000;
    let failures = 0;
    let current: Subscription | undefined;

    const again = (error?: unknown): void => {
      if (subscriber.closed) return;
      if (++failures >= attempts && error !== undefined) subscriber.error(error);
      else current = scheduler.schedule(attempt, wait);
    };
    const read = (response: Response): Subscription | undefined => {
      if (response.status === 204) {
        subscriber.complete();
        return undefined;
      }
      const type = response.headers.get('Content-Type') ?? 'none';
      if (response.status !== 200 || !/^text\/event-stream *(;|$)/i.test(type)) {
        const got = `${response.status} ${type}`;
        subscriber.error(
          new ProtocolError(`reading ${asked}: expected 200 and text/event-stream, got ${got}`, {
            hint: response.status,
          }),
        );
        return undefined;
      }
      failures = 0;
      const told = { retry: (ms: number) => (wait = ms) };
      return subscribingFor(sink, () =>
        response.body.pipe(eventStream({ max, lastEventId: id, ...told })).subscribe({
          next(event) {
            id = event.id;
            subscriber.next(event);
          },
          error: (error: unknown) => {
            if (error instanceof Error && error.name === 'LimitExceeded') subscriber.error(error);
            else again(error);
          },
          complete: () => again(),
        }),
      );
    };
    const attempt = (): void => {
      const headers = {
        Accept: 'text/event-stream',
        'Cache-Control': 'no-store',
        'Last-Event-ID': id === '' ? undefined : id,
      };
      const asking = maybeDeferred(() => send(asked.with({ headers: asked.headers.merge(headers) })));
      const reading = new Subscription(() => asking.cancel());
      current = reading;
      asking.subscribe({
        next: (response) => reading.add(read(response)),
        error: (error: unknown) => {
          if (!reading.closed) again(error);
        },
      });
    };
    attempt();
    return () => current?.unsubscribe();
  });
}

/** What a stream of events is read with. */
export interface EventStreamOptions extends Pick<EventStreamEvents, 'retry'> {
  readonly max?: number;
  readonly lastEventId?: string;
}

/**
 * Bytes of `text/event-stream` to events; one that is not whole at the end is none.
 *
 * ```ts
 * of(bytes('event: greeting\ndata: hello\ndata: world\n\n')).pipe(eventStream()).subscribe(({ event, data }) => {
 *   console.log(event, JSON.stringify(data));   // => greeting "hello\nworld"
 * });
 * ```
 */
export function eventStream({ max = oneMiB, lastEventId, retry }: EventStreamOptions = {}): OperatorFunction<
  Bytes,
  ServerSentEvent
> {
  return decoding((out) => {
    const machine = new Machine(max, { event: (event) => out.next(event), retry }, lastEventId);
    return { receive: (chunk: Bytes) => machine.receive(chunk), end: () => {} };
  });
}
