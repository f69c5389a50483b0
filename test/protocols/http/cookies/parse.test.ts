/** The text of cookies (RFC 6265 section 5.2), and dates as people write them (section 5.1.1). */
import { parseCookieDate, parseSetCookie } from '../../../../protocols/http/cookies/parse.ts';

describe('Set-Cookie (section 5.2)', () => {
  test('everything that may be said', () => {
    const text =
      ' a = b=c ; EXPIRES=Sun, 06 Nov 1994 08:49:37 GMT;max-age=60; Domain=.Example.ORG; Path=/x; Secure; HttpOnly; SameSite=Lax';
    expect(parseSetCookie(text)).toEqual({
      name: 'a',
      value: 'b=c',
      expires: Date.UTC(1994, 10, 6, 8, 49, 37),
      maxAge: 60,
      domain: 'example.org',
      path: '/x',
      secure: true,
      httpOnly: true,
    });
  });

  test('the last of several attributes counts; what makes no sense is ignored', () => {
    expect(parseSetCookie('a=; Max-Age=1; Max-Age=2; Max-Age=2s; Expires=some day; Domain=; Path=x; ; What=')).toEqual({
      name: 'a',
      value: '',
      maxAge: 2,
      secure: false,
      httpOnly: false,
    });
  });
});

describe('what its successor makes stricter (RFC 6265bis section 5.6)', () => {
  test.each([
    [
      'only blanks and tabs are trimmed',
      '\t a\u00a0=\u00a0b\t; Path=/x\u00a0',
      { name: 'a\u00a0', value: '\u00a0b', path: '/x\u00a0' },
    ],
    ['an empty Domain at last is the host itself', 'a=1; Domain=b.test; Domain=', { name: 'a', value: '1' }],
    ['a dot alone is an empty one', 'a=1; Domain=.', { name: 'a', value: '1' }],
    ['an attribute of more than 1,024 bytes is ignored', `a=1; Path=/${'x'.repeat(1024)}`, { name: 'a', value: '1' }],
    ['a Max-Age with a plus is none', 'a=1; Max-Age=+5', { name: 'a', value: '1' }],
    ['quotes are a part of a value', 'a="b c"', { name: 'a', value: '"b c"' }],
    ['an attribute that nobody knows is nothing', 'a=1; Partitioned; Priority=High', { name: 'a', value: '1' }],
  ])('%s', (_, text, cookie) => {
    expect(parseSetCookie(text)).toEqual({ secure: false, httpOnly: false, ...cookie });
  });

  test.each(['a\u0000=b', 'a=b\u0007', 'a=b; Path=/\u007f', '=b', 'b', '', ';'])('%j is none at all', (text) => {
    expect(parseSetCookie(text)).toBeUndefined();
  });
});

describe('dates (section 5.1.1)', () => {
  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sunday, 06-Nov-94 08:49:37 GMT', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['Sun Nov  6 08:49:37 1994', Date.UTC(1994, 10, 6, 8, 49, 37)],
    ['06 nov 69 8:9:7', Date.UTC(2069, 10, 6, 8, 9, 7)],
  ])('%s', (text, date) => {
    expect(parseCookieDate(text)).toBe(date);
  });

  test.each([
    '',
    'Sun',
    '06 Nov 1994',
    '06 Nov 1994 24:00:00',
    '32 Nov 1994 08:49:37',
    '06 Nov 1600 08:49:37',
    '06 Foo 1994 08:49:37',
  ])('%j is none', (text) => {
    expect(parseCookieDate(text)).toBeUndefined();
  });
});
