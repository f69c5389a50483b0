/**
 * One stream of HTTP/2, at the server: one request, and its response (RFC 9113 section 8.1).
 * Knows: both messages as a stream carries them. Does not know: other streams, the connection's limits.
 */
import { constants, type ServerHttp2Stream } from 'node:http2';
import { defer, first, of, Subscription, tap, type Observable } from 'rxjs';
import type { Bytes } from '../../../../src/bytes.ts';
import type { Connection } from '../../../../src/Connection.ts';
import { ConnectionLost, TimedOut } from '../../../../src/errors.ts';
import { fromDuplex } from '../../../../src/node/streams/fromDuplex.ts';
import { writing } from '../../../../src/node/streams/toWritable.ts';
import { subscribingFor } from '../../../../src/flow.ts';
import type { Protocol } from '../../../../src/Protocol.ts';
import { Fields } from '../../Fields.ts';
import { HttpError } from '../../HttpError.ts';
import { MinimumRate } from '../../MinimumRate.ts';
import { refusal } from '../../refusal.ts';
import { Request } from '../../Request.ts';
import type { Response } from '../../Response.ts';
import { ArrivingContent } from './ArrivingContent.ts';
import { fromHeaders, toHeaders } from './fields.ts';

export interface StreamLimits {
  /** How long a content may pause while it is read, in milliseconds, and how many bytes a second of it must come. */
  readonly bodyTimeout: number;
  readonly minRate: number;
  /** How long a client may take nothing of a response, in milliseconds. */
  readonly responseTimeout: number;
}

export interface ServedStreamOwner {
  readonly connection: Connection;
  readonly limits: StreamLimits;
  refused(error: unknown, request: Request | undefined): void;
  /** `wasAnswered`: the response has gone out to its end. */
  over(wasAnswered: boolean): void;
}

/** Flags of a HEADERS frame (RFC 9113 section 6.2). */
const endOfStream = 0x1;

export class ServedStream {
  private readonly stream: ServerHttp2Stream;
  private readonly owner: ServedStreamOwner;
  private readonly work = new Subscription();
  private request: Request | undefined;
  /** Whether something of the response has left since that was last looked at. */
  private moved = false;
  private watched = false;

  constructor(stream: ServerHttp2Stream, owner: ServedStreamOwner) {
    this.stream = stream;
    this.owner = owner;
    // What it says is told by 'close', too.
    stream.on('error', () => {});
    stream.on('close', () => {
      const answered = stream.writableFinished && stream.rstCode === constants.NGHTTP2_NO_ERROR;
      this.work.unsubscribe();
      owner.over(answered);
    });
  }

  begin(site: Protocol<Request, Response>, flags: number, raw: readonly string[]): void {
    const { connection } = this.owner;
    const request = (this.request = this.requestOf(raw, (flags & endOfStream) !== 0));
    const answer = defer(() => site(of(request), connection)).pipe(first());
    this.work.add(
      answer.subscribe({
        next: (response) => this.respond(response),
        error: (error: unknown) => this.refuse(error),
      }),
    );
  }

  stop(): void {
    this.work.unsubscribe();
  }

  /** Content of the response leaves. */
  moves(): void {
    this.moved = true;
  }

  private requestOf(raw: readonly string[], ended: boolean): Request {
    const { stream } = this;
    const { pseudo, fields } = fromHeaders(raw);
    let trailers = Fields.none;
    stream.on('trailers', (_headers, _flags, ...[rawTrailers]: unknown[]) => {
      trailers = fromHeaders((rawTrailers ?? []) as string[]).fields;
    });
    const method = pseudo[':method'] ?? 'GET';
    const authority = pseudo[':authority'] ?? fields.get('Host') ?? '';
    return new Request({
      method,
      scheme: pseudo[':scheme'],
      authority,
      // RFC 9113 section 8.5: CONNECT has no path, unless it is an extended one (RFC 8441 section 4).
      target: pseudo[':path'] ?? authority,
      version: '2',
      connection: this.owner.connection,
      upgrade: pseudo[':protocol'],
      headers: fields,
      body: ended || method === 'CONNECT' ? undefined : this.bodyOf(fields),
      trailers: () => trailers,
    });
  }

  /** It is read when somebody subscribes, and not before: meanwhile its window fills, and the client waits. */
  private bodyOf(fields: Fields): Observable<Bytes> {
    const { stream } = this;
    const arriving = new ArrivingContent(stream);
    const content = arriving.read((cause) => this.lost('sending its request', cause));
    this.watchRate(arriving);
    const expects = fields.get('Expect')?.toLowerCase() === '100-continue';
    if (!expects) return content;
    return defer(() => {
      // RFC 9110 section 10.1.1: whoever reads it wants it.
      if (!stream.headersSent && !stream.destroyed) stream.additionalHeaders({ ':status': 100 });
      return content;
    });
  }

  private watchRate(arriving: ArrivingContent): void {
    const { connection, limits } = this.owner;
    const { bodyTimeout: every, minRate: rate } = limits;
    const { scheduler } = connection.halves.transport;
    const watching = new MinimumRate(scheduler, { rate, every }, arriving, () => {
      const problem = `the content of the request came at less than ${rate} bytes a second`;
      const error = new HttpError(408, problem, { side: 'remote' });
      // The site may answer what breaks off, if it does so at once.
      arriving.fail(error);
      this.refuse(error);
    });
    this.stream.once('end', () => watching.stop());
    this.work.add(() => watching.stop());
  }

  private respond(response: Response): void {
    const { stream, request } = this;
    if (stream.destroyed || stream.closed) return;
    const isTunnel = request?.method === 'CONNECT';
    try {
      if (response.upgrade !== undefined && isTunnel) this.turnInto(response, response.upgrade);
      else if (response.upgrade !== undefined) throw new HttpError(501, 'there is no such upgrade in HTTP/2');
      // RFC 9110 section 9.3.6: any 2xx would say that it is a tunnel now.
      else if (isTunnel && response.ok) throw new HttpError(501, 'this does not go on as anything else');
      else this.send(response);
    } catch (error) {
      this.refuse(error);
    }
  }

  private send(response: Response): void {
    const { stream, request } = this;
    const { status, content } = response;
    const pseudo = { ':status': status };
    const hasNone = request?.method === 'HEAD' || status === 204 || status === 304;
    const fields = withLength(response);
    if (hasNone || (!response.streamed && (content === undefined || content.length === 0))) {
      stream.respond(toHeaders(fields, pseudo), { endStream: true });
      this.letGoOfContent();
      return;
    }
    stream.respond(toHeaders(fields, pseudo), { waitForTrailers: response.streamed });
    stream.on('wantTrailers', () => stream.sendTrailers(toHeaders(response.trailers, {})));
    stream.on('finish', () => this.letGoOfContent());
    if (content === undefined) this.stream$(response);
    else {
      stream.end(content);
      this.watchMoves();
    }
  }

  private stream$({ body, finish }: Response): void {
    const { stream, owner } = this;
    if (finish !== undefined) owner.connection.halves.onDraining(finish);
    const lost = (cause?: Error | null): Error => this.lost('reading its response', cause);
    const sending = body.pipe(
      tap(() => this.watchMoves()),
      writing<Bytes>(stream, {}, lost),
    );
    this.work.add(
      subscribingFor(undefined, () =>
        sending.subscribe({
          error: (error: unknown) => {
            // The head is out: all that is left to say is that this is not the end (RFC 9113 section 8.1). `close` would
            // end the content first, as if that were all.
            if (!(error instanceof ConnectionLost)) owner.refused(error, this.request);
            if (!stream.closed) stream.destroy(new HttpError(500));
          },
        }),
      ),
    );
  }

  /** While something waits to leave, some of it must: a client that never opens its window would keep it here. */
  private watchMoves(): void {
    if (this.watched) return;
    const { stream, owner, request } = this;
    const { responseTimeout: every } = owner.limits;
    if (every === Infinity) return;
    this.watched = true;
    this.moved = false;
    const look = (): void => {
      this.watched = false;
      if (stream.closed || stream.writableLength === 0) return;
      if (this.moved) this.watchMoves();
      else {
        const waiting = `${stream.writableLength} bytes of a response`;
        const error = new TimedOut(`${owner.connection} took nothing of ${waiting} for ${every} ms`);
        owner.refused(error, request);
        stream.destroy(error);
      }
    };
    this.work.add(owner.connection.halves.transport.scheduler.schedule(look, every));
  }

  /** RFC 9113 section 8.1: a response may be whole before its request is; the client is asked to stop, without blame. */
  private letGoOfContent(): void {
    const { stream } = this;
    if (stream.readableEnded || stream.closed || this.request?.streamed !== true) return;
    stream.on('error', () => {}).resume();
    if (!stream.readableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
  }

  /** RFC 8441 section 5, RFC 9113 section 8.5: from here on the stream is a wire. */
  private turnInto({ status, headers }: Response, protocol: Protocol<Bytes>): void {
    const { stream, owner } = this;
    const { local, remote } = owner.connection;
    // There is no 101 in HTTP/2 (RFC 9113 section 8.6): what was agreed on there is agreed on by a 2xx here.
    stream.respond(toHeaders(headers, { ':status': status === 101 ? 200 : status }));
    const tunnel = fromDuplex(stream, { local, remote });
    owner.connection.halves.onDraining(() => tunnel.halves.drain());
    try {
      const speaking = subscribingFor(tunnel.halves.outbox, () => protocol(tunnel, tunnel).subscribe(tunnel));
      tunnel.halves.onClosed(() => speaking.unsubscribe());
    } catch (error) {
      tunnel.error(error);
    }
  }

  private refuse(error: unknown): void {
    const { stream, owner, request } = this;
    owner.refused(error, request);
    if (stream.destroyed || stream.closed) return;
    if (stream.headersSent) {
      stream.destroy(new HttpError(500));
      return;
    }
    this.send(refusal(error));
  }

  private lost(doing: string, cause?: Error | null): Error {
    return new ConnectionLost(`${this.owner.connection} has cancelled a stream in the middle of ${doing}`, {
      cause: cause ?? undefined,
    });
  }
}

function withLength({ headers, content, streamed }: Response): Fields {
  if (streamed || content === undefined || headers.has('Content-Length')) return headers;
  return headers.with('Content-Length', content.length);
}
