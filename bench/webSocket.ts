/**
 * A WebSocket echo of small messages costs no more CPU than one of `ws` with bufferutil, and with 16 in flight a seventh, because
 * the frames of one turn leave together. One of 16 KiB costs more: `ws` unmasks what has arrived in place, here it is a copy.
 * The aims of 1/1.4 for one small message in flight, and of less than `ws` for 16 KiB, were not reached.
 */
import type { AddressInfo } from 'node:net';
import * as bufferutil from 'bufferutil';
import { identity, map } from 'rxjs';
import { WebSocketServer } from 'ws';
import { over } from 'ropewalk';
import { http, upgrade, type Request, type Response } from 'ropewalk/http';
import { webSocket, type WebSocketOptions } from 'ropewalk/websocket';
import { compareServers, type StartServer } from './serving/compareServers.ts';
import { ropewalk } from './serving/servers.ts';

const ws: StartServer = (listening) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, backlog: 4096 });
  server.on('listening', () => listening((server.address() as AddressInfo).port));
  server.on('connection', (socket) =>
    socket.on('message', (message, binary) => socket.send(message as Buffer, { binary })).on('error', () => {}),
  );
};

const rope = (options?: WebSocketOptions): StartServer => {
  const echo = upgrade(webSocket(options), identity);
  return ropewalk(
    over(
      http(),
      map((request: Request) => echo(request) as Response),
    ),
  );
};

void compareServers(
  __filename,
  {
    'ws with bufferutil': ws,
    'ropewalk, webSocket()': rope(),
    'ropewalk, masker: bufferutil': rope({ masker: bufferutil }),
  },
  {
    'messages of 64 B, 1 in flight, 50 connections': { kind: 'webSocket', connections: 50, size: 64, window: 1 },
    'messages of 64 B, 16 in flight, 50 connections': { kind: 'webSocket', connections: 50, size: 64, window: 16 },
    'messages of 16 KiB, 1 in flight, 20 connections': { kind: 'webSocket', connections: 20, size: 16384, window: 1 },
  },
);
