/**
 * The seam between the pool and the versions of HTTP: a connection that carries exchanges, one after the other (HTTP/1) or many
 * at a time (HTTP/2).
 * Knows: what the pool and a call ask of it. Does not know: how anything is written on a wire.
 */
import type { Connection } from '../../../src/Connection.ts';
import type { Deferred } from '../../../src/Deferred.ts';
import type { Request } from '../Request.ts';
import type { Response } from '../Response.ts';

/** One request, on its way on one connection. */
export interface Exchange {
  /**
   * The response, at its head; its body comes as it is read. Fails when the connection ends before. Cancelling it ends the
   * exchange.
   */
  readonly head: Deferred<Response>;
  /** Whether anything of the request may have reached the server. If not, it can be sent again whatever it is. */
  readonly sent: boolean;
  /** Whether anything of a response has come: whoever sent that has begun to answer. */
  readonly received: boolean;
  /** Ends it, wherever it is: HTTP/1 its connection with it, HTTP/2 its stream. Its body, if there is one, fails with `reason`. */
  abort(reason: unknown): void;
}

/** A connection that carries exchanges. */
export interface Carrier {
  /** How many exchanges it takes on now; 0, too, once it is over. */
  readonly room: number;
  /** How many exchanges go on. */
  readonly busy: number;
  /** Whether its connection is there. One that takes on no more is there until what goes on is over. */
  readonly open: boolean;
  /** Begins an exchange. Only when there is room. */
  send(request: Request): Exchange;
  /** Takes on no more: closed in order, now or when what goes on is over. */
  end(): void;
  /** Breaks off. */
  abort(reason: unknown): void;
}

/**
 * A version of HTTP, as a client speaks it. `changed` is to be called whenever `room`, `busy` or `open` may have changed; not
 * before `carry` has returned.
 */
export interface ClientVersion {
  /** Its name in ALPN (RFC 7301): `http/1.1`, `h2`. */
  readonly alpn: string;
  /** Whether one connection carries many exchanges at a time: then one is dialled, and what it can carry is seen first. */
  readonly shares: boolean;
  carry(connection: Connection, changed: () => void): Carrier;
}
