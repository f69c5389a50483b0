/**
 * HTTP/2 for clients (RFC 9113), with `node:http2` as the codec: one connection that carries many exchanges.
 * Knows: how many streams there may be, how a session ends. Does not know: one stream's affairs (SentStream.ts), the pool.
 */
import { connect, constants, type ClientHttp2Session } from 'node:http2';
import type { Connection } from '../../../../src/Connection.ts';
import { ConnectionLost } from '../../../../src/errors.ts';
import { toDuplex } from '../../../../src/node/streams/toDuplex.ts';
import type { Carrier, ClientVersion, Exchange } from '../../client/Carrier.ts';
import type { Request } from '../../Request.ts';
import { endAtOnce } from './breakingOff.ts';
import { LayeredWire } from './LayeredWire.ts';
import { SentStream } from './SentStream.ts';

export interface Http2ClientOptions {
  /** The most exchanges at a time on one connection (100), if the server does not allow fewer. */
  readonly maxStreams?: number;
  /** The most bytes of a response's fields (16,384), and the most lines (100). */
  readonly maxHead?: number;
  readonly maxFields?: number;
  /** How many bytes of a body may come before they are read (65,535). */
  readonly window?: number;
}

/**
 * HTTP/2, for the option `versions` of a client.
 *
 * In plain words: over TLS the server chooses (ALPN); `httpClient()` of `ropewalk/http/node` offers both by itself. A client with
 * this version alone speaks HTTP/2 in the clear, too, with servers that are known to (`h2c` by prior knowledge).
 *
 * ```ts
 * const client = httpClient({ connect, versions: [http2Client()] });
 * ```
 */
export function http2Client(options: Http2ClientOptions = {}): ClientVersion {
  return { alpn: 'h2', shares: true, carry: (connection, changed) => new Http2Carrier(connection, changed, options) };
}

/** RFC 9113 section 3.4: 24 bytes come before the first frame of a client. */
const prefaceLength = 24;

class Http2Carrier implements Carrier {
  busy = 0;
  open = true;
  private readonly session: ClientHttp2Session;
  private readonly connection: Connection;
  private readonly changed: () => void;
  private readonly maxStreams: number;
  private ending = false;

  constructor(connection: Connection, changed: () => void, options: Http2ClientOptions) {
    const { maxStreams = 100, maxHead = 16_384, maxFields = 100, window = 65_535 } = options;
    this.connection = connection;
    this.changed = changed;
    this.maxStreams = maxStreams;
    const wire = new LayeredWire(connection, connection, connection);
    this.session = connect('http://localhost', {
      createConnection: () => toDuplex(wire),
      maxHeaderListPairs: maxFields,
      settings: { enablePush: false, maxHeaderListSize: maxHead, initialWindowSize: window },
      // Until the server has said what it allows.
      peerMaxConcurrentStreams: maxStreams,
    });
    endAtOnce(this.session, wire, prefaceLength);
    this.session.on('remoteSettings', () => changed());
    // It takes on no more; what it has, it finishes (RFC 9113 section 6.8).
    this.session.on('goaway', () => this.end());
    // What it says is told by 'close', and by each stream.
    this.session.on('error', () => {});
    this.session.on('close', () => {
      this.open = false;
      changed();
    });
  }

  get room(): number {
    if (!this.open || this.ending || this.session.closed || this.session.destroyed) return 0;
    const allowed = this.session.remoteSettings?.maxConcurrentStreams ?? this.maxStreams;
    return Math.max(0, Math.min(this.maxStreams, allowed) - this.busy);
  }

  send(request: Request): Exchange {
    this.busy++;
    const { session, connection } = this;
    return new SentStream(session, request, {
      connection,
      get ended() {
        return session.destroyed;
      },
      over: () => {
        this.busy--;
        this.changed();
      },
    });
  }

  end(): void {
    if (this.ending) return;
    this.ending = true;
    if (!this.session.destroyed) this.session.close();
    this.changed();
  }

  abort(reason: unknown): void {
    const error = reason instanceof Error ? reason : new ConnectionLost(String(reason));
    if (!this.session.destroyed) this.session.destroy(error, constants.NGHTTP2_CANCEL);
    this.connection.error(reason);
  }
}
