/**
 * HTTP hello at 64 connections takes a quarter more of the CPU than `node:net` that answers without looking, and three fifths of
 * what node:http takes; 16 pipelined a tenth. The aim of 1/2.5 for the first lies below what `node:net` takes.
 * Peers: node:http (ratio 1), fastify, and that floor. The answer is 12 bytes of text; the request is a browser's, of 400 bytes.
 */
import { map } from 'rxjs';
import { over } from 'ropewalk';
import { http, text } from 'ropewalk/http';
import { concatMap } from 'ropewalk/operators';
import { compareServers } from './serving/compareServers.ts';
import { browserRequest, constant, fastifyServer, nodeHttp } from './serving/httpServers.ts';
import { ropewalk } from './serving/servers.ts';

const hello = 'hello, world';
const answer = [
  'HTTP/1.1 200 OK',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${hello.length}`,
  'Date: Sun, 29 Nov 2026 12:00:00 GMT',
  '',
  hello,
].join('\r\n');

void compareServers(
  __filename,
  {
    'node:http': nodeHttp((_, response) => {
      response.setHeader('Content-Type', 'text/plain; charset=utf-8');
      response.setHeader('Content-Length', hello.length);
      response.end(hello);
    }),
    fastify: fastifyServer((server) => {
      server.get('/', (_, reply) => reply.type('text/plain; charset=utf-8').send(hello));
    }),
    'ropewalk, map': ropewalk(
      over(
        http(),
        map(() => text(hello)),
      ),
    ),
    'ropewalk, concatMap, a promise': ropewalk(
      over(
        http(),
        concatMap(() => Promise.resolve(text(hello))),
      ),
    ),
    'node:net, a constant': constant(browserRequest, answer),
  },
  {
    'hello, 64 connections': { kind: 'messages', connections: 64, size: 0, request: browserRequest, window: 1 },
    'hello, 64 connections, 16 pipelined': {
      kind: 'messages',
      connections: 64,
      size: 0,
      request: browserRequest,
      window: 16,
    },
  },
);
