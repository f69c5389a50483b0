/** Following redirects (RFC 9110 section 15.4; the Fetch standard, HTTP-redirect fetch). */
import { NEVER } from 'rxjs';
import { RedirectRefused, Request, Response, type FieldsInit } from 'ropewalk/http';
import { redirected, redirects } from '../../../../protocols/http/client/redirects.ts';

const to = (status: number, location = '/there'): Response => new Response({ status, headers: { Location: location } });
const request = (method: string, headers: FieldsInit = {}, body: string | undefined = undefined): Request =>
  Request.to('http://a.test/here/x?q', { method, headers, body });

test.each([301, 302, 303, 307, 308])('%i with a Location redirects', (status) => {
  expect(redirects(to(status))).toBe(true);
  expect(redirects(new Response({ status }))).toBe(false);
});

test.each([200, 201, 300, 304, 305, 306, 400])('%i does not', (status) => {
  expect(redirects(to(status))).toBe(false);
});

describe('the method (sections 15.4.2 to 15.4.9)', () => {
  test.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'DELETE', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'PUT', 'PUT'],
    [302, 'DELETE', 'DELETE'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'GET', 'GET'],
  ])('%i makes of %s a %s', (status, method, next) => {
    expect(redirected(request(method), to(status)).method).toBe(next);
  });

  test('content that is not sent again takes along what was said of it', async () => {
    const fields = { 'Content-Type': 'text/plain', 'content-language': 'en', Accept: '*/*' };
    const next = redirected(request('POST', fields, 'hello'), to(302));
    expect(String(next.headers)).toBe('Accept: */*\r\n');
    expect(await next.text()).toBe('');
  });

  test('content that is sent again is the same', async () => {
    const next = redirected(request('POST', { 'Content-Type': 'text/plain' }, 'hello'), to(307));
    expect(String(next.headers)).toBe('Content-Type: text/plain\r\n');
    expect(await next.text()).toBe('hello');
  });

  test('a stream cannot be sent again, but may be forgotten', () => {
    const streaming = Request.to('http://a.test/', { method: 'POST', body: NEVER });
    expect(() => redirected(streaming, to(307))).toThrow(RedirectRefused);
    expect(redirected(streaming, to(303)).streamed).toBe(false);
  });
});

describe('the place (section 10.2.2)', () => {
  test.each([
    ['/there', 'http', 'a.test', '/there'],
    ['there?x', 'http', 'a.test', '/here/there?x'],
    ['?y', 'http', 'a.test', '/here/x?y'],
    ['//b.test:81/', 'http', 'b.test:81', '/'],
    ['https://b.test', 'https', 'b.test', '/'],
    ['http://a.test/#part', 'http', 'a.test', '/'],
    ['/ä b', 'http', 'a.test', '/%C3%A4%20b'],
  ])('%s', (location, scheme, authority, target) => {
    // Bytes above 127 come as they are; how a program writes them is another matter.
    const response = { status: 302, headers: { get: () => location } } as unknown as Response;
    expect(redirected(request('GET'), response)).toMatchObject({ scheme, authority, target });
  });

  test.each(['http://', 'ftp://a.test/', 'file:///etc/passwd', 'javascript:alert(1)', 'data:,x'])(
    '%s is none that is gone to',
    (location) => {
      expect(() => redirected(request('GET'), to(302, location))).toThrow(RedirectRefused);
    },
  );
});

describe('what stands for somebody goes to no other origin', () => {
  const secrets = {
    Authorization: 'Basic x',
    Cookie: 'a=1',
    Host: 'a.test',
    'Proxy-Authorization': 'y',
    Accept: '*/*',
  };

  test.each(['http://b.test/', 'https://a.test/', 'http://a.test:81/'])('%s is another', (location) => {
    expect(String(redirected(request('GET', secrets), to(302, location)).headers)).toBe('Accept: */*\r\n');
  });

  test('the same origin has it again', () => {
    expect(redirected(request('GET', secrets), to(302, 'http://a.test:80/x')).headers.size).toBe(5);
  });
});
