/**
 * A handler of ours as a listener of `node:http`.
 * Knows: both vocabularies, pressure and leaving in both. Does not know: any framework.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Subscription, type Observable } from 'rxjs';
import type { Bytes } from '../../../src/bytes.ts';
import { Feeders } from '../../../src/Feeders.ts';
import { subscribingFor, type Holder } from '../../../src/flow.ts';
import { Deferred } from '../../../src/Deferred.ts';
import { fromReadable } from '../../../src/node/streams/fromReadable.ts';
import { Fields } from '../Fields.ts';
import type { Handler } from '../Handler.ts';
import { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { compose } from '../routing/compose.ts';

/** What `http.createServer`, express and Koa's `callback()` speak. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A listener for `http.createServer`, or a middleware for express, that asks a handler of ours.
 *
 * In plain words: mount a site in what is there already. Bodies stream both ways with pressure; a client that leaves cancels
 * the work. Behind express's `app.use('/api', ...)` the site sees the path without its prefix, as express has it. Upgrades
 * are 501: a listener has no way to give them.
 *
 * ```ts
 * import { createServer } from 'node:http';
 *
 * createServer(toNodeListener(routes({ 'GET /': () => text('hello') }))).listen(8080);
 * ```
 * Neighbours: {@link fromNodeListener} is the way back.
 */
export function toNodeListener(handler: Handler): NodeListener {
  const site = compose()(handler);
  return (incoming, outgoing) => {
    const answer = site(requestOf(incoming));
    if (!(answer instanceof Deferred)) {
      send(answer, incoming, outgoing);
      return;
    }
    const left = (): void => answer.cancel();
    outgoing.on('close', left);
    answer.addCallback((response) => {
      outgoing.off('close', left);
      if (!outgoing.destroyed) send(response, incoming, outgoing);
    });
  };
}

function requestOf(incoming: IncomingMessage): Request {
  const { method, url, httpVersion, rawHeaders, socket } = incoming;
  const lines: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push([rawHeaders[at], rawHeaders[at + 1]]);
  const headers = Fields.parsed(lines);
  const bodied = headers.has('content-length') || headers.has('transfer-encoding') || httpVersion.startsWith('2');
  return new Request({
    method,
    target: url,
    scheme: 'encrypted' in socket && socket.encrypted ? 'https' : 'http',
    authority: headers.get('host'),
    version: httpVersion === '1.0' ? '1.0' : '1.1',
    headers,
    body: bodied ? fromReadable(incoming) : undefined,
  });
}

function send(response: Response, { method }: IncomingMessage, outgoing: ServerResponse): void {
  const { status, reason, headers, content, streamed, upgrade } = response;
  if (upgrade !== undefined || status < 200) {
    outgoing.writeHead(501).end();
    return;
  }
  // Name by name: a list of lines would lose all but the last of one name beside what the framework has set already.
  for (const name of new Set([...headers].map(([name]) => name.toLowerCase()))) {
    const values = headers.all(name);
    outgoing.setHeader(name, values.length === 1 ? values[0] : values);
  }
  outgoing.writeHead(status, reason);
  if (method === 'HEAD' || status === 204 || status === 304) outgoing.end();
  else if (streamed) stream(response.body, outgoing);
  else outgoing.end(content);
}

/** Writes what comes, and holds whoever feeds it while the client does not take it. */
function stream(body: Observable<Bytes>, outgoing: ServerResponse): void {
  const feeders = new Feeders();
  const holder: Holder = {
    get backlog() {
      return outgoing.writableLength;
    },
    toString: () => 'a response of node:http',
  };
  const reading = new Subscription();
  outgoing.on('drain', () => feeders.releaseAll());
  outgoing.on('close', () => {
    reading.unsubscribe();
    feeders.dismiss();
  });
  reading.add(
    subscribingFor(feeders, () =>
      body.subscribe({
        next(chunk) {
          if (!outgoing.write(chunk)) feeders.hold(holder, 'its client takes no more');
        },
        // The client has had part of it: it must not take that for the whole.
        error: (error: unknown) => void outgoing.destroy(error instanceof Error ? error : undefined),
        complete: () => void outgoing.end(),
      }),
    ),
  );
}
