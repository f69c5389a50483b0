/**
 * The aim, not shown yet: HTTP hello at 64 connections takes at most 1/2.5 of the CPU time of node:http, 16 pipelined at most 1/8.
 * Peers: node:http (ratio 1) and fastify. The answer is 12 bytes of text; the request is a browser's, of 400 bytes.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { map } from 'rxjs';
import { over } from 'ropewalk';
import { http, text } from 'ropewalk/http';
import { concatMap } from 'ropewalk/operators';
import { compareServers, type StartServer } from './serving/compareServers.ts';
import { ropewalk } from './serving/servers.ts';

const hello = 'hello, world';

const nodeHttp: StartServer = (listening) => {
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.setHeader('Content-Length', hello.length);
    response.end(hello);
  });
  server.listen(0, '127.0.0.1', 4096, () => listening((server.address() as AddressInfo).port));
};

const fastifyServer: StartServer = (listening) => {
  void import('fastify').then(async ({ fastify }) => {
    const server = fastify();
    server.get('/', (_, reply) => reply.type('text/plain; charset=utf-8').send(hello));
    await server.listen({ port: 0, host: '127.0.0.1' });
    listening((server.server.address() as AddressInfo).port);
  });
};

const request = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1:8080',
  'Connection: keep-alive',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-US,en;q=0.9',
  '\r\n',
].join('\r\n');

void compareServers(
  __filename,
  {
    'node:http': nodeHttp,
    fastify: fastifyServer,
    'ropewalk, map': ropewalk(
      over(
        http(),
        map(() => text(hello)),
      ),
    ),
    'ropewalk, concatMap and a promise': ropewalk(
      over(
        http(),
        concatMap(() => Promise.resolve(text(hello))),
      ),
    ),
  },
  {
    'hello, 64 connections': { kind: 'messages', connections: 64, size: 0, request, window: 1 },
    'hello, 64 connections, 16 pipelined': { kind: 'messages', connections: 64, size: 0, request, window: 16 },
  },
);
