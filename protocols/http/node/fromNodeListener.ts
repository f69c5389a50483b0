/**
 * Listeners and servers of `node:http` (express, Koa, Nest) as sites.
 * Knows: how a request is handed to Node's own server, without a socket. Does not know: any framework.
 */
import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http';
import { Duplex } from 'node:stream';
import { Observable } from 'rxjs';
import { IpAddress } from '../../../src/Address.ts';
import { fromDuplex } from '../../../src/node/streams/fromDuplex.ts';
import { fromReadable } from '../../../src/node/streams/fromReadable.ts';
import { toReadable } from '../../../src/node/streams/toReadable.ts';
import { carried } from '../handling/exchange.ts';
import { openingByHttp1 } from '../handling/opening.ts';
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { compose } from '../routing/compose.ts';
import type { Site, SiteOptions } from '../routing/site.ts';
import { linesOf } from './nodeMessages.ts';
import type { NodeListener } from './toNodeListener.ts';

/**
 * The site of a listener of `node:http`: an express application, Koa's `callback()`; or of a server: what Nest gives, one that `ws` or
 * Socket.IO is attached to.
 *
 * In plain words: serve it on any connection, or behind a route beside handlers of ours. It gets the requests and responses that
 * it knows, because Node's own server makes them: each request goes to it through memory, not through a port. Bodies stream
 * both ways with pressure; a client that leaves is told to it as `close`. Its requests have the address of the client. What a server
 * has listeners for `upgrade` for becomes what they make of it, a WebSocket as a rule, in HTTP/1.1 and HTTP/2; to others an upgrade is a request like
 * any other, as Node has it.
 *
 * Limits: HTTP is written and read once more, which costs about what Node's server costs. A server's own timeouts count, too. CONNECT
 * to somewhere else is 501.
 *
 * ```ts
 * const site = routes({
 *   'GET /new': () => text('ours'),
 *   '/*': fromNodeListener((request, response) => void response.end(`theirs: ${request.url}`)),
 * });
 * ```
 * Neighbours: {@link toNodeListener} is the way back.
 */
export function fromNodeListener(listener: NodeListener | Server, options?: SiteOptions): Site {
  // It listens nowhere; limits and timeouts are those of whoever speaks with the client.
  const timeouts = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 };
  const server = typeof listener === 'function' ? createServer(timeouts, listener) : listener;
  return compose()((came) => {
    const request = openingByHttp1(came);
    const { method, upgrade } = request;
    if (method === 'CONNECT') throw new HttpError(501);
    return new Observable<Response>((subscriber) => {
      const [near, far] = pair(request);
      server.emit('connection', far);
      const turns = upgrade !== undefined && server.listenerCount('upgrade') > 0;
      const asked = ask({
        createConnection: () => near,
        method,
        path: request.target,
        headers: [...forwarded(request, turns)].flat(),
      });
      let answered = false;
      const answer = (response: Response): void => {
        answered = true;
        subscriber.next(response);
        subscriber.complete();
      };
      asked.on('response', (incoming) => answer(responseOf(incoming, near)));
      asked.on('upgrade', (incoming, _, head) => answer(turned(incoming, near, head)));
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

/** The fields for one request on a connection of its own. `turns`: it may become something else. */
function forwarded(request: Request, turns: boolean): Iterable<readonly [string, string]> {
  const { headers, authority, streamed, upgrade } = request;
  const framed = streamed && !headers.has('content-length') ? headers.with('Transfer-Encoding', 'chunked') : headers;
  const fields = framed.with('Host', authority || 'localhost');
  if (!turns) return fields.without('Upgrade').with('Connection', 'close');
  return fields.with('Upgrade', upgrade).with('Connection', 'Upgrade');
}

/** It goes on as what the listener makes of it; what came behind its answer comes first. */
function turned({ statusCode, statusMessage, rawHeaders }: IncomingMessage, near: Duplex, head: Buffer): Response {
  if (head.length > 0) near.unshift(head);
  return new Response({
    status: statusCode,
    reason: statusMessage,
    headers: linesOf(rawHeaders),
    upgrade: carried(fromDuplex(near), () => near.destroy()),
  });
}

function responseOf(incoming: IncomingMessage, near: Duplex): Response {
  const { statusCode, statusMessage, rawHeaders } = incoming;
  // Without the fields of that one connection.
  const lines = linesOf(rawHeaders).filter(([name]) => !/^(connection|keep-alive|transfer-encoding)$/i.test(name));
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
