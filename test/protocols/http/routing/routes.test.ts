/** Which route answers which request, and what is said where there is none. */
import { of } from 'rxjs';
import { utf8 } from 'ropewalk';
import { html, HttpError, Request, Response, routes, text, type RequestInit, type Site } from 'ropewalk/http';

const ask = (site: Site, asked: string, init: RequestInit = {}): Response => {
  const [method, target] = asked.split(' ');
  return site(new Request({ method, target, ...init })) as Response;
};
const said = (site: Site, asked: string): string => {
  const { status, content } = ask(site, asked);
  return status === 200 ? utf8(content!) : String(status);
};

describe('the most specific route answers, whatever order they are written in', () => {
  const table = {
    'GET /': () => text('root'),
    'GET /users/me': () => text('me'),
    'GET /users/:id': ({ params }: Request<{ id: string }>) => text(`user ${params.id}`),
    'GET /users/:id/posts': ({ params }: Request<{ id: string }>) => text(`posts of ${params.id}`),
    'GET /users/me/*': ({ rest }: Request) => text(`mine ${rest}`),
    'GET /users/*path': ({ params, rest }: Request<{ path: string }>) => text(`path ${params.path} ${rest}`),
    'POST /users/me': () => text('posted'),
    '/users/any': ({ method }: Request) => text(`any ${method}`),
  };
  const reversed = Object.fromEntries(Object.entries(table).toReversed()) as typeof table;

  test.each([
    ['GET /', 'root'],
    ['GET /users/me', 'me'],
    ['POST /users/me', 'posted'],
    ['GET /users/7', 'user 7'],
    ['GET /users/7/posts', 'posts of 7'],
    // The first part that differs decides: `me` is text there.
    ['GET /users/me/posts', 'mine /posts'],
    ['GET /users/7/other', 'path 7/other /7/other'],
    ['GET /users/', 'path  /'],
    ['GET /users/7/a%20b/', 'path 7/a b/ /7/a%20b/'],
    ['PURGE /users/any', 'any PURGE'],
    ['HEAD /users/any', 'any HEAD'],
    ['GET /nothing', '404'],
    ['GET /users/7?q=/x', 'user 7'],
  ])('%s gives %s', (asked, answer) => {
    expect(said(routes(table), asked)).toBe(answer);
    expect(said(routes(reversed), asked)).toBe(answer);
  });

  test('a route of another method does not stand in the way of a less specific one', () => {
    const site = routes({ 'POST /a/b': () => text('posted'), 'GET /a/:x': ({ params }) => text(params.x) });
    expect(said(site, 'GET /a/b')).toBe('b');
    expect(ask(site, 'PUT /a/b').headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
  });

  test.each([
    ['GET /a/:x', 'GET /a/:y'],
    ['/a/*x', '/a/*y'],
    ['GET /a%62', 'GET /ab'],
  ])('%s and %s are ambiguous, and refused when the site is made', (one, other) => {
    const answer = () => text('');
    expect(() => routes({ [one]: answer, [other]: answer })).toThrow(`the routes '${one}' and '${other}' are the same`);
  });

  test.each([
    ['GET', 'a path that begins with /'],
    ['GET users', 'a path that begins with /'],
    ['G(T /', 'a method'],
    ['/a//b', 'something between two slashes'],
    ['/*x/b', 'nothing behind *x'],
    ['/:', 'a name'],
    ['/:a-b', 'a name'],
    ['/:a/:a', 'each name once'],
  ])('%s is no route', (route, expected) => {
    expect(() => routes({ [route]: () => text('') })).toThrow(expected);
  });
});

describe('what has no route', () => {
  const site = routes({
    'GET /a': () => text('a', { headers: { 'X-A': '1' } }),
    'DELETE /a': () => text(''),
    'POST /b/': () => text('b'),
    'GET /c/:x/': ({ params }) => text(params.x),
    'GET /files/*path': ({ params }) => text(params.path),
  });

  test('RFC 9110 section 15.5.6: a method that the path has not is 405 with Allow', () => {
    const refused = ask(site, 'POST /a');
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS');
    expect(refused.cause).toBeInstanceOf(HttpError);
  });

  test('RFC 8441 section 4: what opens a WebSocket in HTTP/2 is answered by the route of GET; a tunnel to somewhere is not', () => {
    const opening = (upgrade?: string) =>
      routes({ 'GET /ws': ({ method }) => text(method) })(new Request({ method: 'CONNECT', target: '/ws', upgrade }));
    expect(utf8((opening('websocket') as Response).content!)).toBe('CONNECT');
    expect((opening() as Response).status).toBe(405);
  });

  test('RFC 9110 section 9.3.2: HEAD is answered by the route of GET, which knows', () => {
    expect(ask(site, 'HEAD /a').headers.get('x-a')).toBe('1');
    expect(said(routes({ 'GET /': ({ method }) => text(method) }), 'HEAD /')).toBe('HEAD');
    expect(said(routes({ 'GET /': () => text('get'), 'HEAD /': () => text('head') }), 'HEAD /')).toBe('head');
  });

  test('RFC 9110 section 9.3.7: OPTIONS is answered with what is allowed, there and for `*`', () => {
    expect(ask(site, 'OPTIONS /a')).toMatchObject({ status: 204 });
    expect(ask(site, 'OPTIONS /a').headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS');
    expect(ask(site, 'OPTIONS *').headers.get('allow')).toBe('DELETE, GET, HEAD, OPTIONS, POST');
    expect(ask(site, 'OPTIONS /nowhere').status).toBe(404);
    expect(said(routes({ 'OPTIONS /': () => text('mine') }), 'OPTIONS /')).toBe('mine');
  });

  test('RFC 3986 section 2.1: percent signs that make no UTF-8 are 400', () => {
    for (const path of ['/%', '/%zz', '/files/%ff', '/files/%C3%28']) expect(said(site, `GET ${path}`)).toBe('400');
  });

  test('where only the path with a slash at its end has a route, or only the one without, 308 leads there', () => {
    const to = (asked: string) => {
      const { status, headers } = ask(site, asked);
      const [, target] = asked.split(' ');
      return status === 308 ? String(new URL(headers.get('location')!, `http://a/prefix${target}`)) : status;
    };
    expect(to('GET /a/?q=1')).toBe('http://a/prefix/a?q=1');
    expect(to('POST /b')).toBe('http://a/prefix/b/');
    expect(to('GET /c/x:y')).toBe('http://a/prefix/c/x:y/');
    expect(to('GET /files')).toBe('http://a/prefix/files/');
    expect(to('GET /d/')).toBe(404);
    expect(to('PUT /a/')).toBe(404);
  });

  test('nobody is led to another host by two slashes', () => {
    const wide = routes({ 'GET /:a/:b/': () => text('') });
    expect(ask(wide, 'GET //evil.example').status).toBe(404);
    expect(ask(site, 'GET //evil.example/').status).toBe(404);
    expect(ask(site, 'GET //').status).toBe(404);
  });

  test('a target that is no path is 404', () => {
    expect(said(site, 'CONNECT a:443')).toBe('404');
    expect(said(site, 'GET *')).toBe('404');
  });
});

describe('routes behind routes', () => {
  const api = routes({
    'GET /:kind': ({ params, path, rest }) => text(JSON.stringify([params, path, rest])),
    'POST /:kind': () => text('made'),
  });
  const site = routes({ '/api/:version/*': api, 'GET /api/:version/users/me': () => text('me') });

  test('see what is left of the path, and the names of those in front', () => {
    expect(said(site, 'GET /api/v1/users')).toBe('[{"version":"v1","kind":"users"},"/api/v1/users","/users"]');
    expect(said(site, 'GET /api/v1/users/me')).toBe('me');
  });

  test('answer for their own methods and paths', () => {
    expect(ask(site, 'PUT /api/v1/users').headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    expect(ask(site, 'OPTIONS /api/v1/users').headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    expect(said(site, 'GET /api/v1/a/b')).toBe('404');
    expect(ask(site, 'GET /api/v1/users/').headers.get('location')).toBe('../users');
    expect(said(site, 'GET /api/v1/%ff')).toBe('400');
  });
});

describe('errors are told as the client prefers (RFC 9110 section 12.5.1), and nothing inside is', () => {
  const site = routes({
    'GET /secret': () => {
      throw new Error('the password is 1234');
    },
    'GET /later': () => Promise.reject(new Error('the password is 1234')),
    'GET /none': () => undefined as unknown as Response,
    'GET /nothing': () => of<Response>(),
    'GET /teapot': () => {
      throw new HttpError(418, '<short & stout>', { headers: { 'Retry-After': 5 } });
    },
  });
  const asked = (path: string, accept?: string) => ask(site, `GET ${path}`, { headers: { accept } });

  test.each([
    [undefined, 'text/plain; charset=utf-8', '418: <short & stout>\n'],
    ['*/*', 'text/plain; charset=utf-8', '418: <short & stout>\n'],
    ['text/html,application/xml;q=0.9,*/*;q=0.8', 'text/html; charset=utf-8', '&#60;short &#38; stout&#62;'],
    ['application/json', 'application/problem+json', '"detail":"<short & stout>"'],
    ['application/problem+json, text/html;q=0.5', 'application/problem+json', '"status":418'],
    ['text/plain;q=0, text/html;q=0.1', 'text/html; charset=utf-8', '418'],
    ['image/png', 'text/plain; charset=utf-8', '418'],
  ])('Accept %s', (accept, type, content) => {
    const { status, headers, content: page } = asked('/teapot', accept);
    expect(status).toBe(418);
    expect(headers.get('content-type')).toBe(type);
    expect(utf8(page!)).toContain(content);
    expect(headers.get('vary')).toBe('Accept');
    expect(headers.get('retry-after')).toBe('5');
  });

  test('RFC 9457 section 3: a problem has a title, a status and, if there is more to say, a detail', async () => {
    expect(JSON.parse(utf8(asked('/x', 'application/json').content!))).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
    });
  });

  test.each(['text/html', 'application/json', 'text/plain'])('%s says no word of an error of the program', (accept) => {
    const response = asked('/secret', accept);
    expect(response.status).toBe(500);
    expect(utf8(response.content!)).not.toContain('1234');
    expect([...response.headers].join()).not.toContain('1234');
    expect(response.cause).toMatchObject({ message: 'the password is 1234' });
  });

  test('a promise that fails is one, and so is what is no response', async () => {
    expect(await site(new Request({ target: '/later' }))).toMatchObject({ status: 500 });
    expect(await site(new Request({ target: '/nothing' }))).toMatchObject({ status: 500 });
    expect(asked('/none').cause).toMatchObject({
      message: 'a handler gives a Response, not a value of type undefined',
    });
  });

  test('a page is a page', () => {
    expect(utf8(asked('/x', 'text/html').content!)).toMatch(/^<!doctype html>[^]*<h1>Not Found<\/h1>/);
    expect(html('').status).toBe(200);
  });
});
