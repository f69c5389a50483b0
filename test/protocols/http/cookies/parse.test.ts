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
