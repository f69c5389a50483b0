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
  /** For the next request, or the first one (60,000): then the connection ends. */
  readonly idle: number;
}

export interface HttpOptions {
  /** What a request may be at most. */
  readonly limits?: Partial<Limits>;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** How many requests of one connection may wait for their responses (16). Then it is not read from. */
  readonly pipelined?: number;
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
  readonly discard: number;
}

export function http(options: HttpOptions = {}): Layer<Bytes, Request, Response> {
  const settings: HttpSettings = {
    ...options,
    limits: { ...defaultLimits, ...options.limits },
    timeouts: { head: 30_000, body: 30_000, idle: 60_000, ...options.timeouts },
    pipelined: options.pipelined ?? 16,
    discard: options.discard ?? 262_144,
  };
  return (site) => (incoming, connection) =>
    new Observable((out) => new Serving(out, incoming, connection, settings).start(site));
}
