/**
 * Dialling: the Observable form, which lives as long as its connection, and the Deferred form, which gives it away.
 * Knows: cancelling, closing on unsubscribe, how an end is told. Does not know: sockets.
 */
import { Observable } from 'rxjs';
import type { Connection } from './Connection.ts';
import { Deferred } from './Deferred.ts';
import { currentSink, subscribingFor } from './flow.ts';
import { ConnectionDropped, warn } from './warnings.ts';

/** What a platform tells whoever dials. Exactly one of them, unless the dial is cancelled first. */
export interface DialEvents {
  opened(connection: Connection): void;
  failed(error: Error): void;
}

/**
 * The Observable of one connection. Subscribing dials; it completes when the connection has ended in order, and errors
 * when the dial fails or the connection is lost. Unsubscribing cancels the dial, or closes the connection, flushed and in order.
 */
export function connecting(endpoint: string, dial: (events: DialEvents) => () => void): Observable<Connection> {
  return new Observable((subscriber) => {
    let connection: Connection | undefined;
    // Who subscribes to the connection when it opens does so for whoever dialled.
    const sink = currentSink();
    const cancel = dial({
      opened(opened) {
        connection = opened;
        opened.halves.onClosed((reason) => {
          if (reason.kind === 'done') subscriber.complete();
          else subscriber.error(reason.error);
        });
        subscribingFor(sink, () => subscriber.next(opened));
        if (subscriber.closed) warn(new ConnectionDropped(endpoint));
      },
      failed: (error) => subscriber.error(error),
    });
    return () => {
      if (connection === undefined) cancel();
      else connection.halves.leave();
    };
  });
}

/** The Deferred of one connection: eager; `cancel()` stops the dial; the connection belongs to whoever asked. */
export function dialling(connect: Observable<Connection>): Deferred<Connection> {
  const dialled = new Deferred<Connection>({ canceller: () => attempt.unsubscribe() });
  // Never unsubscribed once there is a connection: it is the asker's now.
  const attempt = connect.subscribe({
    next: (connection) => dialled.callback(connection),
    error(error: unknown) {
      // After the connection was handed over its loss is told by the connection itself.
      if (!dialled.called) dialled.errback(error);
    },
  });
  return dialled;
}
