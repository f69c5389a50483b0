/** The servers that several benches compare with, and how ours tell their port. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { serve, type Bytes, type IpAddress, type Protocol } from 'ropewalk';
import { listen } from 'ropewalk/node';
import type { StartServer } from './compareServers.ts';

/** A server of plain `node:net`. */
export function plain(attend: (socket: Socket) => void): StartServer {
  return (listening) => {
    const server = createServer({ noDelay: true, allowHalfOpen: false }, (socket) => {
      socket.on('error', () => socket.destroy());
      attend(socket);
    });
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
      listening((server.address() as AddressInfo).port),
    );
  };
}

/** A server of ours. */
export function ropewalk(protocol: Protocol<Bytes>): StartServer {
  return (listening) => {
    const server = listen('tcp:0:interface=127.0.0.1:backlog=4096');
    server.address$.subscribe((address) => listening((address as IpAddress).port));
    server.pipe(serve(protocol)).subscribe();
  };
}
