/**
 * Claim: a line echo costs a fraction of the CPU of raw `node:net` with one write a line, because the lines of one turn
 * leave in one system call.
 */
import { identity } from 'rxjs';
import { over } from 'ropewalk';
import { lines } from 'ropewalk/operators';
import { compareServers } from './serving/compareServers.ts';
import { plain, ropewalk } from './serving/servers.ts';

void compareServers(
  __filename,
  {
    'node:net, one write a line': plain((socket) => {
      let rest = '';
      socket.setEncoding('utf8');
      socket.on('data', (text: string) => {
        const parts = (rest + text).split('\r\n');
        rest = parts.pop() ?? '';
        for (const line of parts) socket.write(`${line}\r\n`);
      });
    }),
    'ropewalk, over(lines(), identity)': ropewalk(over(lines(), identity)),
  },
  {
    'lines of 64 B, 1 in flight, 50 connections': { kind: 'messages', connections: 50, size: 64, window: 1 },
    'lines of 64 B, 16 in flight, 50 connections': { kind: 'messages', connections: 50, size: 64, window: 16 },
    'lines of 64 B, 128 in flight, 50 connections': { kind: 'messages', connections: 50, size: 64, window: 128 },
  },
);
