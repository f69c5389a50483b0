/**
 * Claim: connect, 64 B there and back, close: as many a second as raw `node:net`, for about a seventh more CPU.
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
