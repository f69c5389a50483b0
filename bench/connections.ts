/**
 * Claim: connect, 64 B there and back, close: nearly as many a second, for nearly as little CPU, as raw `node:net`.
 */
import { identity } from 'rxjs';
import { compareServers } from './serving/compareServers.ts';
import { plain, ropewalk } from './serving/servers.ts';

void compareServers(
  __filename,
  {
    "node:net, 'data' to write": plain((socket) => socket.on('data', (chunk) => socket.write(chunk))),
    'ropewalk, serve(identity)': ropewalk(identity),
  },
  { 'connect, 64 B, close; 20 at a time': { kind: 'churn', connections: 20, size: 64, window: 1 } },
);
