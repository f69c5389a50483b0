/**
 * A live page: a clock, a room to talk in, uploads whose progress everybody sees.
 *
 *   npx ts-node examples/live.ts
 *
 * Open http://localhost:8080 in two windows: what is said or sent in one is seen in both, as it happens.
 */
import { readFileSync } from 'node:fs';
import { ignoreElements, last, map, merge, scan, Subject, tap, timer } from 'rxjs';
import { alongside, over, serve } from 'ropewalk';
import { events, html, http, routes, text, upgrade } from 'ropewalk/http';
import { listen } from 'ropewalk/node';
import { webSocket, type WebSocketMessage } from 'ropewalk/websocket';

const page = readFileSync('examples/live.html', 'utf8');
const room = new Subject<WebSocketMessage>();
const uploads = new Subject<{ name: string; received: number; size: number }>();

const clock = timer(0, 1000).pipe(map(() => ({ event: 'clock', data: new Date().toLocaleTimeString('en-GB') })));
const progress = uploads.pipe(map((upload) => ({ event: 'upload', data: JSON.stringify(upload) })));

const site = routes({
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
listen('tcp:8080').pipe(serve(over(http(), site))).subscribe();
