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

  constructor(init: ResponseInit = {}) {
    super(init);
    this.status = init.status ?? 200;
    this.reason = init.reason ?? phrases[this.status] ?? '';
    this.upgrade = init.upgrade;
  }

  /** Whether the status is a 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The same with something changed. The body goes with it: read one of the two. */
  with(changes: ResponseInit): Response {
    const { status, reason, upgrade, headers } = this;
    const body = this.streamed ? this.body : this.content;
    const trailers = () => this.trailers;
    // Another status has another phrase.
    const kept = changes.status === undefined ? { status, reason } : {};
    return new Response({ ...kept, upgrade, headers, body, trailers, ...changes });
  }

  override toString(): string {
    return `${this.status} ${this.reason}`;
  }
}
brand(Response, 'Response');
