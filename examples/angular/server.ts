/**
 * The server of a chat whose pages are an Angular application, and those pages.
 *
 *   (cd examples/angular && npm ci && npm run setup)     once: it installs Angular and Ropewalk, and builds the pages
 *   npx ts-node examples/angular/server.ts
 *
 * Open http://localhost:8080 in two browsers and chat. Stop the server with Ctrl-C while they are open, say something, and start it
 * again: the pages say where they stand, come back by themselves, and what was said meanwhile arrives.
 */
import { ignoreElements, Subject, takeUntil, tap } from 'rxjs';
import { alongside, over, serve, type Protocol } from 'ropewalk';
import { http, routes, upgrade } from 'ropewalk/http';
import { files } from 'ropewalk/http/node';
import { listen, run } from 'ropewalk/node';
import { webSocket, webSocketText } from 'ropewalk/websocket';

const room = new Subject<string>();
const chat: Protocol<string> = (said) =>
  said.pipe(
    tap((line) => room.next(line)),
    ignoreElements(),
    alongside(room), // hear the room for as long as I am here
  );
const site = routes({
  'GET /room': upgrade(webSocket({ max: 1024 }), over(webSocketText(), chat)),
  'GET /*path': files('examples/angular/dist/browser'),
});

run((stopping) => listen('tcp:8080').pipe(takeUntil(stopping), serve(over(http(), site))));
