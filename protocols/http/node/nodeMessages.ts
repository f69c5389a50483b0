/**
 * Messages of `node:http` as ours, and ours as theirs.
 * Knows: both vocabularies, pressure. Does not know: who serves, who is served.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Subscription, type Observable } from 'rxjs';
import type { Bytes } from '../../../src/bytes.ts';
import type { Connection } from '../../../src/Connection.ts';
import { Feeders } from '../../../src/Feeders.ts';
import { subscribingFor, type Holder } from '../../../src/flow.ts';
import { fromReadable } from '../../../src/node/streams/fromReadable.ts';
import { Fields } from '../Fields.ts';
import { Request } from '../Request.ts';
import type { Response } from '../Response.ts';

/** Names and values, which Node lists by turns. */
export function linesOf(raw: readonly string[]): [name: string, value: string][] {
  const lines: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) lines.push([raw[at], raw[at + 1]]);
  return lines;
}

/** `connection` is what it came on, where that is known: of an upgrade. */
export function requestOf(incoming: IncomingMessage, connection?: Connection): Request {
  const { method, url, httpVersion, rawHeaders, socket } = incoming;
  const headers = Fields.parsed(linesOf(rawHeaders));
  const bodied = headers.has('content-length') || headers.has('transfer-encoding') || httpVersion.startsWith('2');
  return new Request({
    method,
    target: url,
    scheme: 'encrypted' in socket && socket.encrypted ? 'https' : 'http',
    authority: headers.get('host'),
    version: httpVersion === '1.0' ? '1.0' : '1.1',
    headers,
    connection,
    upgrade: connection && headers.get('upgrade'),
    body: bodied && connection === undefined ? fromReadable(incoming) : undefined,
  });
}

/** Sends a response that turns into nothing else. */
export function respondTo({ method }: IncomingMessage, outgoing: ServerResponse, response: Response): void {
  const { status, reason, headers, content, streamed } = response;
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
