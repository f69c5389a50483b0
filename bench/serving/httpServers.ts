/** The web servers that several benches compare with, and what is asked of them. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { StartServer } from './compareServers.ts';
import { plain } from './servers.ts';

/** What a browser asks: 400 bytes. */
export const browserRequest = request('GET /', [
  'Connection: keep-alive',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-US,en;q=0.9',
]);

/** A request of HTTP/1.1, as text: `GET /path`. */
export function request(line: string, fields: readonly string[] = [], content = ''): string {
  return [`${line} HTTP/1.1`, 'Host: 127.0.0.1:8080', ...fields, '', content].join('\r\n');
}

export function nodeHttp(listener: RequestListener): StartServer {
  return (listening) => {
    const server = createServer(listener);
    server.listen(0, '127.0.0.1', 4096, () => listening((server.address() as AddressInfo).port));
  };
}

export function fastifyServer(site: (server: FastifyInstance) => void): StartServer {
  return (listening) => {
    void import('fastify').then(async ({ fastify }) => {
      const server = fastify();
      site(server);
      await server.listen({ port: 0, host: '127.0.0.1' });
      listening((server.server.address() as AddressInfo).port);
    });
  };
}

/**
 * The floor: `node:net` that writes `answer` for each `asked.length` bytes that come, once a chunk, and understands nothing. No
 * server that reads and writes by public API of Node can be faster.
 */
export function constant(asked: string, answer: string): StartServer {
  const answers = Array.from({ length: 65 }, (_, count) => Buffer.from(answer.repeat(count), 'latin1'));
  return plain((socket: Socket) => {
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
      const whole = Math.floor(received / asked.length);
      received -= whole * asked.length;
      if (whole > 0) socket.write(answers[whole]);
    });
  });
}
