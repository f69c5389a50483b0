/**
 * What is behind the live page: a clock and bars of progress as server-sent events, a room as a WebSocket, uploads that are counted
 * as they come. Nothing here knows where it is served: examples/live.ts, or among others in examples/showcase.ts.
 */
import { readFileSync } from 'node:fs';
import { ignoreElements, last, map, merge, scan, Subject, tap, timer } from 'rxjs';
import { alongside } from 'ropewalk';
import { events, html, routes, text, upgrade } from 'ropewalk/http';
import { webSocket, type WebSocketMessage } from 'ropewalk/websocket';

const page = readFileSync('examples/live/page.html', 'utf8');
const room = new Subject<WebSocketMessage>();
const uploads = new Subject<{ name: string; received: number; size: number }>();

const clock = timer(0, 1000).pipe(map(() => ({ event: 'clock', data: new Date().toLocaleTimeString('en-GB') })));
const progress = uploads.pipe(map((upload) => ({ event: 'upload', data: JSON.stringify(upload) })));

export const live = routes({
  'GET /': () => html(page),
  'GET /news': () => events(merge(clock, progress), { as: (news) => news }),
  'GET /room': upgrade(webSocket({ max: 1024 }), (said) =>
    said.pipe(
      tap((message) => room.next(message)),
      ignoreElements(),
      alongside(room), // hear the room for as long as I am here
    ),
  ),
  'POST /uploads/:name': ({ params: { name }, headers, body }) =>
    body.pipe(
      scan((received, chunk) => received + chunk.length, 0),
      tap((received) => uploads.next({ name, received, size: Number(headers.get('Content-Length')) })),
      last(undefined, 0),
      map((received) => text(`${name}: ${received} bytes\n`)),
    ),
});
