/**
 * One request over a connection of its own.
 * Knows: when the connection is not needed any more, what a failure is to the one who asked. Does not know: pools.
 */
import { finalize, Observable, Subscription } from 'rxjs';
import type { Connection } from '../../../src/Connection.ts';
import type { Bytes } from '../../../src/bytes.ts';
import { Deferred } from '../../../src/Deferred.ts';
import { ConnectError, ConnectPermissionDenied, ConnectTimeout, TimedOut } from '../../../src/errors.ts';
import type { Protocol } from '../../../src/Protocol.ts';
import { relay } from '../../../operators/relay.ts';
import { HttpError } from '../HttpError.ts';
import { httpConnection } from '../HttpConnection.ts';
import type { Request } from '../Request.ts';
import type { Response } from '../Response.ts';

/**
 * Dials, and asks `request` there. The connection lives until the content of the response has been read, or left, or the client
 * is gone; after an upgrade the client is carried on over it.
 */
export function exchange(
  dial: Observable<Connection>,
  request: Request,
  client: Connection | undefined,
): Deferred<Response> {
  return dialled(dial, client, (connection, done) =>
    httpConnection(connection)
      .send(request)
      .addCallback((response) => {
        if (response.status === 101) return response.with({ upgrade: carried(connection, done) });
        if (response.streamed) return response.with({ body: response.body.pipe(finalize(done)) });
        done();
        return response;
      }),
  );
}

/** Dials, and gives what `use` makes of the connection; `done` ends it. What goes wrong is an {@link HttpError}. */
export function dialled(
  dial: Observable<Connection>,
  client: Connection | undefined,
  use: (connection: Connection, done: () => void) => Response | Deferred<Response>,
): Deferred<Response> {
  const life = new Subscription();
  const done = (): void => life.unsubscribe();
  const answer = new Deferred<Response>({ canceller: done });
  const failed = (error: unknown): void => {
    done();
    if (!answer.called) answer.errback(asHttpError(error));
  };
  // Whoever leaves without having read the response will not read it any more.
  const closed = client?.closed.addCallback(done);
  life.add(() => closed?.unsubscribe());
  let opened = false;
  life.add(
    dial.subscribe({
      next(connection) {
        if (opened) return;
        opened = true;
        const used = new Deferred<void>();
        used
          .addCallback(() => use(connection, done))
          .addCallback((response: Response) => answer.callback(response))
          .addErrback(failed);
        used.callback();
      },
      error: failed,
      complete: () => failed(new ConnectError('the dial ended without an answer')),
    }),
  );
  return answer;
}

/** A client carried on over `connection`, until either side is over. */
export function carried(connection: Connection, done: () => void): Protocol<Bytes> {
  return relay(
    new Observable((subscriber) => {
      subscriber.add(done);
      subscriber.next(connection);
    }),
  );
}

/** RFC 9110 sections 15.6.3 and 15.6.5. Why it is so is for the log, not for the client. */
function asHttpError(cause: unknown): HttpError {
  if (cause instanceof HttpError) return cause;
  if (cause instanceof ConnectPermissionDenied) return new HttpError(403, undefined, { cause });
  return new HttpError(cause instanceof ConnectTimeout || cause instanceof TimedOut ? 504 : 502, undefined, { cause });
}
