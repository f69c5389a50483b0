/**
 * HTTP/1.1 for servers, as a layer.
 * Knows: what can be set, and how much of everything there may be. Does not know: how a connection is served (Serving.ts).
 */
import { Observable } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import type { Connection } from '../../src/Connection.ts';
import type { Layer } from '../../src/Protocol.ts';
import { defaultLimits, type Limits } from './messages.ts';
import type { Request } from './Request.ts';
import type { Response } from './Response.ts';
import { Serving } from './Serving.ts';

/** How long the server waits, in milliseconds. */
export interface HttpTimeouts {
  /** For all of a head, from its first byte (30,000): then 408. */
  readonly head: number;
  /** For the next piece of content, while somebody reads it (30,000): then 408. */
  readonly body: number;
  /**
   * For the client to take something of a response that is on its way (60,000), looked at in steps of this: then the connection
   * is broken off, with {@link TimedOut}.
   */
  readonly response: number;
  /** For the next request, or the first one (60,000): then the connection ends. */
  readonly idle: number;
}

export interface HttpOptions {
  /** What a request may be at most. */
  readonly limits?: Partial<Limits>;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** How many requests of one connection may wait for their responses (16). Then it is not read from. */
  readonly pipelined?: number;
  /**
   * The fewest bytes of content a second (240), while somebody reads it, over each stretch of `timeouts.body`: then 408. A client that
   * drips its content out, a byte now and then, would stay for ever. 0 for whom that is right.
   */
  readonly minRate?: number;
  /** How many bytes of a content that nobody reads are let go of (262,144) to keep the connection. With more it is closed. */
  readonly discard?: number;
  /**
   * Told of each request that was refused here, and of each error that was answered with a status: the client is told no more than
   * is good for it.
   */
  refused?(error: unknown, request: Request | undefined, connection: Connection): void;
}

/** The options, all of them. */
export interface HttpSettings extends HttpOptions {
  readonly limits: Limits;
  readonly timeouts: HttpTimeouts;
  readonly pipelined: number;
  readonly minRate: number;
  readonly discard: number;
}

/**
 * HTTP/1.1 for servers: what is laid over a site, to serve it on any connection.
 *
 * In plain words: a site is an operator from requests to responses, and the nth response answers the nth request. Keep-alive,
 * pipelining, chunks, `100 Continue`, HEAD, HTTP/1.0, upgrades and the end of a connection are seen to here. A body of a
 * request is read from the network as fast as you read it; a body of a response is drawn from its source as fast as the client
 * reads. When the server stops (`takeUntil(stopping)` before `serve`) what is in hand is finished, with `Connection: close`.
 *
 * ```ts
 * import { text } from 'ropewalk/http';
 *
 * const site = map((request: Request) => text(`hello, ${request.query.get('name') ?? 'world'}\n`));
 * listen('tcp:8080').pipe(serve(over(http(), site))).subscribe();
 * ```
 * Limits: {@link Limits} for each request, {@link HttpTimeouts} for each wait, `minRate`, `pipelined` and `discard`, so that nobody
 * fills the memory or stays for ever. What breaks them, and what is no request, is answered with its status after what was
 * asked before, and the connection ends: 400 (and whatever two readers could understand in two ways), 408, 413, 414, 417, 431,
 * 501, 505. `refused` is told.
 *
 * Errors: a site that errors answers what it owes with the status of an {@link HttpError}, and with 500 and no word for any other;
 * then the connection ends. A body that errors, or is not as long as its Content-Length, aborts the connection: no client takes
 * it for whole. A response that cannot be written is a 500, and `refused` is told. Source: RFC 9110, RFC 9112.
 *
 * @see {@link httpConnection} for the other side
 */
export function http(options: HttpOptions = {}): Layer<Bytes, Request, Response> {
  const settings: HttpSettings = {
    ...options,
    limits: { ...defaultLimits, ...options.limits },
    timeouts: { head: 30_000, body: 30_000, response: 60_000, idle: 60_000, ...options.timeouts },
    pipelined: options.pipelined ?? 16,
    minRate: options.minRate ?? 240,
    discard: options.discard ?? 262_144,
  };
  return (site) => (incoming, connection) =>
    new Observable((out) => new Serving(out, incoming, connection, settings).start(site));
}
