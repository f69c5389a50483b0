/**
 * Listeners of `node:http` (express, Koa, Nest) as sites.
 * Knows: how a request is handed to Node's own server, without a socket. Does not know: any framework.
 */
import { createServer, request as ask, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { Observable } from 'rxjs';
import { IpAddress } from '../../../src/Address.ts';
import { fromReadable } from '../../../src/node/streams/fromReadable.ts';
import { toReadable } from '../../../src/node/streams/toReadable.ts';
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { compose } from '../routing/compose.ts';
import type { Site, SiteOptions } from '../routing/site.ts';
import type { NodeListener } from './toNodeListener.ts';

/**
 * The site of a listener of `node:http`: an express application, Koa's `callback()`, what Nest gives.
 *
 * In plain words: serve it on any connection, or behind a route beside handlers of ours. It gets the requests and responses that
 * it knows, because Node's own server makes them: each request goes to it through memory, not through a port. Bodies stream
 * both ways with pressure; a client that leaves is told to it as `close`. Its requests have the address of the client.
 *
 * Limits: HTTP is written and read once more, which costs about what Node's server costs. Upgrades and CONNECT are 501.
 *
 * ```ts
 * const site = routes({
 *   'GET /new': () => text('ours'),
 *   '/*': fromNodeListener((request, response) => void response.end(`theirs: ${request.url}`)),
 * });
 * ```
 * Neighbours: {@link toNodeListener} is the way back.
 */
export function fromNodeListener(listener: NodeListener, options?: SiteOptions): Site {
  // It listens nowhere; limits and timeouts are those of whoever speaks with the client.
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, listener);
  return compose()((request) => {
    if (request.method === 'CONNECT' || request.upgrade !== undefined) throw new HttpError(501);
    return new Observable<Response>((subscriber) => {
      const [near, far] = pair(request);
      server.emit('connection', far);
      const asked = ask({
        createConnection: () => near,
        method: request.method,
        path: request.target,
        headers: [...forwarded(request)].flat(),
      });
      let answered = false;
      asked.on('response', (incoming) => {
        answered = true;
        subscriber.next(responseOf(incoming, near));
        subscriber.complete();
      });
      asked.on('error', (error) => subscriber.error(error));
      const { content, streamed } = request;
      if (streamed) {
        toReadable(request.body)
          .on('error', (error) => asked.destroy(error))
          .pipe(asked);
      } else asked.end(content);
      return () => {
        if (!answered) near.destroy();
      };
    });
  }, options);
}

/** The fields for one request on a connection of its own. */
function forwarded({ headers, authority, streamed }: Request): Iterable<readonly [string, string]> {
  const framed = streamed && !headers.has('content-length') ? headers.with('Transfer-Encoding', 'chunked') : headers;
  return framed.with('Host', authority || 'localhost').with('Connection', 'close');
}

function responseOf(incoming: IncomingMessage, near: Duplex): Response {
  const { statusCode, statusMessage, rawHeaders } = incoming;
  const lines: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    // Fields of that one connection.
    if (!/^(connection|keep-alive|transfer-encoding)$/i.test(rawHeaders[at]))
      lines.push([rawHeaders[at], rawHeaders[at + 1]]);
  }
  return new Response({
    status: statusCode,
    reason: statusMessage,
    headers: lines,
    body: new Observable((subscriber) => {
      subscriber.add(() => near.destroy());
      subscriber.add(fromReadable(incoming).subscribe(subscriber));
    }),
  });
}

/** Two ends of one wire in memory; the far one has the addresses of the client. */
function pair({ connection, scheme }: Request): [near: Duplex, far: Duplex] {
  const ends: [Wire, Wire] = [new Wire(), new Wire()];
  [ends[0].other, ends[1].other] = [ends[1], ends[0]];
  const remote = connection?.remote;
  const ip = remote instanceof IpAddress ? remote : undefined;
  Object.assign(ends[1], {
    remoteAddress: ip?.host,
    remotePort: ip?.port,
    remoteFamily: ip?.family,
    encrypted: scheme === 'https',
  });
  return ends;
}

/** What is written into one end is read from the other, and waits while nobody reads it. */
class Wire extends Duplex {
  other!: Wire;
  private proceed: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  override _read(): void {
    const { proceed } = this.other;
    this.other.proceed = undefined;
    proceed?.();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    if (this.other.push(chunk)) done();
    else this.proceed = done;
  }

  override _final(done: () => void): void {
    this.other.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // A socket whose other end is gone is closed.
    setImmediate(() => this.other.destroy());
    done(error);
  }

  /** What servers ask of sockets. */
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}
