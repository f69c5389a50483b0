/**
 * The far side of one connection: what is exposed there, to be called.
 * Knows: one connection. Does not know: how to come back after a loss (RemoteLink.ts).
 */
import type { Connection } from '../../src/Connection.ts';
import { subscribingFor } from '../../src/flow.ts';
import { Conversation } from './Conversation.ts';
import { answeringFor } from './expose.ts';
import type { RemoteOptions } from './options.ts';
import { remoteOf, type Remote } from './remoteOf.ts';

/** What {@link remote} may be told. */
export interface CallerOptions extends RemoteOptions {
  /** What the far side may call in turn. */
  readonly expose?: object;
}

/**
 * What is exposed at the far side of `connection`, typed: calls give Deferreds, streams (whose names end in `$`) Observables.
 *
 * In plain words: `Api` is the type of what the server gave to {@link expose}. A call is sent at once; a stream with each subscription.
 * Cancelling and unsubscribing cross the wire. Whoever is slow to take a stream's values holds its source at the far side.
 *
 * ```ts
 * const { listen, connect } = memory();
 * listen('memory:clock').pipe(serve(expose({ ticks$: (from: number) => range(from, 3) }))).subscribe();
 * connect('memory:clock').pipe(
 *   switchMap((connection) => remote<{ ticks$(from: number): Observable<number> }>(connection).ticks$(5)),
 * ).subscribe((n) => console.log(n));
 * // => 5
 * // => 6
 * // => 7
 * ```
 * The connection belongs to the conversation: nobody else reads or writes it; `connection.complete()` ends it when it is time. Errors:
 * the families of the library by name, yours if listed, {@link NotExposed}, otherwise {@link RemoteError}; those that were told from
 * there have a {@link RemoteError} as their `cause`. When the connection ends, everything that is open fails with its reason, and so does
 * every later call.
 *
 * @see {@link remoteLink} for one that comes back
 */
export function remote<Api>(connection: Connection, options: CallerOptions = {}): Remote<Api> {
  return remoteOf<Api>(conversationOver(connection, options));
}

/** A conversation that has begun. */
export function conversationOver(connection: Connection, options: CallerOptions = {}): Conversation {
  const conversation = new Conversation(connection, answeringFor(options.expose ?? {}), options);
  subscribingFor(connection.halves.outbox, () => conversation.speak(connection).subscribe(connection));
  return conversation;
}
