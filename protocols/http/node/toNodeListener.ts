/**
 * A handler of ours as a listener of `node:http`.
 * Knows: how a request and an upgrade are told, that who leaves cancels. Does not know: any framework, how messages look
 * (nodeMessages.ts).
 */
import { ServerResponse, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { IpAddress, type Address } from '../../../src/Address.ts';
import { fromLatin1 } from '../../../src/bytes.ts';
import type { Connection } from '../../../src/Connection.ts';
import { Deferred } from '../../../src/Deferred.ts';
import { subscribingFor } from '../../../src/flow.ts';
import { fromDuplex } from '../../../src/node/streams/fromDuplex.ts';
import { formatDate, formatResponseHead, prepare } from '../format.ts';
import type { Handler } from '../Handler.ts';
import type { Response } from '../Response.ts';
import { compose } from '../routing/compose.ts';
import { requestOf, respondTo } from './nodeMessages.ts';

/** What `http.createServer`, express and Koa's `callback()` speak. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

/** What a server's event `upgrade` speaks. */
export type NodeUpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * A listener for `http.createServer`, or a middleware for express, that asks a handler of ours.
 *
 * In plain words: mount a site in what is there already. Bodies stream both ways with pressure; a client that leaves cancels
 * the work. Behind express's `app.use('/api', ...)` the site sees the path without its prefix, as express has it. Node tells a server
 * of upgrades by another event: its listener is `upgrade`, for `ws` routes of ours. What asks for one and comes as a plain request is
 * answered with 501.
 *
 * ```ts
 * import { createServer } from 'node:http';
 *
 * const listener = toNodeListener(routes({
 *   'GET /': () => text('hello'),
 *   'GET /ws': upgrade(webSocket(), map((message) => message)),
 * }));
 * createServer(listener).on('upgrade', listener.upgrade).listen(8080);
 * ```
 * Neighbours: {@link fromNodeListener} is the way back.
 */
export function toNodeListener(handler: Handler): NodeListener & { readonly upgrade: NodeUpgradeListener } {
  const site = compose()(handler);
  const listener: NodeListener = (incoming, outgoing) => {
    answering(site(requestOf(incoming)), outgoing, (response) => {
      if (response.upgrade === undefined && response.status >= 200) respondTo(incoming, outgoing, response);
      else outgoing.writeHead(501).end();
    });
  };
  const upgrade: NodeUpgradeListener = (incoming, socket, head) => {
    if (head.length > 0) socket.unshift(head);
    // Nobody listens yet, and it may end.
    socket.on('error', () => {});
    const connection = fromDuplex(socket, endsOf(socket));
    answering(site(requestOf(incoming, connection)), socket, (response) => {
      if (response.upgrade !== undefined) turnInto(response, connection);
      else refuse(incoming, socket, response);
    });
  };
  return Object.assign(listener, { upgrade });
}

/** Uses an answer once it is there, unless the client has left by then. */
function answering(
  answer: Response | Deferred<Response>,
  client: Duplex | ServerResponse,
  use: (response: Response) => void,
): void {
  if (!(answer instanceof Deferred)) {
    use(answer);
    return;
  }
  const left = (): void => answer.cancel();
  client.on('close', left);
  answer.addCallback((response) => {
    client.off('close', left);
    if (!client.destroyed) use(response);
  });
}

/** RFC 9110 section 7.8: from here on it speaks something else. */
function turnInto({ status, reason, headers, upgrade }: Response, connection: Connection): void {
  const date = formatDate(connection.halves.transport.now());
  const head = formatResponseHead(status, reason, prepare(headers), { framing: 'none', connection: 'upgrade' }, date);
  connection.next(fromLatin1(head));
  try {
    const speaking = subscribingFor(connection.halves.outbox, () =>
      upgrade!(connection, connection).subscribe(connection),
    );
    connection.halves.onClosed(() => speaking.unsubscribe());
  } catch (error) {
    connection.error(error);
  }
}

/** It goes on as nothing else: the socket gets the response as Node writes it, and ends. */
function refuse(incoming: IncomingMessage, socket: Duplex, response: Response): void {
  const outgoing = new ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  outgoing.assignSocket(socket as Socket);
  outgoing.on('finish', () => socket.end());
  respondTo(incoming, outgoing, response);
}

function endsOf(socket: Duplex): { readonly local?: Address; readonly remote?: Address } {
  if (!(socket instanceof Socket)) return {};
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || remoteAddress === undefined) return {};
  return { local: new IpAddress(localAddress, localPort!), remote: new IpAddress(remoteAddress, remotePort!) };
}
