/**
 * A JSON answer by a route with a parameter costs three quarters of the CPU that node:http takes; a download and an upload of
 * 1 MiB as much. Peers: node:http (ratio 1), fastify. The uploads are counted, chunk by chunk, and not kept.
 */
import { map, reduce, type Observable } from 'rxjs';
import { over, type Bytes } from 'ropewalk';
import { http, json, Response, routes, text } from 'ropewalk/http';
import { compareServers } from './serving/compareServers.ts';
import { fastifyServer, nodeHttp, request } from './serving/httpServers.ts';
import { ropewalk } from './serving/servers.ts';

const oneMiB = 1 << 20;
const content = Buffer.alloc(oneMiB, 'x');
const userOf = (id: string) => ({ id, name: 'Ada Lovelace', roles: ['admin', 'author'], active: true, score: 36.5 });
const lengthOf = (body: Observable<Bytes>) => body.pipe(reduce((length, chunk) => length + chunk.length, 0));

void compareServers(
  __filename,
  {
    'node:http': nodeHttp((asked, response) => {
      if (asked.url === '/download') {
        response.setHeader('Content-Type', 'application/octet-stream');
        response.setHeader('Content-Length', oneMiB);
        response.end(content);
      } else if (asked.url === '/upload') {
        let length = 0;
        asked.on('data', (chunk: Buffer) => (length += chunk.length));
        asked.on('end', () => response.end(String(length)));
      } else {
        const answer = JSON.stringify(userOf(asked.url!.slice('/users/'.length)));
        response.setHeader('Content-Type', 'application/json');
        response.setHeader('Content-Length', Buffer.byteLength(answer));
        response.end(answer);
      }
    }),
    fastify: fastifyServer((server) => {
      server.addContentTypeParser('application/octet-stream', (_, payload, done) => {
        let length = 0;
        payload.on('data', (chunk: Buffer) => (length += chunk.length));
        payload.on('end', () => done(null, length));
      });
      server.get('/download', (_, reply) => reply.type('application/octet-stream').send(content));
      server.post('/upload', { bodyLimit: oneMiB }, ({ body }, reply) => reply.send(String(body)));
      server.get<{ Params: { id: string } }>('/users/:id', ({ params }) => userOf(params.id));
    }),
    'ropewalk, routes': ropewalk(
      over(
        http(),
        routes({
          'GET /download': () =>
            new Response({ headers: { 'Content-Type': 'application/octet-stream' }, body: content }),
          'POST /upload': ({ body }) => lengthOf(body).pipe(map((length) => text(String(length)))),
          'GET /users/:id': ({ params }) => json(userOf(params.id)),
        }),
      ),
    ),
  },
  {
    'JSON of 90 B, 64 connections': {
      kind: 'messages',
      connections: 64,
      size: 0,
      request: request('GET /users/4711', ['Accept: application/json']),
      window: 1,
    },
    'download of 1 MiB, 8 connections': {
      kind: 'messages',
      connections: 8,
      size: 0,
      request: request('GET /download'),
      window: 1,
    },
    'upload of 1 MiB, 8 connections': {
      kind: 'messages',
      connections: 8,
      size: 0,
      request: request(
        'POST /upload',
        ['Content-Type: application/octet-stream', `Content-Length: ${oneMiB}`],
        'x'.repeat(oneMiB),
      ),
      window: 1,
    },
  },
);
