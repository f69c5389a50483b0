/** Cookies, as a server reads and sets them (RFC 6265). */
import { cookie, cookies, Request, type CookieOptions } from 'ropewalk/http';

const read = (...lines: string[]) => [...cookies(new Request({ headers: { Cookie: lines } }))];

test('RFC 6265 section 4.2.1: name and value, in the order of the field; the first of a name counts', () => {
  expect(read('SID=31d4d96e407aad42; lang=en-US')).toEqual([
    ['SID', '31d4d96e407aad42'],
    ['lang', 'en-US'],
  ]);
  expect(read('a=1; a=2', 'a=3; b=4')).toEqual([
    ['a', '1'],
    ['b', '4'],
  ]);
  expect(read('a="1"; b=x=y; c=; d; =e;; f = g ')).toEqual([
    ['a', '1'],
    ['b', 'x=y'],
    ['c', ''],
    ['f', 'g'],
  ]);
  expect([...cookies(new Request())]).toEqual([]);
  expect(read('__proto__=1')).toEqual([['__proto__', '1']]);
});

test.each<[string, CookieOptions, string]>([
  ['careful unless told otherwise', {}, 'a=1; Path=/; HttpOnly; SameSite=Lax'],
  [
    'with everything (section 4.1.1)',
    {
      maxAge: 60,
      expires: new Date(784111777000),
      domain: 'example.org',
      path: '/x',
      secure: true,
      httpOnly: false,
      sameSite: 'strict',
      partitioned: true,
    },
    'a=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=60; Domain=example.org; Path=/x; Secure; SameSite=Strict; Partitioned',
  ],
  ['taken away', { maxAge: 0 }, 'a=1; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'],
  ['for other sites', { sameSite: 'none', secure: true }, 'a=1; Path=/; Secure; HttpOnly; SameSite=None'],
])('a cookie is %s', (_, options, line) => {
  expect(cookie('a', '1', options)).toBe(line);
});

test.each<[string, string, string, CookieOptions]>([
  ['a name with a blank', 'a b', '1', {}],
  ['no name', '', '1', {}],
  ['a value with a semicolon', 'a', '1;Path=/x', {}],
  ['a value with a line end', 'a', '1\r\nX: y', {}],
  ['a value that is not ASCII', 'a', 'ö', {}],
  ['a path with a semicolon', 'a', '1', { path: '/;Domain=x' }],
  ['a path without a slash', 'a', '1', { path: 'x' }],
  ['a domain with a blank', 'a', '1', { domain: 'a b' }],
  ['half a second', 'a', '1', { maxAge: 0.5 }],
  ['no date', 'a', '1', { expires: new Date(Number.NaN) }],
  ['SameSite=None without Secure (RFC 6265bis)', 'a', '1', { sameSite: 'none' }],
  ['Partitioned without Secure', 'a', '1', { partitioned: true }],
  ['__Secure- without Secure', '__Secure-a', '1', {}],
  ['__Host- with a path', '__Host-a', '1', { secure: true, path: '/x' }],
  ['__host- with a domain', '__host-a', '1', { secure: true, domain: 'a.example' }],
])('%s is an error of this side', (_, name, value, options) => {
  expect(() => cookie(name, value, options)).toThrow(expect.objectContaining({ name: 'ProtocolError', side: 'local' }));
});
