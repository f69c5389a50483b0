/**
 * A request (RFC 9110 section 3.4), as a handler gets it and as a client sends it: the same class in both directions and in
 * every version of HTTP, so that one may be passed on.
 * Knows: method, target and what can be read off them. Does not know: connections, routing.
 */
import type { Connection } from '../../src/Connection.ts';
import { brand } from '../../src/brand.ts';
import { Message, type MessageInit } from './Message.ts';

export interface RequestInit extends MessageInit {
  readonly method?: string;
  /** `http` or `https`. */
  readonly scheme?: string;
  /** Host and, if it is not the scheme's own, port: what the Host field or `:authority` says. */
  readonly authority?: string;
  /** The target as it stands on the wire: `/path?query`, `*`, for CONNECT `host:port` (RFC 9112 section 3.2). */
  readonly target?: string;
  readonly version?: HttpVersion;
  /** The connection that it came on. */
  readonly connection?: Connection;
  /** What is asked for by an upgrade: the token of the Upgrade field, or of `:protocol` (RFC 8441). */
  readonly upgrade?: string;
}

export type HttpVersion = '1.0' | '1.1' | '2';

/**
 * A request.
 *
 * In plain words: `method`, `path`, `query`, `headers`, and `body`, a stream that is held while nobody reads it; `text()`,
 * `json()` and `bytes()` read it whole, within a limit.
 *
 * ```ts
 * const request = Request.to('https://example.org/search?q=rope', { method: 'POST', body: 'hello' });
 * request.authority;          // => example.org
 * request.query.get('q');     // => rope
 * request.path;               // => /search
 * ```
 */
export class Request extends Message {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly target: string;
  readonly version: HttpVersion;
  readonly connection: Connection | undefined;
  readonly upgrade: string | undefined;

  constructor(init: RequestInit = {}) {
    super(init);
    this.method = init.method ?? 'GET';
    this.scheme = init.scheme ?? 'http';
    this.authority = init.authority ?? '';
    this.target = init.target ?? '/';
    this.version = init.version ?? '1.1';
    this.connection = init.connection;
    this.upgrade = init.upgrade;
  }

  /** A request to a URL. Throws `TypeError` for what is none. The fragment stays here (RFC 9110 section 7.1). */
  static to(url: string | URL, init: Omit<RequestInit, 'scheme' | 'authority' | 'target'> = {}): Request {
    const { protocol, host, pathname, search } = new URL(url);
    return new Request({ ...init, scheme: protocol.slice(0, -1), authority: host, target: pathname + search });
  }

  /** The path of the target, as it was sent: percent-encoded. */
  get path(): string {
    const { target } = this;
    const end = target.indexOf('?');
    return end < 0 ? target : target.slice(0, end);
  }

  /** The query of the target, decoded. */
  get query(): URLSearchParams {
    const at = this.target.indexOf('?');
    return new URLSearchParams(at < 0 ? '' : this.target.slice(at + 1));
  }

  /** The whole of what is asked for. Throws `TypeError` where there is none: `OPTIONS *`, CONNECT. */
  get url(): URL {
    return new URL(`${this.scheme}://${this.authority}${this.target}`);
  }

  /** The same with something changed. The body goes with it: read one of the two. */
  with(changes: RequestInit): Request {
    const { method, scheme, authority, target, version, connection, upgrade, headers } = this;
    const body = this.streamed ? this.body : this.content;
    const trailers = () => this.trailers;
    const same: RequestInit = {
      method,
      scheme,
      authority,
      target,
      version,
      connection,
      upgrade,
      headers,
      body,
      trailers,
    };
    return new Request({ ...same, ...changes });
  }

  override toString(): string {
    return `${this.method} ${this.target}`;
  }
}
brand(Request, 'Request');
