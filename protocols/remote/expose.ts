/**
 * What this end offers: functions and Observables, for whoever is at the other end of a connection.
 * Knows: what of an object is exposed. Does not know: how it is asked for (Conversation.ts).
 */
import { isObservable } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { Conversation } from './Conversation.ts';
import type { Answering, RemoteOptions } from './options.ts';
import { remoteOf, type Remote } from './remoteOf.ts';

/** What is offered on one connection, with its other end at hand. */
type Exposing<Far> = (far: Remote<Far>, connection: Connection) => object;

/**
 * Offers an object's functions and Observables to whoever connects: the far side of {@link remote}.
 *
 * In plain words: `serve(expose({ ... }))`. A function may return a value, a promise, a Deferred or an Observable; it is called
 * with the arguments that the caller gave, which are whatever the caller likes: check them. Exposed is what is written out: the
 * object's own properties, never what it inherits, so methods of a class are named one by one
 * (`quote: (symbol) => prices.quote(symbol)`). Given a function, it is called for each connection, with the other end: both may ask.
 *
 * A caller that leaves, unsubscribes or cancels ends the work on what it asked for. A stream whose caller is slow holds its
 * sources, and nobody else's. What fails is told by name ({@link RemoteError} tells more), and reported here as an `ExposedFailure`.
 *
 * ```ts
 * const { listen, dial } = memory();
 * const server = listen('memory:sums').pipe(serve(expose({ add: (a: number, b: number) => a + b }))).subscribe();
 * dial('memory:sums').addCallback((connection) =>
 *   remote<{ add(a: number, b: number): number }>(connection).add(2, 3)
 *     .addCallback((sum) => console.log(sum))                     // => 5
 *     .addCallback(() => { connection.complete(); server.unsubscribe(); }));
 * ```
 * Limits: see {@link RemoteOptions}. A caller who asks for too much at once is answered with {@link LimitExceeded}; one that breaks
 * the rules of the format loses its connection, with a {@link ProtocolError}. Source: docs/remote.md.
 */
export function expose<Far = unknown>(api: object | Exposing<Far>, options?: RemoteOptions): Protocol<Bytes> {
  return (incoming, connection) => {
    let exposed: object = {};
    const conversation = new Conversation(connection, (name) => memberOf(exposed, name), options);
    // Once something can be said: it may call the far side at once.
    return conversation.speak(incoming, () => {
      exposed = typeof api === 'function' ? (api as Exposing<Far>)(remoteOf<Far>(conversation), connection) : api;
    });
  };
}

/** What answers for an object: its own functions and Observables. */
export function answeringFor(api: object): Answering {
  return (name) => memberOf(api, name);
}

function memberOf(api: object, name: string): ReturnType<Answering> {
  if (!Object.hasOwn(api, name)) return undefined;
  const member = (api as Record<string, unknown>)[name];
  if (typeof member === 'function') return (...args) => Reflect.apply(member, api, args) as unknown;
  return isObservable(member) ? () => member : undefined;
}
