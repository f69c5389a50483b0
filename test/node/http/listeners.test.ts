/** Listeners of node:http, both ways: express, Koa and Nest served by us, our site mounted in express. */
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import express from 'express';
import Koa from 'koa';
import { firstValueFrom, Observable } from 'rxjs';
import { bytes, Deferred, over, pull, serve, type Bytes } from 'ropewalk';
import { http, Request, Response, routes, stream, text, type Site } from 'ropewalk/http';
import { fromNodeListener, toNodeListener } from 'ropewalk/http/node';
import { listen } from 'ropewalk/node';

/** Serves a site while the test runs, and gives where. */
async function served(site: Site, use: (url: string) => Promise<void>): Promise<void> {
  const listening = listen('tcp:0:interface=127.0.0.1');
  const serving = listening.pipe(serve(over(http(), site))).subscribe();
  try {
    await use(`http://${await firstValueFrom(listening.address$)}`);
  } finally {
    serving.unsubscribe();
  }
}

describe('express, served by us', () => {
  const app = express();
  app.use(express.json());
  app.get('/hello/:name', (req, res) => void res.send(`hello ${req.params.name} from ${req.ip}`));
  app.post('/json', (req, res) => void res.status(201).json({ got: req.body as unknown }));
  app.get('/big', (_, res) => void res.type('bin').end(Buffer.alloc(3_000_000, 7)));
  app.post('/count', (req, res) => {
    let count = 0;
    req.on('data', (chunk: Buffer) => (count += chunk.length)).on('end', () => void res.send(String(count)));
  });
  app.get('/cookies', (_, res) => void res.cookie('a', '1').cookie('b', '2').redirect('/hello/x'));
  app.get('/empty', (_, res) => void res.status(204).end());
  const closed: string[] = [];
  app.get('/waits', (_, res) => void res.on('close', () => closed.push('left')));
  const site = routes({ 'GET /ours': () => text('ours'), '/*': fromNodeListener(app) });

  test('over a real connection, beside a route of ours', () =>
    served(site, async (url) => {
      const asked = (path: string, init?: RequestInit) => fetch(url + path, { redirect: 'manual', ...init });
      expect(await (await asked('/ours')).text()).toBe('ours');
      expect(await (await asked('/hello/you')).text()).toBe('hello you from 127.0.0.1');
      const headers = { 'Content-Type': 'application/json' };
      const made = await asked('/json', { method: 'POST', headers, body: '{"a":1}' });
      expect([made.status, await made.json()]).toEqual([201, { got: { a: 1 } }]);
      expect((await (await asked('/big')).arrayBuffer()).byteLength).toBe(3_000_000);
      expect(await (await asked('/count', { method: 'POST', body: Buffer.alloc(2_000_000) })).text()).toBe('2000000');
      const cookies = await asked('/cookies');
      expect([cookies.status, cookies.headers.getSetCookie()]).toEqual([302, ['a=1; Path=/', 'b=2; Path=/']]);
      expect((await asked('/empty')).status).toBe(204);
      expect((await asked('/none')).status).toBe(404);
      const head = await asked('/big', { method: 'HEAD' });
      expect(head.status).toBe(200);
    }));

  test('a body of unknown length streams to it', async () => {
    const body = new Observable<Bytes>((subscriber) => {
      for (let n = 0; n < 10; n++) subscriber.next(bytes('0123456789'));
      subscriber.complete();
    });
    const answer = await (site(new Request({ method: 'POST', target: '/count', body })) as Deferred<Response>);
    expect(await answer.text()).toBe('100');
  });

  test('who leaves is told to it', async () => {
    const waiting = site(new Request({ target: '/waits' })) as Deferred<Response>;
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
    waiting.markHandled().cancel();
    for (let turn = 0; turn < 1000 && closed.length === 0; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toEqual(['left']);
  });

  test('a tunnel to somewhere else is 501', () => {
    expect(fromNodeListener(app)(new Request({ method: 'CONNECT', target: 'a:1' }))).toMatchObject({ status: 501 });
  });
});

describe('other frameworks, served by us', () => {
  test('Koa: what it answers, streams, reads and counts as the client', async () => {
    const app = new Koa();
    app.use(async (context) => {
      if (context.path === '/stream') context.body = Readable.from(['one ', 'two']);
      else if (context.path === '/count') {
        let count = 0;
        for await (const chunk of context.req) count += (chunk as Buffer).length;
        context.body = { count };
      } else if (context.path !== '/none') context.body = `${context.method} ${context.url} from ${context.ip}`;
    });
    await served(fromNodeListener(app.callback()), async (url) => {
      const asked = (path: string, init?: RequestInit) => fetch(url + path, init);
      expect(await (await asked('/a?b')).text()).toBe('GET /a?b from 127.0.0.1');
      expect(await (await asked('/stream')).text()).toBe('one two');
      expect(await (await asked('/count', { method: 'POST', body: Buffer.alloc(2_000_000) })).json()).toEqual({
        count: 2_000_000,
      });
      expect((await asked('/none')).status).toBe(404);
      expect((await asked('/a', { method: 'HEAD' })).status).toBe(200);
    });
  });

  test('Nest, whole: controllers, pipes, errors, and a gateway of ws on its server, which is bound nowhere', async () => {
    const loading = ['-r', 'ts-node/register', '-r', 'tsconfig-paths/register'];
    const { stdout } = await promisify(execFile)(process.execPath, [...loading, 'test/node/http/nest/program.ts']);
    expect(JSON.parse(stdout)).toEqual({
      ours: [200, 'ours'],
      found: [200, '{"id":7}'],
      badPipe: 400,
      missing: [404, '{"message":"no such cat","error":"Not Found","statusCode":404}'],
      made: [201, 'welcome, Tom'],
      gateway: 'from the gateway',
      bound: false,
    });
  }, 60_000);
});

describe('our site, mounted in theirs', () => {
  const cancelled: string[] = [];
  const site = routes({
    'GET /hello/:name': ({ params, authority }) => text(`hello ${params.name} at ${authority}`),
    'POST /upload': (request) => request.bytes({ max: 1 << 25 }).addCallback(({ length }) => text(String(length))),
    'GET /big': () => stream(pull(Array.from({ length: 100 }, () => new Uint8Array(50_000)))),
    'GET /cookies': () => text('', { headers: { 'Set-Cookie': ['a=1', 'b=2'] } }),
    'GET /never': () => new Deferred<Response>({ canceller: () => cancelled.push('never') }),
    'GET /upgrade': () => new Response({ status: 101, upgrade: (source) => source }),
    'GET /breaks': () =>
      stream(
        new Observable((subscriber) => {
          subscriber.next(bytes('half'));
          setImmediate(() => subscriber.error(new Error('oops')));
        }),
      ),
  });
  const app = express();
  app.get('/theirs', (_, res) => void res.send('theirs'));
  app.use('/ours', toNodeListener(site));
  let server: Server;
  let url = '';
  beforeAll(async () => {
    server = createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());
  const asked = (path: string, init?: RequestInit) => fetch(url + path, init);

  test('answers behind its prefix, bodies stream both ways', async () => {
    expect(await (await asked('/theirs')).text()).toBe('theirs');
    expect(await (await asked('/ours/hello/you')).text()).toBe(`hello you at ${url.slice(7)}`);
    expect(await (await asked('/ours/upload', { method: 'POST', body: Buffer.alloc(3_000_000) })).text()).toBe(
      '3000000',
    );
    expect((await (await asked('/ours/big')).arrayBuffer()).byteLength).toBe(5_000_000);
    expect((await asked('/ours/cookies')).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect((await asked('/ours/none')).status).toBe(404);
    expect((await asked('/ours/upgrade')).status).toBe(501);
    expect((await asked('/ours/hello/x', { method: 'HEAD' })).status).toBe(200);
  });

  test('a body that breaks off is not taken for a whole one', async () => {
    await expect(asked('/ours/breaks').then((response) => response.text())).rejects.toThrow();
  });

  test('a client that leaves cancels the work', async () => {
    const aborting = new AbortController();
    const waiting = asked('/ours/never', { signal: aborting.signal });
    setTimeout(() => aborting.abort(), 50);
    await expect(waiting).rejects.toThrow();
    for (let turn = 0; turn < 1000 && cancelled.length === 0; turn++)
      await new Promise((resolve) => setTimeout(resolve, 1));
    expect(cancelled).toEqual(['never']);
  });
});
