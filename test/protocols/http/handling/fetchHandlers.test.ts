/** Handlers of the Fetch standard, both ways: Hono served by us, our site asked by its requests. */
import { Hono } from 'hono';
import { stream as honoStream } from 'hono/streaming';
import { NEVER, of, Subject } from 'rxjs';
import { bytes, Deferred, utf8, type Bytes } from 'ropewalk';
import {
  empty,
  fromFetchHandler,
  redirect,
  Request,
  Response,
  routes,
  stream,
  text,
  toFetchHandler,
} from 'ropewalk/http';

const ask = (site: ReturnType<typeof fromFetchHandler>, init: ConstructorParameters<typeof Request>[0]) =>
  site(new Request({ authority: 'a.example', ...init })) as Deferred<Response>;

describe('Hono, served by us', () => {
  const app = new Hono()
    .get('/hello/:name', (c) => c.text(`hello ${c.req.param('name')} at ${c.req.url}`))
    .post('/echo', async (c) => c.body(await c.req.text(), 201, { 'X-Kind': c.req.header('x-kind') ?? '' }))
    .get('/cookies', (c) => {
      c.header('Set-Cookie', 'a=1');
      c.header('Set-Cookie', 'b=2', { append: true });
      return c.body(null, 204);
    })
    .get('/stream', (c) =>
      honoStream(c, async (out) => {
        await out.write('one ');
        await out.write('two');
      }),
    )
    .get('/fails', () => {
      throw new Error('secret');
    });
  app.onError((_, c) => c.text('theirs', 500));
  const site = fromFetchHandler(app.fetch);

  test('knows path, method, fields and body; a body that streams, too', async () => {
    expect(await (await ask(site, { target: '/hello/you?x=1' })).text()).toBe(
      'hello you at http://a.example/hello/you?x=1',
    );
    const echoed = await ask(site, {
      method: 'POST',
      target: '/echo',
      headers: { 'X-Kind': 'k' },
      body: of(bytes('a'), bytes('b')),
    });
    expect(echoed.status).toBe(201);
    expect(echoed.headers.get('x-kind')).toBe('k');
    expect(await echoed.text()).toBe('ab');
    expect(await (await ask(site, { method: 'POST', target: '/echo', body: 'whole' })).text()).toBe('whole');
  });

  test('answers as it does: streams, several cookies, no content, errors of its own', async () => {
    expect(await (await ask(site, { target: '/stream' })).text()).toBe('one two');
    const cookies = await ask(site, { target: '/cookies' });
    expect(cookies.status).toBe(204);
    expect(cookies.headers.all('set-cookie')).toEqual(['a=1', 'b=2']);
    expect(await (await ask(site, { target: '/fails' })).text()).toBe('theirs');
    expect(await ask(site, { target: '/none' })).toMatchObject({ status: 404 });
  });

  test('stands behind a route of ours', async () => {
    const both = routes({ 'GET /ours': () => text('ours'), '/*': site });
    expect(utf8((both(new Request({ target: '/ours' })) as Response).content!)).toBe('ours');
    expect(await (await ask(both, { target: '/hello/x' })).text()).toContain('hello x');
  });
});

describe('fromFetchHandler', () => {
  test('aborts the signal when the client leaves, before the answer and in the middle of it', () => {
    const signals: AbortSignal[] = [];
    const waiting = ask(
      fromFetchHandler(({ signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      }),
      {},
    );
    waiting.cancel();
    expect(signals[0].aborted).toBe(true);
  });

  test('a body that is left in the middle aborts it as well, one that has ended does not', async () => {
    const signals: AbortSignal[] = [];
    const site = fromFetchHandler(({ signal, url }) => {
      signals.push(signal);
      return new globalThis.Response(url.endsWith('/whole') ? 'whole' : new ReadableStream());
    });
    (await ask(site, {})).body.subscribe().unsubscribe();
    await (await ask(site, { target: '/whole' })).text();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  test('what the standard has not is 501, and what fails 500', async () => {
    const site = fromFetchHandler(() => Promise.reject(new Error('secret')));
    expect(await ask(site, { method: 'TRACE' })).toMatchObject({ status: 501 });
    expect(await ask(site, {})).toMatchObject({ status: 500 });
  });
});

describe('toFetchHandler', () => {
  const bodies = new Subject<Bytes>();
  const cancelled: string[] = [];
  const handle = toFetchHandler(
    routes({
      'GET /hello/:name': ({ params, query, authority }) => text(`${params.name} ${query.get('q')} ${authority}`),
      'POST /upload': (request) => request.text().addCallback((content) => text(content)),
      'GET /stream': () => stream(bodies),
      'GET /empty': () => empty(),
      'GET /there': () => redirect('/here'),
      'GET /cookies': () => text('', { headers: { 'Set-Cookie': ['a=1', 'b=2'] } }),
      'GET /never': () => new Deferred<Response>({ canceller: () => cancelled.push('never') }),
      'GET /upgrade': () => new Response({ status: 101, upgrade: () => NEVER }),
    }),
  );
  const asked = (path: string, init?: globalThis.RequestInit) =>
    handle(new globalThis.Request(`http://a.example${path}`, init));

  test('answers, with everything', async () => {
    expect(await (await asked('/hello/%C3%B6?q=1')).text()).toBe('ö 1 a.example');
    expect(await (await asked('/upload', { method: 'POST', body: 'sent' })).text()).toBe('sent');
    expect((await asked('/empty')).status).toBe(204);
    expect((await asked('/there')).headers.get('location')).toBe('/here');
    expect((await asked('/cookies')).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect((await asked('/none')).status).toBe(404);
    expect((await asked('/upgrade')).status).toBe(501);
    const head = await asked('/hello/x', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('a body streams, and is left when it is cancelled', async () => {
    const reader = (await asked('/stream')).body!.getReader();
    const read = reader.read();
    bodies.next(bytes('one'));
    expect(utf8((await read).value!)).toBe('one');
    await reader.cancel();
    expect(bodies.observed).toBe(false);
  });

  test('aborting cancels the work', async () => {
    const aborting = new AbortController();
    const waiting = asked('/never', { signal: aborting.signal });
    aborting.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(cancelled).toEqual(['never']);
  });

  test('is mounted in Hono', async () => {
    const app = new Hono().all('/*', (c) => handle(c.req.raw));
    expect(await (await app.request('http://a.example/hello/x?q=2')).text()).toBe('x 2 a.example');
  });
});
