/** The client against servers of others: node:http, nginx, Python's, and what undici makes of the same. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { firstValueFrom, interval, map, NEVER, take } from 'rxjs';
import {
  CertificateUntrusted,
  ConnectionRefused,
  HostnameMismatch,
  over,
  pull,
  serve,
  UnknownHost,
  type IpAddress,
} from 'ropewalk';
import { connectProxy } from 'ropewalk/connect-proxy';
import { CookieJar, DeadlineExceeded, http, routes, stream, text, type HttpClient } from 'ropewalk/http';
import { httpClient, proxyFromEnvironment } from 'ropewalk/http/node';
import { connect, developmentCertificate, listen } from 'ropewalk/node';
import { socks } from 'ropewalk/socks';
import { withPeers } from '../../peers.ts';
import { openThings } from '../openThings.ts';
import { daemon, file, freePort, listening, serving, stopAll } from '../proxies/programs.ts';

const clients: HttpClient[] = [];
const servers: Server[] = [];

function client(options: Parameters<typeof httpClient>[0] = {}): HttpClient {
  const made = httpClient(options);
  clients.push(made);
  return made;
}

afterEach(async () => {
  for (const made of clients.splice(0)) made.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await stopAll();
});

/** A server of Node's own; gives its origin. */
async function nodeServer(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function contentOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

describe('against node:http', () => {
  test('content both ways, whole and in pieces, over one connection', async () => {
    const ports = new Set<number | undefined>();
    const origin = await nodeServer(async (request, response) => {
      ports.add(request.socket.remotePort);
      const content = await contentOf(request);
      response.end(`${request.method} ${content.length} ${request.headers['transfer-encoding'] ?? 'at once'}`);
    });
    const one = client();
    const pieces = interval(1).pipe(
      take(5),
      map(() => new Uint8Array(1000)),
    );
    expect(await (await one.get(`${origin}/`)).text()).toBe('GET 0 at once');
    expect(await (await one.post(`${origin}/`, { body: new Uint8Array(1 << 20) })).text()).toBe('POST 1048576 at once');
    expect(await (await one.put(`${origin}/`, { body: pieces })).text()).toBe('PUT 5000 chunked');
    expect((await one.head(`${origin}/`)).status).toBe(200);
    expect(ports.size).toBe(1);
  });

  test('what is packed is unpacked, unless the program says what it accepts', async () => {
    const origin = await nodeServer((request, response) => {
      response.setHeader('X-Accepted', request.headers['accept-encoding'] ?? '');
      response.setHeader('Content-Encoding', 'gzip').end(gzipSync('hello'));
    });
    const response = await client().get(`${origin}/`);
    expect(await response.text()).toBe('hello');
    expect(response.headers.has('Content-Encoding')).toBe(false);
    expect(response.headers.get('X-Accepted')).toMatch(/^gzip, deflate, br/);
    const asItIs = await client().get(`${origin}/`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(Buffer.from(await asItIs.bytes())).toEqual(gzipSync('hello'));
  });

  test('a connection that the server closes while it rests does no harm', async () => {
    const origin = await nodeServer((_, response) => response.end('hi'));
    servers[0].keepAliveTimeout = 1;
    const one = client();
    for (let round = 0; round < 3; round++) {
      expect(await (await one.post(`${origin}/`)).text()).toBe('hi');
      // The server's own timers decide: until they have, nothing is to be seen.
      await new Promise((resolve) => servers[0].getConnections(() => resolve(undefined)));
    }
  });

  test('200 at a time, by at most 16 connections', async () => {
    const ports = new Set<number | undefined>();
    const origin = await nodeServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.end(request.url);
    });
    const many = client({ perOrigin: 16 });
    const all = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => (await many.get(`${origin}/${n}`)).text()),
    );
    expect(all).toEqual(Array.from({ length: 200 }, (_, n) => `/${n}`));
    expect(ports.size).toBeLessThanOrEqual(16);
  });

  test('trailers are there when the body has ended (RFC 9110 section 6.5)', async () => {
    const origin = await nodeServer((_, response) => {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('hi');
      response.addTrailers({ 'X-Sum': '2' });
      response.end();
    });
    const response = await client().get(`${origin}/`);
    await response.text();
    expect(response.trailers.get('x-sum')).toBe('2');
  });

  test('calling off reaches the socket', async () => {
    let closed: Promise<unknown> | undefined;
    const asked = new Promise<void>((resolve) => {
      void nodeServer((request) => {
        closed = new Promise((done) => request.socket.once('close', done));
        resolve();
      }).then((origin) => {
        const response = client().get(`${origin}/`);
        response.addErrback(() => {});
        void asked.then(() => response.cancel());
      });
    });
    await asked;
    await closed;
  });
});

describe('a slow reader', () => {
  test('of a download holds its server, and memory stays flat', async () => {
    const chunk = new Uint8Array(65_536);
    let made = 0;
    function* endless(): Iterable<Uint8Array> {
      for (;;) {
        made += chunk.length;
        yield chunk;
      }
    }
    const site = routes({ 'GET /': () => stream(pull(endless())) });
    const port = await serving(over(http(), site));
    const response = await client().get(`http://127.0.0.1:${port}/`);
    let read = 0;
    await new Promise<void>((resolve) => {
      const reading = response.body.subscribe((piece) => {
        read += piece.length;
        if (read < 1 << 20) return;
        reading.unsubscribe();
        resolve();
      });
    });
    // What the two systems keep for a connection, and no more: nobody ran ahead.
    expect(made - read).toBeLessThan(32 << 20);
    await stopAll();
  });
});

describe('where the time went', () => {
  test('name, connecting, TLS, the response', async () => {
    const { privateKey, certificate, ca } = developmentCertificate({ names: ['localhost'] });
    const endpoint = { type: 'tls', port: 0, interface: '127.0.0.1', privateKey, certKey: certificate } as const;
    const port = await serving(over(http(), routes({ 'GET /': () => text('hi') })), endpoint);
    const response = await client({ tls: { ca } }).get(`https://localhost:${port}/`);
    expect(await response.text()).toBe('hi');
    expect(Object.keys(response.timings.spent)).toEqual(['pool', 'name', 'connect', 'tls', 'head', 'body']);
  });

  test('a server that accepts and says nothing', async () => {
    const port = await serving(() => NEVER);
    const failure: unknown = await client({ deadlines: { head: 50 } })
      .get(`http://127.0.0.1:${port}/`)
      .addErrback((error) => error);
    expect(failure).toBeInstanceOf(DeadlineExceeded);
    expect(failure).toMatchObject({ deadline: 'head', sent: true });
    await stopAll();
  });

  test('a server that does not answer TLS: nothing was sent', async () => {
    const port = await serving(() => NEVER);
    const failure: unknown = await client({ deadlines: { connect: 50 } })
      .get(`https://localhost:${port}/`)
      .addErrback((error) => error);
    expect(failure).toMatchObject({ name: 'DeadlineExceeded', deadline: 'connect', sent: false, phase: 'tls' });
    expect((failure as Error).message).toMatch(/ms TLS; nothing was sent$/);
    await stopAll();
  });

  test('errors of a dial are told as they are', async () => {
    await expect(client().get(`http://127.0.0.1:${await freePort()}/`)).rejects.toBeInstanceOf(ConnectionRefused);
    await expect(client().get('http://no-such-host.invalid/')).rejects.toBeInstanceOf(UnknownHost);
    const { privateKey, certificate, ca } = developmentCertificate({ names: ['other.test'] });
    const endpoint = { type: 'tls', port: 0, interface: '127.0.0.1', privateKey, certKey: certificate } as const;
    const port = await serving((incoming) => incoming, endpoint);
    await expect(client().get(`https://localhost:${port}/`)).rejects.toBeInstanceOf(CertificateUntrusted);
    await expect(client({ tls: { ca } }).get(`https://localhost:${port}/`)).rejects.toBeInstanceOf(HostnameMismatch);
  });
});

describe('through proxies', () => {
  const secured = async (): Promise<{ port: number; ca: string }> => {
    const { privateKey, certificate, ca } = developmentCertificate({ names: ['rope.test'] });
    const endpoint = { type: 'tls', port: 0, interface: '127.0.0.1', privateKey, certKey: certificate } as const;
    return { port: await serving(over(http(), routes({ 'GET /': () => text('secret') })), endpoint), ca };
  };
  const goTo = ({ port }: { readonly port: number }) => connect({ type: 'tcp', host: '127.0.0.1', port });

  test('https by CONNECT, and by SOCKS 5, to a name that only the proxy knows', async () => {
    const { port, ca } = await secured();
    const authorize = ({ username, password }: { readonly username: string; readonly password: string }): boolean =>
      username === 'joe' && password === 'sec ret';
    const byConnect = await serving(connectProxy({ connect: goTo, authorize }));
    const bySocks = await serving(socks({ connect: goTo, authorize }));
    for (const proxy of [
      `http://joe:sec%20ret@127.0.0.1:${byConnect}`,
      `socks5://joe:sec%20ret@127.0.0.1:${bySocks}`,
    ]) {
      const response = await client({ proxy, tls: { ca } }).get(`https://rope.test:${port}/`);
      expect(await response.text()).toBe('secret');
      expect(Object.keys(response.timings.spent)).toContain('proxy');
    }
  });

  withPeers('tinyproxy')('tinyproxy', () => {
    test('http in absolute-form, https by CONNECT', async () => {
      const front = await freePort();
      const lines = [`Port ${front}`, 'Listen 127.0.0.1', 'Timeout 10', 'MaxClients 10', 'LogLevel Critical'];
      daemon('tinyproxy', '-d', '-c', file('tinyproxy.conf', `${lines.join('\n')}\n`));
      await listening(front);
      const seen: (string | undefined)[] = [];
      const origin = await nodeServer((request, response) => {
        seen.push(request.headers.via, request.url);
        response.end('plain');
      });
      const proxied = client({ proxy: proxyFromEnvironment({ http_proxy: `http://127.0.0.1:${front}` }) });
      expect(await (await proxied.get(`${origin}/x?y`)).text()).toBe('plain');
      expect(seen).toEqual([expect.stringContaining('tinyproxy'), '/x?y']);
    });
  });
});

describe('undici does the same', () => {
  const answers: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {};
  for (const status of [301, 302, 303, 307, 308])
    answers[`/${status}`] = (_, response) => response.writeHead(status, { Location: '/echo' }).end('moved');
  answers['/nowhere'] = (_, response) => response.writeHead(302).end('no place');
  answers['/query'] = (_, response) => response.writeHead(302, { Location: '?again' }).end();
  answers['/loop'] = (_, response) => response.writeHead(302, { Location: '/loop' }).end();
  answers['/ftp'] = (_, response) => response.writeHead(302, { Location: 'ftp://a.test/' }).end();
  answers['/bad'] = (_, response) => response.writeHead(302, { Location: 'http://' }).end();

  async function server(): Promise<string> {
    return nodeServer(async (request, response) => {
      const path = new URL(request.url!, 'http://x').pathname;
      if (Object.hasOwn(answers, path) && !request.url!.endsWith('?again')) {
        answers[path](request, response);
        return;
      }
      const { authorization = '', cookie = '', 'content-type': type = '' } = request.headers;
      const content = await contentOf(request);
      response.end(`${request.method} ${request.url} [${authorization}] [${cookie}] [${type}] ${content}`);
    });
  }

  const cases = ['GET', 'POST', 'PUT', 'DELETE'].flatMap((method) =>
    Object.keys(answers).map((path) => [method, path] as const),
  );
  test.each(cases)('%s %s', async (method, path) => {
    const origin = await server();
    const headers = { Authorization: 'Bearer x', 'Content-Type': 'text/plain' };
    const body = method === 'POST' || method === 'PUT' ? 'hello' : undefined;
    const theirs = await fetch(`${origin}${path}`, { method, headers, body }).then(
      async (response) => [response.status, response.url, await response.text()],
      () => ['failed'],
    );
    const asked = { POST: 'post', PUT: 'put', DELETE: 'delete', GET: 'get' }[method] as 'get';
    const one = client();
    const ours = await one[asked](`${origin}${path}`, { headers, body }).addCallbacks(
      async (response) => [response.status, String(response.url), await response.text()],
      () => ['failed'],
    );
    expect(ours).toEqual(theirs);
  });

  test('to another origin: what stands for somebody stays behind', async () => {
    const there = await server();
    const here = await nodeServer((_, response) => response.writeHead(302, { Location: `${there}/echo` }).end());
    const headers = { Authorization: 'Bearer x', Cookie: 'a=1' };
    const theirs = await (await fetch(here, { headers })).text();
    const ours = await (await client().get(here, { headers })).text();
    expect(ours).toBe('GET /echo [] [] [] ');
    expect(ours).toBe(theirs);
  });
});

withPeers('nginx')('against nginx', () => {
  async function nginx(): Promise<number> {
    const port = await freePort();
    const page = file('page.txt', 'x'.repeat(100_000));
    const root = page.slice(0, page.lastIndexOf('/'));
    const config = file(
      'nginx.conf',
      `daemon off; master_process off; ${process.getuid?.() === 0 ? 'user root;' : ''} pid ${root}/pid; error_log ${root}/error.log;
events {}
http {
  access_log off; client_body_temp_path ${root}/body; proxy_temp_path ${root}/p; fastcgi_temp_path ${root}/f;
  uwsgi_temp_path ${root}/u; scgi_temp_path ${root}/s; gzip on; gzip_types text/plain; keepalive_requests 5;
  server { listen 127.0.0.1:${port}; root ${root}; location /moved { return 301 /page.txt; } }
}
`,
    );
    daemon('nginx', '-c', config, '-p', root, '-e', `${root}/error.log`);
    await listening(port);
    return port;
  }

  test('packed pages, a redirect, more requests than it allows for one connection', async () => {
    const port = await nginx();
    const one = client({ perOrigin: 2 });
    const pages = Array.from({ length: 12 }, async () => (await one.get(`http://127.0.0.1:${port}/moved`)).text());
    expect((await Promise.all(pages)).every((page) => page === 'x'.repeat(100_000))).toBe(true);
    const ranged = await one.get(`http://127.0.0.1:${port}/page.txt`, {
      headers: { Range: 'bytes=0-9', 'Accept-Encoding': 'identity' },
    });
    expect([ranged.status, await ranged.text()]).toEqual([206, 'x'.repeat(10)]);
    const none = await one.get(`http://127.0.0.1:${port}/none`);
    expect([none.status, await none.text()]).toEqual([404, expect.stringContaining('nginx')]);
  });
});

withPeers('python3')("against Python's http.server", () => {
  test('HTTP/1.0, whose content ends with its connection', async () => {
    const port = await freePort();
    const page = file('page.txt', 'hello');
    daemon(
      '/usr/bin/python3',
      '-m',
      'http.server',
      String(port),
      '--bind',
      '127.0.0.1',
      '-d',
      page.replace(/\/[^/]*$/, ''),
    );
    await listening(port);
    const one = client({ cookies: new CookieJar() });
    for (let round = 0; round < 3; round++)
      expect(await (await one.get(`http://127.0.0.1:${port}/page.txt`)).text()).toBe('hello');
    expect(await (await one.get(`http://127.0.0.1:${port}/`)).text()).toContain('page.txt');
  });
});

test('a client that is closed leaves nothing open', async () => {
  const before = openThings();
  const server = listen('tcp:0:interface=127.0.0.1');
  const running = server.pipe(serve(over(http(), routes({ 'GET /': () => text('hi') })))).subscribe();
  const { port } = (await firstValueFrom(server.address$)) as IpAddress;
  const one = httpClient();
  expect(await (await one.get(`http://127.0.0.1:${port}/`)).text()).toBe('hi');
  one.close();
  running.unsubscribe();
  await expect(one.get(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ name: 'Cancelled' });
  while (openThings().length > before.length) await new Promise(setImmediate);
  expect(openThings().length).toBeLessThanOrEqual(before.length);
});
