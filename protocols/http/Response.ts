/**
 * A response (RFC 9110 section 3.4), as a handler gives it and as a client gets it.
 * Knows: status, fields, content, and that a connection may go on as something else. Does not know: the wire.
 */
import type { Bytes } from '../../src/bytes.ts';
import { brand } from '../../src/brand.ts';
import type { Protocol } from '../../src/Protocol.ts';
import { Message, type MessageInit } from './Message.ts';
import { phrases } from './statuses.ts';

export interface ResponseInit extends MessageInit {
  readonly status?: number;
  /** The phrase of HTTP/1, if it is not the standard's. */
  readonly reason?: string;
  /**
   * What the connection speaks from here on: after 101 (RFC 9110 section 7.8), and after a 2xx to CONNECT. The bytes that
   * came behind the request are its own, untouched.
   */
  readonly upgrade?: Protocol<Bytes>;
  /** Ends a content that would go on for ever: see {@link Response.finish}. */
  readonly finish?: () => void;
  /** What went wrong, if this answers for an error: see {@link Response.cause}. */
  readonly cause?: unknown;
}

/**
 * A response.
 *
 * In plain words: what `text`, `json`, `html`, `stream`, `redirect` make; or your own, of a status, fields and content, which
 * may be a stream of bytes: it is sent as it comes, and held while the client does not take it.
 *
 * ```ts
 * new Response({ status: 201, headers: { Location: '/users/7' }, body: 'made' }).status;   // => 201
 * ```
 */
export class Response extends Message {
  readonly status: number;
  readonly reason: string;
  readonly upgrade: Protocol<Bytes> | undefined;
  /** Brings the content to its end, in order, if it would go on for ever (`events`): called when the server drains. */
  readonly finish: (() => void) | undefined;
  /** The error that this answers for, `undefined` if there was none: for logs. It is never sent. */
  readonly cause: unknown;

  constructor(init: ResponseInit = {}) {
    super(init);
    this.status = init.status ?? 200;
    this.reason = init.reason ?? phrases[this.status] ?? '';
    this.upgrade = init.upgrade;
    this.finish = init.finish;
    this.cause = init.cause;
  }

  /** Whether the status is a 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The same with something changed. The body goes with it: read one of the two. */
  with(changes: ResponseInit): Response {
    const { status, reason, upgrade, headers, finish, cause } = this;
    const body = this.streamed ? this.body : this.content;
    const trailers = () => this.trailers;
    // Another status has another phrase.
    const kept = changes.status === undefined ? { status, reason } : {};
    return new Response({ ...kept, upgrade, headers, body, trailers, finish, cause, ...changes });
  }

  override toString(): string {
    return `${this.status} ${this.reason}`;
  }
}
brand(Response, 'Response');
