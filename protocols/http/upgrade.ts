/**
 * A connection that goes on as something else (RFC 9110 section 7.8; over HTTP/2, RFC 8441).
 * Knows: what a protocol must tell to be switched to, and how it becomes a handler. Does not know: any such protocol.
 */
import type { Observable } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import type { Layer } from '../../src/Protocol.ts';
import type { FieldsInit } from './Fields.ts';
import type { Handler } from './Handler.ts';
import type { Request } from './Request.ts';
import { Response } from './Response.ts';

/** What a connection can become: `webSocket()` makes one. */
export interface Upgrade<In, Out = In> {
  /** Looks at a request that asks for it, or does not. Throws an `HttpError` to refuse: 400, 403, 426. */
  accept(request: Request): Accepted<In, Out>;
}

/** An upgrade that is about to be answered. */
export interface Accepted<In, Out = In> {
  /** Fields of the answer. */
  readonly headers: FieldsInit;
  /** What is spoken from then on. */
  readonly layer: Layer<Bytes, In, Out, Bytes>;
  /** The subprotocol that was chosen, if there is one. */
  readonly subprotocol?: string;
}

/** How it came to this conversation. */
export interface Upgraded {
  readonly request: Request;
  readonly subprotocol: string | undefined;
}

/**
 * A handler that answers with 101 and goes on as something else, or refuses.
 *
 * In plain words: put it in a route. `protocol` is an operator, as everywhere; it may ask for the connection and for the
 * request that it began with.
 *
 * ```ts
 * const site = routes({ 'GET /ws': upgrade(webSocket(), map((message) => message)) });
 * ```
 */
export function upgrade<In, Out = In>(
  to: Upgrade<In, Out>,
  protocol: (incoming: Observable<In>, connection: Connection, upgraded: Upgraded) => Observable<Out>,
): Handler {
  return (request) => {
    const { headers, layer, subprotocol } = to.accept(request);
    const speak = layer((incoming, connection) => protocol(incoming, connection, { request, subprotocol }));
    // RFC 8441 section 5: a stream of HTTP/2 is opened for it with 200, there is nothing to switch.
    return new Response({ status: request.version === '2' ? 200 : 101, headers, upgrade: speak });
  };
}
