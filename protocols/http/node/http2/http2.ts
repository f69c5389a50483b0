/**
 * HTTP/2 for servers, as a layer (RFC 9113), with `node:http2` as the codec.
 * Knows: settings and limits of a session, what is too much, how it ends. Does not know: one stream's affairs (Serving.ts).
 */
import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { Observable } from 'rxjs';
import type { Bytes } from '../../../../src/bytes.ts';
import type { Connection } from '../../../../src/Connection.ts';
import { LimitExceeded, ProtocolError, TimedOut } from '../../../../src/errors.ts';
import { toDuplex } from '../../../../src/node/streams/toDuplex.ts';
import type { Layer, Protocol } from '../../../../src/Protocol.ts';
import type { Request } from '../../Request.ts';
import type { Response } from '../../Response.ts';
import { Deadline } from '../../Deadline.ts';
import { Standstill } from '../../Standstill.ts';
import { endAtOnce } from './breakingOff.ts';
import { LayeredWire } from './LayeredWire.ts';
import { ServedStream, type StreamLimits } from './ServedStream.ts';

export interface Http2Options {
  /** The most streams at a time (100). Whoever opens more is refused them. */
  readonly maxStreams?: number;
  /** The most bytes of a request's fields, as RFC 9113 section 6.5.2 counts them (16,384), and the most lines (100). */
  readonly maxHead?: number;
  readonly maxFields?: number;
  /** How many bytes of a body one stream may send before they are read (65,535). */
  readonly window?: number;
  /**
   * How many streams a client may cancel beyond those that were answered (200). One that opens streams and cancels them costs its
   * server work, and itself nothing (CVE-2023-44487, "rapid reset").
   */
  readonly maxCancelled?: number;
  /** How long a session without streams is kept, in milliseconds (60,000). */
  readonly idleTimeout?: number;
  /** How long a content may pause while somebody reads it, in milliseconds (30,000): then 408. */
  readonly bodyTimeout?: number;
  /** The fewest bytes a second of it (240), over each stretch of `bodyTimeout`: then 408. 0 for any. */
  readonly minRate?: number;
  /**
   * How long a client may take nothing of a response, in milliseconds (60,000), looked at in steps of this: then its stream is
   * reset, or, where it reads nothing at all, the connection broken off, with {@link TimedOut}.
   */
  readonly responseTimeout?: number;
  /** Told of each error that was answered with a status or a reset, and of each session that was broken off. */
  refused?(error: unknown, request: Request | undefined, connection: Connection): void;
}

/**
 * HTTP/2, as a layer: each stream is one request, which the site gets alone, as the only value of its input.
 *
 * In plain words: what `http()` is for HTTP/1.1. Put it on a connection that has agreed on `h2` (ALPN), or whose clients know
 * without asking (`h2c` by prior knowledge). {@link http} of `ropewalk/http/node` picks one of the two. Bodies have pressure both
 * ways by the windows of their streams; one that is not read holds no other. When the server stops (`takeUntil(stop)` before
 * `serve`) the client is told (GOAWAY), streams that go on are finished, and the connection ends.
 *
 * Limits: {@link Http2Options}; floods of settings and of pings, and endless CONTINUATION are cut off by nghttp2, and so is, with
 * the code that RFC 9113 has for it, whoever sends what is no frame; half a frame is waited for until `idleTimeout`. WebSocket over a stream is RFC 8441.
 *
 * ```ts
 * listen('tcp:8080').pipe(serve(over(http2(), routes({ 'GET /': () => text('hello') })))).subscribe();
 * ```
 */
export function http2(options: Http2Options = {}): Layer<Bytes, Request, Response> {
  return (site) => (incoming, connection) =>
    new Observable((outgoing) => {
      const layered = new LayeredWire(incoming, outgoing, connection);
      const wire = toDuplex(layered);
      const session = performServerHandshake(wire, sessionOptions(options));
      const serving = new Serving(session, site, connection, options);
      endAtOnce(session, layered, 0, (id) => serving.moves(id));
      const { responseTimeout } = serving.limits;
      const standstill = new Standstill(connection, responseTimeout, () => {
        const waiting = `${connection.halves.outbox.unsent} bytes`;
        const error = new TimedOut(`${connection} took nothing of ${waiting} for ${responseTimeout} ms`);
        options.refused?.(error, undefined, connection);
        outgoing.error(error);
      });
      outgoing.add(() => standstill.stop());
      outgoing.add(() => {
        serving.stop();
        // The stream, not the session: that cannot bear to be destroyed in the middle of a write of its own.
        wire.destroy();
      });
    });
}

const defaults = { maxStreams: 100, maxCancelled: 200 };

function sessionOptions({
  maxStreams = defaults.maxStreams,
  maxHead = 16_384,
  maxFields = 100,
  window = 65_535,
}: Http2Options) {
  return {
    maxHeaderListPairs: maxFields + pseudoFields,
    maxSessionInvalidFrames: 100,
    // Those beyond maxConcurrentStreams that come before the client knows the limit.
    maxSessionRejectedStreams: 100,
    maxOutstandingPings: 10,
    maxOutstandingSettings: 10,
    settings: {
      maxConcurrentStreams: maxStreams,
      maxHeaderListSize: maxHead,
      initialWindowSize: window,
      enableConnectProtocol: true,
      enablePush: false,
    },
  };
}

/** `:method`, `:scheme`, `:authority`, `:path`, `:protocol`. */
const pseudoFields = 5;

/** One connection. */
class Serving {
  private readonly session: ServerHttp2Session;
  private readonly site: Protocol<Request, Response>;
  private readonly connection: Connection;
  private readonly options: Http2Options;
  readonly limits: StreamLimits;
  private readonly streams = new Map<number, ServedStream>();
  private answered = 0;
  private cancelled = 0;
  private cutOff = false;
  private readonly idle: Deadline;

  constructor(
    session: ServerHttp2Session,
    site: Protocol<Request, Response>,
    connection: Connection,
    options: Http2Options,
  ) {
    this.session = session;
    this.site = site;
    this.connection = connection;
    this.options = options;
    const { bodyTimeout = 30_000, minRate = 240, responseTimeout = 60_000 } = options;
    this.limits = { bodyTimeout, minRate, responseTimeout };
    this.idle = new Deadline(connection.halves.transport.scheduler, () => this.leave());
    session.on('stream', (stream: ServerHttp2Stream, _headers: unknown, flags: number, raw: string[]) =>
      this.serve(stream, flags, raw),
    );
    session.on('error', (error: Error) => this.broken(error));
    session.on('close', () => this.stop());
    connection.halves.onDraining(() => this.drain());
    this.rest();
  }

  stop(): void {
    this.idle.stop();
    for (const stream of this.streams.values()) stream.stop();
  }

  /** Content of this stream leaves. */
  moves(id: number): void {
    this.streams.get(id)?.moves();
  }

  private serve(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    this.idle.clear();
    const { maxStreams = defaults.maxStreams, maxCancelled = defaults.maxCancelled } = this.options;
    // What is open beyond `maxStreams` was cancelled in the same breath: node:http2 tells that later.
    if (this.cutOff || this.streams.size >= maxStreams + maxCancelled) {
      this.cut();
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    const id = stream.id!;
    const served = new ServedStream(stream, {
      connection: this.connection,
      limits: this.limits,
      refused: (error, request) => this.options.refused?.(error, request, this.connection),
      over: (wasAnswered) => this.over(id, wasAnswered),
    });
    this.streams.set(id, served);
    served.begin(this.site, flags, raw);
  }

  private over(id: number, wasAnswered: boolean): void {
    if (!this.streams.delete(id)) return;
    if (wasAnswered) this.answered++;
    else this.cancelled++;
    const { maxCancelled = defaults.maxCancelled } = this.options;
    if (this.cancelled - this.answered > maxCancelled) this.cut();
    this.rest();
  }

  /** Too much was cancelled. */
  private cut(): void {
    if (this.cutOff || this.session.destroyed) return;
    this.cutOff = true;
    const { maxCancelled = defaults.maxCancelled } = this.options;
    const problem = `its client cancels more than ${maxCancelled} streams beyond those that were answered`;
    const error = new LimitExceeded(`serving ${this.connection} by HTTP/2: ${problem}`, maxCancelled);
    this.options.refused?.(error, undefined, this.connection);
    // Not in the middle of what it is doing.
    setImmediate(() => this.session.destroy(error, constants.NGHTTP2_ENHANCE_YOUR_CALM));
  }

  /** Nothing goes on: it may stay for a while. */
  private rest(): void {
    if (this.streams.size > 0 || this.session.destroyed) return;
    this.idle.set(this.options.idleTimeout ?? 60_000);
  }

  /** RFC 9113 section 6.8: which streams are the last is told, and they are finished. A client may send others again elsewhere. */
  private drain(): void {
    if (!this.session.destroyed) this.leave();
  }

  private leave(): void {
    const { session } = this;
    session.close();
    // It would wait for streams that it alone knows: half a head that nobody ends.
    if (this.streams.size === 0) session.destroy();
  }

  private broken(cause: Error): void {
    // What was cut off was told of then.
    if (this.cutOff) return;
    const error = new ProtocolError(`serving ${this.connection} by HTTP/2: ${cause.message}`, { cause });
    this.options.refused?.(error, undefined, this.connection);
  }
}
