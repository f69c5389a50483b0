/**
 * Claim: a TCP echo through Ropewalk costs the CPU of one of raw `node:net` ('data' to write), through six ordinary operators
 * a tenth more, and it streams about as fast as `socket.pipe(socket)`, with nothing queued.
 */
import { filter, identity, map, scan, share, takeWhile, tap, type Observable } from 'rxjs';
import type { Bytes } from 'ropewalk';
import { compareServers } from './serving/compareServers.ts';
import { plain, ropewalk } from './serving/servers.ts';

const sixOperators = (incoming: Observable<Bytes>): Observable<Bytes> =>
  incoming.pipe(
    map((chunk) => chunk),
    filter((chunk) => chunk.byteLength > 0),
    tap(() => {}),
    takeWhile((chunk) => chunk.length > 0),
    scan((_, chunk) => chunk),
    share(),
  );

void compareServers(
  __filename,
  {
    "node:net, 'data' to write": plain((socket) => socket.on('data', (chunk) => socket.write(chunk))),
    'node:net, socket.pipe(socket)': plain((socket) => socket.pipe(socket)),
    'ropewalk, serve(identity)': ropewalk(identity),
    'ropewalk, six operators': ropewalk(sixOperators),
  },
  {
    'ping-pong, 64 B, 1 connection': { kind: 'messages', connections: 1, size: 64, window: 1 },
    'ping-pong, 64 B, 50 connections': { kind: 'messages', connections: 50, size: 64, window: 1 },
    'pipelined, 64 B x 16, 50 connections': { kind: 'messages', connections: 50, size: 64, window: 16 },
    'stream, 64 KiB, 20 connections': { kind: 'messages', connections: 20, size: 65536, window: 2 },
  },
);
