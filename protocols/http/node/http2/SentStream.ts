/**
 * One stream of HTTP/2, at the client: one request, and its response (RFC 9113 section 8.1).
 * Knows: both messages as a stream carries them, what a reset says of what the server has done. Does not know: other streams.
 */
import { constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { Observable, Subscription } from 'rxjs';
import type { Bytes } from '../../../../src/bytes.ts';
import type { Connection } from '../../../../src/Connection.ts';
import { Deferred } from '../../../../src/Deferred.ts';
import { Cancelled, ConnectionLost, ProtocolError } from '../../../../src/errors.ts';
import { subscribingFor } from '../../../../src/flow.ts';
import { writing } from '../../../../src/node/streams/toWritable.ts';
import type { Exchange } from '../../client/Carrier.ts';
import { Fields } from '../../Fields.ts';
import type { Request } from '../../Request.ts';
import { RequestFailed } from '../../RequestFailed.ts';
import { Response } from '../../Response.ts';
import { ArrivingContent } from './ArrivingContent.ts';
import { codeName } from './errorCodes.ts';
import { fromHeaders, toHeaders } from './fields.ts';

export interface SentStreamOwner {
  readonly connection: Connection;
  /** Whether the session of all its streams is over. */
  readonly ended: boolean;
  over(): void;
}

const endOfStream = 0x1;

export class SentStream implements Exchange {
  readonly head: Deferred<Response>;
  received = false;
  private readonly stream: ClientHttp2Stream;
  private readonly content: ArrivingContent;
  private readonly owner: SentStreamOwner;
  private readonly request: Request;
  private readonly work = new Subscription();
  private trailers = Fields.none;
  private reason: unknown;
  /** What Node says of its end. */
  private cause: Error | undefined;
  private refused = false;

  constructor(session: ClientHttp2Session, request: Request, owner: SentStreamOwner) {
    this.owner = owner;
    this.request = request;
    this.head = new Deferred<Response>({ canceller: () => this.abort(new Cancelled(`${request} was called off`)) });
    const { method, scheme, authority, target, content } = request;
    const pseudo = { ':method': method, ':scheme': scheme, ':authority': authority, ':path': target };
    const length = content !== undefined && content.length > 0 ? content.length : undefined;
    const hasLength = length === undefined || request.headers.has('Content-Length');
    const fields = hasLength ? request.headers : request.headers.with('Content-Length', length);
    const endStream = !request.streamed && length === undefined;
    const stream = session.request(toHeaders(fields, pseudo), { endStream, waitForTrailers: request.streamed });
    this.stream = stream;
    this.content = new ArrivingContent(stream);
    stream.on('response', (_headers, flags, ...[raw]: unknown[]) => this.headCame(flags, raw as string[]));
    stream.on('trailers', (_headers, _flags, ...[raw]: unknown[]) => {
      this.trailers = fromHeaders((raw ?? []) as string[]).fields;
    });
    stream.on('error', (error: Error) => {
      this.cause = error;
      // What is no HTTP/2 is told as it is: to ask again would not help.
      if (error instanceof ProtocolError) this.reason ??= error;
    });
    stream.on('close', () => this.closed());
    stream.on('wantTrailers', () => stream.sendTrailers(toHeaders(request.trailers, {})));
    if (endStream) return;
    if (content !== undefined) stream.end(content);
    else this.upload(request.body);
  }

  /** RFC 9113 section 8.7: what was refused, or came after the last stream of a GOAWAY, was not looked at. */
  get sent(): boolean {
    return !this.refused;
  }

  abort(reason: unknown): void {
    this.reason ??= reason;
    this.work.unsubscribe();
    if (!this.stream.destroyed) this.stream.close(constants.NGHTTP2_CANCEL);
    if (!this.head.called) this.head.errback(reason);
  }

  private upload(body: Observable<Bytes>): void {
    const sending = body.pipe(writing<Bytes>(this.stream, {}, (cause) => this.lost(cause)));
    this.work.add(
      subscribingFor(undefined, () =>
        sending.subscribe({
          error: (error: unknown) => {
            // A server may answer before it has read everything, and stop reading (RFC 9113 section 8.1).
            if (!this.received || !(error instanceof ConnectionLost)) this.abort(error);
          },
        }),
      ),
    );
  }

  private headCame(flags: number, raw: readonly string[]): void {
    this.received = true;
    const { pseudo, fields } = fromHeaders(raw);
    const ended = (flags & endOfStream) !== 0;
    const response = new Response({
      status: Number(pseudo[':status']),
      headers: fields,
      body: ended ? undefined : this.body(),
      trailers: () => this.trailers,
    });
    if (ended) this.stream.resume();
    if (!this.head.called) this.head.callback(response);
  }

  /** Whoever leaves before its end ends the exchange. */
  private body(): Observable<Bytes> {
    const content = this.content.read((cause) => this.reason ?? this.lost(cause));
    return new Observable((subscriber) => {
      if (this.reason !== undefined) {
        subscriber.error(this.reason);
        return;
      }
      const work = content.subscribe(subscriber);
      return () => {
        work.unsubscribe();
        if (!this.stream.readableEnded && !this.stream.closed) this.stream.close(constants.NGHTTP2_CANCEL);
      };
    });
  }

  private closed(): void {
    const { stream } = this;
    this.work.unsubscribe();
    this.refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || stream.id === undefined;
    if (!this.head.called) this.head.errback(this.reason ?? this.failed());
    this.owner.over();
  }

  private failed(): RequestFailed {
    const cause = this.lost(this.cause);
    return new RequestFailed(`${this.request}: ${cause.message}`, { cause, sent: this.sent, answered: this.received });
  }

  private lost(cause?: Error | null): Error {
    const { stream, owner } = this;
    // What ends all streams says why itself.
    if (cause instanceof ConnectionLost) return cause;
    const code = codeName(stream.rstCode);
    const ending = owner.ended ? 'its connection ended' : `it was reset with ${code} before its end`;
    const details = { cause: cause ?? undefined, code: owner.ended ? undefined : code };
    return new ConnectionLost(`a stream of ${owner.connection} was lost: ${cause?.message ?? ending}`, details);
  }
}
