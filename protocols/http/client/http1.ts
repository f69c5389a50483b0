/**
 * HTTP/1.1 as a client's pool sees it: a connection that carries one exchange after the other.
 * Knows: when there is room on it. Does not know: what is said on it (HttpConnection.ts).
 */
import type { Connection } from '../../../src/Connection.ts';
import { Deferred } from '../../../src/Deferred.ts';
import { httpConnection, type HttpConnection, type HttpConnectionOptions } from '../HttpConnection.ts';
import type { Request } from '../Request.ts';
import { RequestFailed } from '../RequestFailed.ts';
import type { Response } from '../Response.ts';
import type { Carrier, ClientVersion, Exchange } from './Carrier.ts';

/** HTTP/1.1, for the option `versions` of a client. */
export function http1(options: Omit<HttpConnectionOptions, 'changed' | 'pipelined'> = {}): ClientVersion {
  return {
    alpn: 'http/1.1',
    shares: false,
    carry: (connection, changed) => new Http1Carrier(connection, changed, options),
  };
}

class Http1Carrier implements Carrier {
  private readonly wire: HttpConnection;

  constructor(connection: Connection, changed: () => void, options: HttpConnectionOptions) {
    this.wire = httpConnection(connection, { ...options, changed });
  }

  get room(): number {
    return this.wire.idle ? 1 : 0;
  }

  get busy(): number {
    return this.wire.backlog;
  }

  get open(): boolean {
    return this.wire.usable || this.wire.backlog > 0;
  }

  send(request: Request): Exchange {
    return new Http1Exchange(this.wire, request);
  }

  end(): void {
    this.wire.close();
  }

  abort(reason: unknown): void {
    this.wire.connection.error(reason);
  }
}

class Http1Exchange implements Exchange {
  readonly head: Deferred<Response>;
  private readonly wire: HttpConnection;
  private failure: unknown;

  constructor(wire: HttpConnection, request: Request) {
    this.wire = wire;
    this.head = wire.send(request).addErrback((error) => {
      this.failure = error;
      throw error;
    });
  }

  get sent(): boolean {
    // It is written at once; only what could not be written at all was not sent.
    return this.failure instanceof RequestFailed ? this.failure.sent : this.failure === undefined;
  }

  get received(): boolean {
    const { failure } = this;
    return failure instanceof RequestFailed ? failure.answered : this.head.called && failure === undefined;
  }

  /** A response that is left in its middle has no end that could be waited for: its connection goes with it. */
  abort(reason: unknown): void {
    if (this.head.called) this.wire.connection.error(reason);
    else this.head.cancel();
  }
}
