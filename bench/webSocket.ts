/**
 * The aim, of which the first and the last part were not reached when this was last run: a WebSocket echo costs less CPU than one
 * of `ws` with bufferutil: 1.4 times less with one small message in flight, 7 times with 16, because the frames of one turn leave
 * together; and no more with messages of 16 KiB.
 */
import type { AddressInfo } from 'node:net';
import { identity, map } from 'rxjs';
import { WebSocketServer } from 'ws';
import { over } from 'ropewalk';
import { http, upgrade, type Request } from 'ropewalk/http';
import { webSocket } from 'ropewalk/websocket';
import { compareServers, type StartServer } from './serving/compareServers.ts';
import { ropewalk } from './serving/servers.ts';

const ws: StartServer = (listening) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, backlog: 4096 });
  server.on('listening', () => listening((server.address() as AddressInfo).port));
  server.on('connection', (socket) =>
    socket.on('message', (message, binary) => socket.send(message as Buffer, { binary })).on('error', () => {}),
  );
};

const echo = upgrade(webSocket(), identity);

void compareServers(
  __filename,
  {
    'ws with bufferutil': ws,
    'ropewalk, upgrade(webSocket(), identity)': ropewalk(
      over(
        http(),
        map((request: Request) => echo(request) as never),
      ),
    ),
  },
  {
    'messages of 64 B, 1 in flight, 50 connections': { kind: 'webSocket', connections: 50, size: 64, window: 1 },
    'messages of 64 B, 16 in flight, 50 connections': { kind: 'webSocket', connections: 50, size: 64, window: 16 },
    'messages of 16 KiB, 1 in flight, 20 connections': { kind: 'webSocket', connections: 20, size: 16384, window: 1 },
  },
);
