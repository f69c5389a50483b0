/**
 * HTTP for servers in either version, as one layer: what the client speaks is what it gets.
 * Knows: how to tell (ALPN, RFC 7301; the preface of HTTP/2, RFC 9113 section 3.4). Does not know: either version.
 */
import { Observable, type Subscriber } from 'rxjs';
import { bytes, concat, equal, type Bytes } from '../../../src/bytes.ts';
import type { Connection } from '../../../src/Connection.ts';
import { currentSink, subscribingFor } from '../../../src/flow.ts';
import { Inbox } from '../../../src/Inbox.ts';
import type { Layer, Protocol } from '../../../src/Protocol.ts';
import { Deadline } from '../Deadline.ts';
import { http as http1, type HttpOptions } from '../http.ts';
import type { Request } from '../Request.ts';
import type { Response } from '../Response.ts';
import { http2, type Http2Options } from './http2/http2.ts';

export interface AnyHttpOptions extends HttpOptions {
  /** What is asked of HTTP/2 alone. Its timeouts and its `minRate` are those of HTTP/1 unless it is said here. */
  readonly http2?: Omit<Http2Options, 'refused'>;
}

/** RFC 9113 section 3.4. */
const preface = bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * HTTP/1.1 and HTTP/2, as a layer: `http()` of `ropewalk/http`, and {@link http2}, whichever the client speaks.
 *
 * In plain words: over TLS the two have agreed on it, if the endpoint says `alpn=h2,http/1.1`; in the clear a client that begins
 * with the preface of HTTP/2 knew that it may. A site serves both and need not know; `request.version` tells.
 *
 * ```ts
 * import { http } from 'ropewalk/http/node';
 *
 * listen('tls:8443:privateKey=key.pem:certKey=cert.pem:alpn=h2,http/1.1').pipe(
 *   serve(over(http(), routes({ 'GET /': () => text('hello') }))),
 * ).subscribe();
 * ```
 */
export function http(options: AnyHttpOptions = {}): Layer<Bytes, Request, Response> {
  const { timeouts, minRate, refused } = options;
  const { idle, body, response } = timeouts ?? {};
  const shared = { idleTimeout: idle, bodyTimeout: body, responseTimeout: response, minRate, refused };
  const layers = { '1': http1(options), '2': http2({ ...shared, ...options.http2 }) };
  return (site) => {
    const one = layers['1'](site);
    const two = layers['2'](site);
    return (incoming, connection) => {
      const agreed = connection.tls?.alpn;
      if (agreed !== undefined) return (agreed === 'h2' ? two : one)(incoming, connection);
      return new Observable((outgoing) => {
        const idle = options.timeouts?.idle ?? 60_000;
        new Choosing(incoming, outgoing, connection, one, two).begin(idle);
      });
    };
  };
}

/** A connection whose first bytes tell. */
class Choosing {
  private readonly incoming: Observable<Bytes>;
  private readonly outgoing: Subscriber<Bytes>;
  private readonly connection: Connection;
  private readonly one: Protocol<Bytes>;
  private readonly two: Protocol<Bytes>;
  /** What the chosen one reads, from the beginning; until it does, it waits, and its connection is held. */
  private readonly chosen: Inbox<Bytes>;
  private seen: Bytes | undefined;
  private decided = false;
  /** On whose behalf this is subscribed: so is the one that is chosen, later. */
  private readonly sink = currentSink();
  private readonly deadline: Deadline;

  constructor(
    incoming: Observable<Bytes>,
    outgoing: Subscriber<Bytes>,
    connection: Connection,
    one: Protocol<Bytes>,
    two: Protocol<Bytes>,
  ) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.connection = connection;
    this.one = one;
    this.two = two;
    this.chosen = new Inbox(connection.halves.group, { listeningChanged() {}, toString: () => String(connection) });
    // Who says nothing, or drips out a preface, is sent away as by either version.
    this.deadline = new Deadline(connection.halves.transport.scheduler, () => outgoing.complete());
  }

  begin(idle: number): void {
    const { outgoing, chosen, deadline } = this;
    deadline.set(idle);
    outgoing.add(() => {
      deadline.stop();
      chosen.forget();
    });
    this.connection.halves.onDraining(() => {
      if (!this.decided) outgoing.complete();
    });
    outgoing.add(
      // On nobody's behalf: each version holds the connection itself.
      subscribingFor(undefined, () =>
        this.incoming.subscribe({
          next: (chunk) => (this.decided ? chosen.next(chunk) : this.look(chunk)),
          error: (error: unknown) => (this.decided ? chosen.error(error) : outgoing.error(error)),
          complete: () => (this.decided ? chosen.complete() : this.cutShort()),
        }),
      ),
    );
  }

  private look(chunk: Bytes): void {
    const seen = (this.seen = this.seen === undefined ? chunk : concat([this.seen, chunk]));
    const length = Math.min(seen.length, preface.length);
    const is2 = equal(seen.subarray(0, length), preface.subarray(0, length));
    if (is2 && length < preface.length) return;
    this.choose(is2 ? this.two : this.one);
    this.chosen.next(seen);
  }

  /** It ended within what may be a preface, or said nothing: let the older one make of it what it can. */
  private cutShort(): void {
    this.choose(this.one);
    if (this.seen !== undefined) this.chosen.next(this.seen);
    this.chosen.complete();
  }

  private choose(protocol: Protocol<Bytes>): void {
    this.decided = true;
    this.deadline.stop();
    const { sink, outgoing, chosen, connection } = this;
    outgoing.add(
      subscribingFor(sink, () =>
        protocol(new Observable((reader) => chosen.subscribe(reader)), connection).subscribe(outgoing),
      ),
    );
  }
}
