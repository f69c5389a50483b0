/** HTTP/2 both ways: our server with curl, nghttp, h2load and node:http2, our client with nghttpd and node:http2. */
import * as node from 'node:http2';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import {
  concat,
  finalize,
  first,
  firstValueFrom,
  map,
  NEVER,
  of,
  reduce,
  Subject,
  takeUntil,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { bytes, heldGroups, over, pull, serve, type CloseReason } from 'ropewalk';
import { RequestFailed, Response, routes, stream, text, type HttpClient, type Request } from 'ropewalk/http';
import { http, http2, http2Client, httpClient, type AnyHttpOptions } from 'ropewalk/http/node';
import { developmentCertificate, listen } from 'ropewalk/node';
import { withPeers } from '../../peers.ts';
import { daemon, file, freePort, listening, run, serving, stopAll } from '../proxies/programs.ts';
import { flags, frame, get, preface, types, uint32 } from './frames.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await stopAll();
});

const clientOf = (options: Parameters<typeof httpClient>[0] = { versions: [http2Client()] }): HttpClient => {
  const client = httpClient(options);
  closing.push(() => client.close());
  return client;
};

const site = routes({
  'GET /': () => text('hello'),
  'GET /version': ({ version }) => text(version),
  'GET /streamed': () => new Response({ body: of(bytes('one '), bytes('two')) }),
  'POST /upload': ({ body }) =>
    body.pipe(
      reduce((sum, chunk) => sum + chunk.length, 0),
      map((sum) => text(String(sum))),
    ),
  'GET /broken': () =>
    stream(
      concat(
        of(bytes('begun')),
        timer(20).pipe(
          map(() => {
            throw new Error('torn');
          }),
        ),
      ),
    ),
  'GET /never': () => NEVER,
});

/** Serves the site, or another; gives the port. */
const served = (options: AnyHttpOptions = {}, handlers = site): Promise<number> =>
  serving(over(http(options), handlers));

/** A client of Node's own. */
function nodeClient(port: number, options: node.ClientSessionOptions = {}): node.ClientHttp2Session {
  const session = node.connect(`http://127.0.0.1:${port}`, options);
  session.on('error', () => {});
  closing.push(() => session.destroy());
  return session;
}

/** What comes back to one request of such a client. */
function answerTo(session: node.ClientHttp2Session, headers: node.OutgoingHttpHeaders, content?: Uint8Array) {
  const asked = session.request(headers, { endStream: content === undefined });
  if (content !== undefined) asked.end(content);
  return new Promise<{ status: number; content: string; code: number; trailers: node.IncomingHttpHeaders }>(
    (resolve) => {
      let status = 0;
      let said = '';
      let trailers: node.IncomingHttpHeaders = {};
      asked.on('response', (fields) => (status = Number(fields[':status'])));
      asked.on('trailers', (fields) => (trailers = fields));
      asked.on('data', (chunk: Buffer) => (said += chunk.toString()));
      asked.on('error', () => {});
      asked.on('close', () => resolve({ status, content: said, code: asked.rstCode ?? 0, trailers }));
    },
  );
}

withPeers(
  'curl',
  'nghttp',
  'h2load',
)('our server, by programs of others', () => {
  test('curl: by prior knowledge, by ALPN, and HTTP/1.1 on the same port', async () => {
    const port = await served();
    const url = `http://127.0.0.1:${port}`;
    expect((await run('curl', '-s', '--http2-prior-knowledge', `${url}/version`)).output).toBe('2');
    expect((await run('curl', '-s', '--http1.1', `${url}/version`)).output).toBe('1.1');
    const upload = file('upload', 'x'.repeat(3_000_000));
    const up = ['-s', '--http2-prior-knowledge', '--data-binary', `@${upload}`, `${url}/upload`];
    expect((await run('curl', ...up)).output).toBe('3000000');

    const { privateKey, certificate, ca } = developmentCertificate({ names: ['localhost'] });
    const tls = { type: 'tls', port: 0, interface: '127.0.0.1', privateKey, certKey: certificate } as const;
    const secure = await serving(over(http(), site), { ...tls, alpn: ['h2', 'http/1.1'] });
    const trusted = ['-s', '--cacert', file('ca.pem', ca), `https://localhost:${secure}/version`];
    expect((await run('curl', '--http2', ...trusted)).output).toBe('2');
    expect((await run('curl', '--http1.1', ...trusted)).output).toBe('1.1');
    expect(await (await clientOf({ tls: { ca } }).get(`https://localhost:${secure}/version`)).text()).toBe('2');
  });

  test('nghttp sees what was said; h2load asks a thousand times', async () => {
    const port = await served();
    const { output } = await run('nghttp', '-v', `http://127.0.0.1:${port}/streamed`);
    expect(output).toContain(':status: 200');
    expect(output).toMatch(/one [^]*two/);
    const load = await run('h2load', '-n', '1000', '-c', '2', '-m', '20', `http://127.0.0.1:${port}/`);
    expect(load.output).toContain('1000 succeeded, 0 failed');
  });
});

describe('our server, by node:http2', () => {
  test('many streams at a time, each a request of its own', async () => {
    const session = nodeClient(await served());
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        answerTo(session, { ':method': 'POST', ':path': '/upload' }, new Uint8Array(n * 1000)),
      ),
    );
    expect(answers.map(({ content }) => content)).toEqual(Array.from({ length: 50 }, (_, n) => String(n * 1000)));
  });

  test('a content that breaks off is reset, and no end; other streams do not notice (RFC 9113 section 8.1)', async () => {
    const session = nodeClient(await served());
    const broken = await answerTo(session, { ':path': '/broken' });
    expect(broken).toMatchObject({ status: 200, code: node.constants.NGHTTP2_INTERNAL_ERROR });
    expect(await answerTo(session, { ':path': '/' })).toMatchObject({ status: 200, content: 'hello', code: 0 });
  });

  test('trailers go both ways, and fields of HTTP/1 connections go nowhere (RFC 9113 sections 8.1 and 8.2.2)', async () => {
    let seen: Request | undefined;
    const port = await served(
      {},
      routes({
        'POST /': (request) => {
          seen = request;
          const headers = { Connection: 'X-Hop', 'X-Hop': '1', 'Keep-Alive': 'timeout=5', 'X-Kept': '1' };
          const body = request.body;
          return new Response({ headers, body, trailers: () => request.trailers });
        },
      }),
    );
    const session = nodeClient(port);
    const asked = session.request({ ':method': 'POST', ':path': '/' }, { waitForTrailers: true });
    asked.on('wantTrailers', () => asked.sendTrailers({ 'x-sum': '5' }));
    asked.end('hello');
    const fields = await new Promise<node.IncomingHttpHeaders>((resolve) => asked.once('response', resolve));
    const trailers = new Promise<node.IncomingHttpHeaders>((resolve) => asked.once('trailers', resolve));
    asked.resume();
    expect((await trailers)['x-sum']).toBe('5');
    expect(seen!.trailers.get('X-Sum')).toBe('5');
    expect(Object.keys(fields).filter((name) => /hop|keep-alive|connection|kept/.test(name))).toEqual(['x-kept']);
  });

  test('a reader that stops holds the source of its stream, and no other', async () => {
    let made = 0;
    function* endless(): Iterable<Uint8Array> {
      for (;;) {
        made += 65_536;
        yield new Uint8Array(65_536);
      }
    }
    const port = await served(
      {},
      routes({ 'GET /': () => text('hello'), 'GET /endless': () => stream(pull(endless())) }),
    );
    const session = nodeClient(port);
    const slow = session.request({ ':path': '/endless' });
    slow.on('error', () => {});
    await new Promise((resolve) => slow.once('response', resolve));
    for (let n = 0; n < 20; n++) expect((await answerTo(session, { ':path': '/' })).content).toBe('hello');
    expect(made).toBeLessThan(1 << 20);
    slow.close(node.constants.NGHTTP2_CANCEL);
    slow.resume();
    await new Promise((resolve) => slow.once('close', resolve));
    session.destroy();
    await stopAll();
    while (heldGroups().length > 0) await new Promise(setImmediate);
  });

  test('what the client cancels is called off', async () => {
    let stopped = (): void => {};
    const over = new Promise<void>((resolve) => (stopped = resolve));
    const asked = new Subject<void>();
    const handler = () => {
      asked.next();
      return NEVER.pipe(finalize(stopped));
    };
    const session = nodeClient(await served({}, routes({ 'GET /': handler })));
    const wasAsked = firstValueFrom(asked);
    const stream = session.request({ ':path': '/' });
    await wasAsked;
    stream.close(node.constants.NGHTTP2_CANCEL);
    await over;
  });

  test('Response.upgrade is a stream that is a wire (RFC 8441)', async () => {
    const echo = (incoming: Observable<Uint8Array>) => incoming;
    const upgrading = (requests: Observable<Request>) =>
      requests.pipe(
        map(({ upgrade }) => new Response({ status: 101, headers: { 'X-Spoken': upgrade ?? '' }, upgrade: echo })),
      );
    const session = nodeClient(await serving(over(http2(), upgrading)));
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    const wire = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat' });
    const fields = await new Promise<node.IncomingHttpHeaders & node.IncomingHttpStatusHeader>((resolve) =>
      wire.once('response', resolve),
    );
    expect([fields[':status'], fields['x-spoken']]).toEqual([200, 'websocket']);
    wire.end('hello');
    const said = await new Promise((resolve) => wire.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    expect(said).toBe('hello');
    await new Promise((resolve) => wire.once('close', resolve));
  });
});

test('RFC 9110 section 9.3.6: a page is no tunnel, and is not given as one', async () => {
  const session = nodeClient(await served());
  await new Promise((resolve) => session.once('remoteSettings', resolve));
  const asked = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/' };
  expect(await answerTo(session, asked)).toMatchObject({ status: 501 });
});

test('RFC 9113 section 6.8: a server that stops says so (GOAWAY), finishes what goes on, and ends the connection', async () => {
  const stop = new Subject<void>();
  const answering = new Subject<Response>();
  const server = listen('tcp:0:interface=127.0.0.1');
  const handlers = routes({ 'GET /slow': () => answering.pipe(first()) });
  const reasons = new Promise<CloseReason[]>((resolve) => {
    server.pipe(takeUntil(stop), serve(over(http2(), handlers)), toArray()).subscribe(resolve);
  });
  const address = await firstValueFrom(server.address$);
  const session = nodeClient('port' in address ? address.port : 0);
  const told = new Promise<number>((resolve) => session.once('goaway', resolve));
  const over$ = new Promise((resolve) => session.once('close', resolve));
  const answered = answerTo(session, { ':path': '/slow' });
  await new Promise<void>((resolve) => {
    session.once('remoteSettings', () => session.ping(() => resolve()));
  });
  stop.next();
  expect(await told).toBe(node.constants.NGHTTP2_NO_ERROR);
  answering.next(text('finished'));
  expect(await answered).toMatchObject({ status: 200, content: 'finished' });
  await over$;
  expect(await reasons).toEqual([{ kind: 'done' }]);
});

describe('floods', () => {
  test('rapid reset (CVE-2023-44487): who cancels what it asks for, again and again, is cut off', async () => {
    let asked = 0;
    const refused: unknown[] = [];
    const handlers = routes({ 'GET /': () => (asked++, NEVER) });
    const port = await served({ http2: { maxCancelled: 50 }, refused: (error) => refused.push(error) }, handlers);
    const socket = connectTcp(port, '127.0.0.1');
    const over = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}).resume();
    socket.write(preface);
    socket.write(frame(types.settings, 0, 0));
    for (let id = 1; id < 2_000 && !socket.destroyed; id += 2) {
      socket.write(frame(types.headers, flags.endHeaders | flags.endStream, id, get));
      socket.write(frame(types.reset, 0, id, uint32(node.constants.NGHTTP2_CANCEL)));
      await new Promise(setImmediate);
    }
    await over;
    expect(asked).toBeLessThan(200);
    expect(refused.map((error) => (error as Error).name)).toContain('LimitExceeded');
  });

  test.each([
    ['settings', frame(types.settings, 0, 0), 20_000],
    [
      'continuations without an end (CVE-2024-27983)',
      frame(types.continuation, 0, 1, Array<number>(100).fill(0)),
      20_000,
    ],
  ])('%s: cut off, memory bounded', async (name, piece, times) => {
    const port = await served();
    const socket = connectTcp(port, '127.0.0.1');
    const over = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}).resume();
    socket.write(preface);
    socket.write(frame(types.settings, 0, 0));
    // A head that is not ended: its fields go on in the frames that follow.
    if (name.startsWith('continuations')) socket.write(frame(types.headers, 0, 1));
    for (let n = 0; n < times && !socket.destroyed; n++) socket.write(piece);
    await over;
  });
});

describe('our client, with node:http2', () => {
  async function nodeServer(
    answer: (stream: node.ServerHttp2Stream, headers: node.IncomingHttpHeaders) => void,
    settings = {},
  ) {
    const sessions = new Set<node.ServerHttp2Session>();
    const server = node.createServer({ settings });
    server.on('session', (session) => sessions.add(session.on('error', () => {})));
    server.on('stream', (stream, headers) =>
      answer(
        stream.on('error', () => {}),
        headers,
      ),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      for (const session of sessions) session.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sessions };
  }

  test('many at a time over one connection, as many as the server allows', async () => {
    let most = 0;
    let now = 0;
    const answer = (stream: node.ServerHttp2Stream): void => {
      most = Math.max(most, ++now);
      setImmediate(() => {
        now--;
        stream.respond({ ':status': 200 });
        stream.end('hi');
      });
    };
    const { origin, sessions } = await nodeServer(answer, { maxConcurrentStreams: 10 });
    const client = clientOf({ versions: [http2Client()], perOrigin: 1 });
    await (await client.get(origin)).text();
    const all = await Promise.all(Array.from({ length: 60 }, async () => (await client.get(origin)).text()));
    expect(all.every((said) => said === 'hi')).toBe(true);
    expect([sessions.size, most <= 10]).toEqual([1, true]);
  });

  test('a stream that was refused is asked for again, even a POST (RFC 9113 section 8.7)', async () => {
    let asked = 0;
    const { origin } = await nodeServer((stream) => {
      if (asked++ === 0) stream.close(node.constants.NGHTTP2_REFUSED_STREAM);
      else {
        stream.respond({ ':status': 200 });
        stream.end('hi');
      }
    });
    expect(await (await clientOf().post(origin, { body: 'x' })).text()).toBe('hi');
    expect(asked).toBe(2);
  });

  test('a POST that was reset for another reason is not', async () => {
    let asked = 0;
    const { origin } = await nodeServer((stream) => (asked++, stream.close(node.constants.NGHTTP2_INTERNAL_ERROR)));
    const failure = await clientOf()
      .post(origin, { body: 'x' })
      .addErrback((error) => error as unknown);
    expect(failure).toBeInstanceOf(RequestFailed);
    expect(failure).toMatchObject({ sent: true });
    expect(asked).toBe(1);
  });

  test('a body that is reset is no end', async () => {
    const response = await clientOf().get(`http://127.0.0.1:${await served()}/broken`);
    await expect(response.text()).rejects.toMatchObject({ name: 'ConnectionLost' });
  });

  test('calling one off leaves the others', async () => {
    const gate = new Subject<void>();
    const { origin, sessions } = await nodeServer((stream, headers) => {
      if (headers[':path'] === '/never') gate.next();
      else {
        stream.respond({ ':status': 200 });
        stream.end('hi');
      }
    });
    const client = clientOf();
    const asked = firstValueFrom(gate);
    const never = client.get(`${origin}/never`);
    never.addErrback(() => {});
    await asked;
    never.cancel();
    expect(await (await client.get(origin)).text()).toBe('hi');
    expect(sessions.size).toBe(1);
  });
});

withPeers('nghttpd')('our client, with nghttpd', () => {
  test('pages, and content that is sent', async () => {
    const port = await freePort();
    const page = file('page.txt', 'x'.repeat(300_000));
    daemon('nghttpd', '--no-tls', '-a', '127.0.0.1', '-d', page.replace(/\/[^/]*$/, ''), String(port));
    await listening(port);
    const client = clientOf();
    const pages = Array.from({ length: 10 }, async () =>
      (await client.get(`http://127.0.0.1:${port}/page.txt`)).text(),
    );
    expect((await Promise.all(pages)).every((said) => said.length === 300_000)).toBe(true);
    const none = await client.get(`http://127.0.0.1:${port}/none`);
    expect([none.status, (await none.text()).length > 0]).toEqual([404, true]);
  });
});
