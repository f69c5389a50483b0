/** WebSocket from the first byte of HTTP on, between our client and our server, and with clients that are none. */
import { concatMap, map, of, switchMap, take, tap, toArray, type Observable } from 'rxjs';
import { ConnectError, over, serve, utf8, type Connection, type IpAddress } from 'ropewalk';
import { HttpError, http, Request, text, upgrade, type Handler } from 'ropewalk/http';
import { connect, listen } from 'ropewalk/node';
import { webSocket, webSocketClient, WebSocketRefused, type WebSocketOptions } from 'ropewalk/websocket';
import { permessageDeflate } from 'ropewalk/websocket/node';
import { serveSite } from './serveSite.ts';

test('messages go both ways, on the port of a site', async () => {
  const { port, stop, reasons } = await serveSite(upgrade(webSocket(), map((message) => `${String(message)}!`)));
  const url = `ws://127.0.0.1:${port}/ws`;
  const heard = await new Promise<unknown[]>((resolve, reject) =>
    webSocketClient(url, { connect })
      .pipe(
        switchMap((socket) => {
          socket.next('one');
          socket.next('two');
          return socket.pipe(take(2));
        }),
        take(2),
        toArray(),
      )
      .subscribe({ next: resolve, error: reject }),
  );
  expect(heard).toEqual(['one!', 'two!']);
  expect(await reasons.next()).toEqual({ kind: 'done', code: 1000, text: '' });
  stop();
});
