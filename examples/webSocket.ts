/**
 * A room for pages: whatever one says everybody hears, and how many are there is an event every second.
 *
 *   npx ts-node examples/webSocket.ts
 *
 * Open http://localhost:8080 in two windows and type; or `curl localhost:8080/count`.
 */
import { finalize, ignoreElements, map, Subject, tap, timer } from 'rxjs';
import { alongside, over, serve } from 'ropewalk';
import { events, html, http, upgrade, type Handler, type Request, type Response } from 'ropewalk/http';
import { listen } from 'ropewalk/node';
import { webSocket, type WebSocketMessage } from 'ropewalk/websocket';

const room = new Subject<WebSocketMessage>();
let guests = 0;

const page = `<input autofocus><span></span><pre></pre><script>
  const socket = new WebSocket('ws://' + location.host + '/room'), [input] = document.getElementsByTagName('input');
  socket.onmessage = ({ data }) => document.querySelector('pre').append(data + '\\n');
  input.onchange = () => { socket.send(input.value); input.value = ''; };
  new EventSource('/count').onmessage = ({ data }) => (document.querySelector('span').textContent = data + ' here');
</script>`;

const index: Handler = () => html(page);
const pages: Record<string, Handler> = {
  '/count': () => events(timer(0, 1000).pipe(map(() => guests))),
  '/room': upgrade(webSocket({ max: 1024 }), (said) => {
    guests++;
    return said.pipe(
      tap((message) => room.next(message)),
      ignoreElements(),
      alongside(room),
      finalize(() => guests--),
    );
  }),
};
const site = map((request: Request) => (pages[request.path] ?? index)(request) as Response);

listen('tcp:8080').pipe(serve(over(http(), site))).subscribe();
