/** A reverse proxy and a forward proxy, in memory. */
import { map, of, Subject, tap, throwError, type Observable } from 'rxjs';
import {
  bytes,
  ConnectionRefused,
  ConnectPermissionDenied,
  ConnectTimeout,
  Deferred,
  over,
  serve,
  utf8,
  type Bytes,
  type Connection,
} from 'ropewalk';
import {
  compose,
  forwardProxy,
  http,
  httpConnection,
  json,
  Request,
  Response,
  reverseProxy,
  routes,
  stream,
  text,
  type Site,
} from 'ropewalk/http';
import { memory } from 'ropewalk/memory';

/** A client of a site in memory. */
async function clientOf(site: Site, world = memory()) {
  const closed = new Subject<void>();
  const serving = world
    .listen('memory:proxy')
    .pipe(serve(over(http(), site)))
    .subscribe();
  const connection = await world.dial('memory:proxy');
  return {
    connection,
    send: (init: ConstructorParameters<typeof Request>[0]) =>
      httpConnection(connection).send(new Request({ authority: 'proxy', ...init })),
    stop: () => (serving.unsubscribe(), closed.next()),
  };
}

const told = (request: Request) =>
  json({
    method: request.method,
    target: request.target,
    headers: Object.fromEntries([...request.headers].map(([n, v]) => [n.toLowerCase(), v])),
  });

describe('reverseProxy (RFC 9110 section 7.6)', () => {
  const origin = routes({
    '/told/*': told,
    'POST /echo': ({ body }) => stream(body),
    'GET /hop': () => text('', { headers: { Connection: 'X-Mine', 'X-Mine': '1', 'X-End': '2', Via: '1.0 inner' } }),
    'GET /up': ({ upgrade }) =>
      new Response({
        status: 101,
        headers: { Connection: 'Upgrade', Upgrade: upgrade },
        upgrade: map((chunk: Bytes) => bytes(utf8(chunk).toUpperCase())),
      }),
  });

  async function behind(options: Partial<Parameters<typeof reverseProxy>[0]> = {}) {
    const world = memory();
    const serving = world
      .listen('memory:origin')
      .pipe(serve(over(http(), origin)))
      .subscribe();
    const ends: string[] = [];
    const connect = (): Observable<Connection> =>
      world
        .connect('memory:origin')
        .pipe(tap((opened) => void opened.closed.addCallback(({ kind }) => ends.push(kind))));
    const site = routes({
      '/*': reverseProxy({ connect, ...options }),
      '/app/*': reverseProxy({ connect, strip: true }),
    });
    const client = await clientOf(site, world);
    return { ...client, ends, stop: () => (client.stop(), serving.unsubscribe()) };
  }

  test('passes on what is end to end, and says who asked', async () => {
    const { send, stop } = await behind();
    const headers = {
      'X-End': '2',
      TE: 'trailers',
      Forwarded: 'for=liar',
      'X-Forwarded-For': 'liar',
    };
    const response = await send({ target: '/told/a%20b?q=1', headers });
    const { target, headers: got } = await response.json<{ target: string; headers: Record<string, string> }>();
    expect(target).toBe('/told/a%20b?q=1');
    expect(got).toMatchObject({
      host: 'proxy',
      'x-end': '2',
      via: '1.1 ropewalk',
      forwarded: 'for=unknown;host="proxy";proto=http',
      'x-forwarded-for': 'unknown',
      'x-forwarded-host': 'proxy',
      'x-forwarded-proto': 'http',
    });
    for (const name of ['te', 'keep-alive']) expect(got).not.toHaveProperty(name);
    expect(response.headers.get('via')).toBe('1.1 ropewalk');
    stop();
  });

  test('believes proxies that are trusted, keeps another Host, leaves out the path in front', async () => {
    const { send, stop } = await behind({ trusted: true, host: 'inner.example' });
    const headers = { Forwarded: 'for=1.2.3.4', 'X-Forwarded-For': '1.2.3.4', 'X-Forwarded-Proto': 'https' };
    const { headers: got } = await (
      await send({ target: '/told/', headers })
    ).json<{ headers: Record<string, string> }>();
    expect(got).toMatchObject({
      host: 'inner.example',
      forwarded: 'for=1.2.3.4, for=unknown;host="proxy";proto=http',
      'x-forwarded-for': '1.2.3.4, unknown',
      'x-forwarded-proto': 'https',
    });
    stop();
    const other = await behind();
    expect(await (await other.send({ target: '/app/told/x?q=1' })).json()).toMatchObject({ target: '/told/x?q=1' });
    other.stop();
  });

  test('bodies stream both ways, and the connection is let go of', async () => {
    const { send, stop, ends } = await behind();
    const response = await send({ method: 'POST', target: '/echo', body: of(bytes('one '), bytes('two')) });
    expect(await response.text()).toBe('one two');
    for (let turn = 0; turn < 100 && ends.length === 0; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(ends).toEqual(['done']);
    stop();
  });

  test('section 7.6.1: what Connection names goes no further, either way', () => {
    const headers = { Connection: 'X-Mine, close', 'X-Mine': '1', 'Keep-Alive': '5', 'X-End': '2', Via: '1.0 inner' };
    const seen: string[] = [];
    const send = (request: Request) => (
      seen.push(...[...request.headers].map(([name]) => name)),
      text('', { headers })
    );
    const answer = compose()(reverseProxy({ send }))(new Request({ headers })) as Response;
    expect(seen).toEqual(expect.arrayContaining(['X-End', 'Via']));
    for (const name of ['Connection', 'X-Mine', 'Keep-Alive']) {
      expect(seen).not.toContain(name);
      expect(answer.headers.has(name)).toBe(false);
    }
    expect(answer.headers.get('x-end')).toBe('2');
    expect(answer.headers.get('via')).toBe('1.0 inner, 1.1 ropewalk');
  });

  test('section 7.8: an upgrade becomes a wire', async () => {
    const { send, stop, connection } = await behind();
    const response = await send({
      target: '/up',
      headers: { Connection: 'Upgrade', Upgrade: 'shout' },
      upgrade: 'shout',
    });
    expect(response.status).toBe(101);
    expect(response.headers.get('upgrade')).toBe('shout');
    const heard = new Promise((resolve) =>
      connection.subscribe({ next: (chunk) => resolve(utf8(chunk)), error: () => {} }),
    );
    connection.next(bytes('hello'));
    expect(await heard).toBe('HELLO');
    stop();
  });

  test.each([
    [new ConnectionRefused('nobody'), 502],
    [new ConnectTimeout('late'), 504],
    [new Error('whatever'), 502],
  ])('%s is an HttpError that says nothing inside', async (error, status) => {
    const site = compose()(reverseProxy({ connect: () => throwError(() => error) }));
    const response = await (site(new Request()) as Deferred<Response>);
    expect(response).toMatchObject({ status, cause: { cause: error } });
    expect(utf8(response.content!)).not.toContain(error.message);
  });

  test('cancelling stops dialling; a client of ours may ask instead', async () => {
    const dialled = new Subject<Connection>();
    const waiting = compose()(reverseProxy({ connect: () => dialled }))(new Request()) as Deferred<Response>;
    expect(dialled.observed).toBe(true);
    waiting.cancel();
    expect(dialled.observed).toBe(false);
    const site = compose()(reverseProxy({ send: ({ headers }) => text(headers.get('via')!), pseudonym: 'me' }));
    expect(utf8((site(new Request()) as Response).content!)).toBe('1.1 me');
    expect(() => reverseProxy({})).toThrow(TypeError);
  });
});

describe('forwardProxy', () => {
  async function proxy() {
    const world = memory();
    const asked: unknown[] = [];
    const serving = world
      .listen('memory:origin')
      .pipe(serve(over(http(), routes({ '/*': told }))))
      .subscribe();
    const site = compose()(
      forwardProxy({
        connect(destination) {
          asked.push(destination);
          if (destination.host === 'forbidden') throw new ConnectPermissionDenied('no');
          return world.connect(`memory:${destination.host}`);
        },
      }),
    );
    const client = await clientOf(site, world);
    return { ...client, asked, stop: () => (client.stop(), serving.unsubscribe()) };
  }

  test('section 9.3.6: CONNECT becomes a wire to there', async () => {
    const { send, connection, asked, stop } = await proxy();
    const response = await send({ method: 'CONNECT', target: 'origin:443', authority: 'origin:443' });
    expect(response.status).toBe(200);
    expect(asked).toEqual([{ host: 'origin', port: 443 }]);
    const through = await httpConnection(connection).send(new Request({ authority: 'origin', target: '/x' }));
    expect(await through.json()).toMatchObject({ method: 'GET', target: '/x' });
    stop();
  });

  test('RFC 9112 section 3.2.2: a whole URL is asked there', async () => {
    const { connection, stop, asked } = await proxy();
    const heard = new Promise<string>((resolve) => {
      let all = '';
      connection.subscribe({
        next(chunk) {
          all += utf8(chunk);
          if (all.includes('}}')) resolve(all);
        },
        error: () => {},
      });
    });
    connection.next(
      bytes('GET http://origin:8080/x?q=1 HTTP/1.1\r\nHost: origin:8080\r\nProxy-Connection: keep-alive\r\n\r\n'),
    );
    const answer = await heard;
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).toContain('Via: 1.1 ropewalk');
    expect(answer).toContain('"target":"/x?q=1"');
    expect(answer).not.toContain('proxy-connection');
    expect(asked).toEqual([{ host: 'origin', port: 8080 }]);
    stop();
  });

  test.each([
    ['nobody:80', 502],
    ['forbidden:80', 403],
    ['origin', 400],
    ['origin:0', 400],
    ['a@b:80', 400],
  ])('CONNECT %s is %d', async (target, status) => {
    const { stop } = await proxy();
    const world = memory();
    const site = compose()(
      forwardProxy({
        connect: ({ host }) =>
          host === 'forbidden' ? throwError(() => new ConnectPermissionDenied('no')) : world.connect(`memory:${host}`),
      }),
    );
    expect(await (site(new Request({ method: 'CONNECT', target })) as Deferred<Response>)).toMatchObject({ status });
    stop();
  });
});
