/** Cookies (RFC 6265): what is kept, who gets it back, when it ends. */
import { CookieJar, type CookieJarOptions } from 'ropewalk/http';

const url = (text: string): URL => new URL(text);

/** A jar after some responses, and its clock. */
function jarWith(set: readonly (readonly [from: string, ...setCookies: string[]])[], options: CookieJarOptions = {}) {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const jar = new CookieJar({ now: () => clock.now, ...options });
  for (const [from, ...setCookies] of set) jar.setFrom(url(from), setCookies);
  return { jar, clock, sent: (to: string) => jar.cookiesFor(url(to)) };
}

describe('what is set comes back (section 5.4)', () => {
  test('to the host that set it, and to no other', () => {
    const { sent } = jarWith([['http://example.org/', 'a=1']]);
    expect(sent('http://example.org/x?y')).toBe('a=1');
    expect(sent('https://example.org:8443/')).toBe('a=1');
    expect(sent('http://www.example.org/')).toBeUndefined();
    expect(sent('http://org/')).toBeUndefined();
    expect(sent('http://badexample.org/')).toBeUndefined();
  });

  test('to subdomains, if it says so (section 5.1.3), with or without a dot', () => {
    for (const domain of ['example.org', '.Example.org']) {
      const { sent } = jarWith([['http://www.example.org/', `a=1; Domain=${domain}`]]);
      expect(sent('http://example.org/')).toBe('a=1');
      expect(sent('http://deep.sub.example.org/')).toBe('a=1');
      expect(sent('http://badexample.org/')).toBeUndefined();
    }
  });

  test('longer paths first, then in the order in which they came', () => {
    const { sent } = jarWith([
      ['http://a.test/', 'a=1; Path=/', 'b=2; Path=/x/y', 'c=3; Path=/x', 'd=4; Path=/'],
      ['http://a.test/', 'a=5; Path=/'],
    ]);
    expect(sent('http://a.test/x/y')).toBe('b=2; c=3; a=5; d=4');
  });

  test('a path means itself and what lies below (section 5.1.4)', () => {
    const { sent } = jarWith([['http://a.test/', 'a=1; Path=/x', 'b=2; Path=/y/']]);
    expect(sent('http://a.test/x')).toBe('a=1');
    expect(sent('http://a.test/x/z')).toBe('a=1');
    expect(sent('http://a.test/xy')).toBeUndefined();
    expect(sent('http://a.test/y')).toBeUndefined();
    expect(sent('http://a.test/y/z')).toBe('b=2');
  });

  test('without a path the folder of the URL is meant (section 5.1.4)', () => {
    const { jar } = jarWith([
      ['http://a.test/x/y/z', 'a=1'],
      ['http://b.test/x', 'a=1; Path=relative'],
      ['http://c.test', 'a=1'],
    ]);
    expect(jar.cookies.map(({ path }) => path)).toEqual(['/x/y', '/', '/']);
  });

  test('what is Secure goes under TLS only, and is taken from there only; this machine is as good', () => {
    const { sent } = jarWith([
      ['https://a.test/', 'a=1; Secure'],
      ['http://b.test/', 'a=1; Secure'],
      ['http://localhost/', 'a=1; Secure'],
    ]);
    expect(sent('https://a.test/')).toBe('a=1');
    expect(sent('http://a.test/')).toBeUndefined();
    expect(sent('https://b.test/')).toBeUndefined();
    expect(sent('http://localhost/')).toBe('a=1');
  });
});

describe('who may set what (section 5.3)', () => {
  test.each([
    ['for somebody else', 'http://a.test/', 'a=1; Domain=b.test'],
    ['for a domain below', 'http://a.test/', 'a=1; Domain=x.a.test'],
    ['for a name that only looks like it', 'http://bada.test/', 'a=1; Domain=a.test'],
    ['for all of an address', 'http://1.2.3.4/', 'a=1; Domain=3.4'],
    ['for all who have a name under it', 'http://a.test/', 'a=1; Domain=test'],
    ['without a name', 'http://a.test/', '=1'],
    ['without =', 'http://a.test/', 'a'],
    ['with a control character', 'http://a.test/', 'a=\u0001'],
    ['of more than 4,096 bytes', 'http://a.test/', `a=${'x'.repeat(4096)}`],
    ['with a prefix that it does not keep', 'https://a.test/', '__Secure-a=1'],
    ['with a prefix that it keeps in part', 'https://a.test/', '__Host-a=1; Secure; Path=/x'],
  ])('nobody may set one %s', (_, from, set) => {
    expect(jarWith([[from, set]]).jar.cookies).toEqual([]);
  });

  test('prefixes that are kept (RFC 6265bis section 4.1.3)', () => {
    const { sent } = jarWith([['https://a.test/', '__Host-a=1; Secure; Path=/', '__Secure-b=2; Secure']]);
    expect(sent('https://a.test/')).toBe('__Host-a=1; __Secure-b=2');
  });

  test('public suffixes are those that one is told of; their own host may set one for itself (step 5)', () => {
    const isPublicSuffix = (domain: string): boolean => domain === 'co.uk';
    const { sent } = jarWith(
      [
        ['http://shop.co.uk/', 'a=1; Domain=co.uk', 'b=2; Domain=shop.co.uk'],
        ['http://co.uk/', 'c=3; Domain=co.uk'],
      ],
      { isPublicSuffix },
    );
    expect(sent('http://bank.co.uk/')).toBeUndefined();
    expect(sent('http://shop.co.uk/')).toBe('b=2');
    expect(sent('http://co.uk/')).toBe('c=3');
  });

  test('an address has cookies, too', () => {
    const { sent } = jarWith([['http://[::1]:80/', 'a=1; Domain=::1']]);
    expect(sent('http://[::1]/')).toBe('a=1');
  });
});

describe('what is Secure is left alone (RFC 6265bis section 5.7, step 16)', () => {
  test.each([
    ['by its own host', 'http://a.test/', 'a=2'],
    ['by a host below, for all', 'http://www.a.test/', 'a=2; Domain=a.test'],
    ['by a host below, for itself', 'http://www.a.test/', 'a=2'],
    ['by its own host, for all below', 'http://a.test/', 'a=2; Domain=a.test'],
    ['by a folder below', 'http://a.test/', 'a=2; Path=/x/y'],
    ['by one that would take it away', 'http://a.test/', 'a=; Max-Age=0'],
  ])('%s in the clear', (_, from, set) => {
    const { jar } = jarWith([
      ['https://a.test/', 'a=1; Secure; Domain=a.test; Path=/'],
      [from, set],
    ]);
    expect(jar.cookies.map(({ value }) => value)).toEqual(['1']);
  });

  test('but not by who comes under TLS, nor another name, nor a folder above, nor one that is over', () => {
    const { sent, clock } = jarWith([['https://a.test/', 'a=1; Secure; Path=/x; Max-Age=5', 'b=1; Secure']]);
    expect(sent('https://a.test/x')).toBe('a=1; b=1');
    const { jar, sent: later } = jarWith([
      ['https://a.test/', 'a=1; Secure; Path=/x', 'b=1; Secure'],
      ['https://a.test/', 'b=2'],
      ['http://a.test/', 'c=3', 'a=4; Path=/'],
    ]);
    expect(later('https://a.test/x')).toBe('a=1; b=2; c=3; a=4');
    expect(jar.cookies).toHaveLength(4);
    clock.now += 5_000;
    expect(sent('https://a.test/x')).toBe('b=1');
  });

  test("one that has ended is in nobody's way", () => {
    const { jar, sent, clock } = jarWith([['https://a.test/', 'a=1; Secure; Max-Age=5; Path=/']]);
    clock.now += 5_000;
    jar.setFrom(url('http://a.test/'), ['a=2']);
    expect(sent('http://a.test/')).toBe('a=2');
  });
});

describe('laws (RFC 6265bis section 5.8.3)', () => {
  const sets = [
    'a=1',
    'a=2; Domain=x.test',
    'b=3; Path=/x',
    'b=4; Path=/x/y; Secure',
    'c=5; Domain=sub.x.test',
    '__Host-d=6; Secure; Path=/',
    'e=7; Max-Age=10',
    'f=8; Expires=Thu, 01 Jan 2026 00:00:20 GMT; HttpOnly',
  ];
  const places = [
    'https://x.test/',
    'http://x.test/x',
    'https://sub.x.test/x/y',
    'http://y.test/',
    'http://127.0.0.1/x',
  ];

  test('what is sent somewhere is what is kept and is meant for there, and nothing else', () => {
    for (const from of places) {
      const { jar, clock } = jarWith([[from, ...sets]]);
      for (const at of [0, 15_000, 30_000]) {
        clock.now = Date.UTC(2026, 0, 1) + at;
        for (const to of places) {
          const sent = new Set(jar.cookiesFor(url(to))?.split('; ') ?? []);
          for (const cookie of jar.cookies) {
            const { hostname, protocol, pathname } = url(to);
            const isHost = hostname === cookie.domain || (!cookie.hostOnly && hostname.endsWith(`.${cookie.domain}`));
            const isPath = pathname === cookie.path || `${pathname}/`.startsWith(cookie.path.replace(/\/*$/, '/'));
            const isSecret = protocol === 'https:' || hostname === '127.0.0.1';
            expect(sent.delete(`${cookie.name}=${cookie.value}`)).toBe(
              isHost && isPath && (isSecret || !cookie.secure),
            );
          }
          expect([...sent]).toEqual([]);
        }
      }
    }
  });

  test('to set the same twice is to set it once', () => {
    for (const from of places) {
      const [once, twice] = [jarWith([[from, ...sets]]), jarWith([[from, ...sets, ...sets]])];
      for (const to of places) expect(twice.sent(to)).toBe(once.sent(to));
    }
  });
});

describe('when it ends', () => {
  test('after 400 days at the latest (RFC 6265bis section 5.5)', () => {
    const { sent, clock } = jarWith([
      ['http://a.test/', 'a=1; Max-Age=99999999999999', 'b=2; Expires=Fri, 31 Dec 9999 23:59:59 GMT'],
    ]);
    clock.now += 400 * 24 * 3_600_000 - 1;
    expect(sent('http://a.test/')).toBe('a=1; b=2');
    clock.now += 1;
    expect(sent('http://a.test/')).toBeUndefined();
  });

  test('Max-Age goes before Expires (section 5.3, step 3), and both are looked at when it is sent', () => {
    const { sent, clock } = jarWith([
      [
        'http://a.test/',
        'a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
        'b=2; Expires=Thu, 01 Jan 2026 00:00:05 GMT',
        'c=3',
      ],
    ]);
    expect(sent('http://a.test/')).toBe('a=1; b=2; c=3');
    clock.now += 5_000;
    expect(sent('http://a.test/')).toBe('a=1; c=3');
    clock.now += 5_000;
    expect(sent('http://a.test/')).toBe('c=3');
  });

  test('one that is over takes the one away that was there', () => {
    for (const over of ['Max-Age=0', 'Max-Age=-1', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT']) {
      const { sent } = jarWith([['http://a.test/', 'a=1', `a=2; ${over}`]]);
      expect(sent('http://a.test/')).toBeUndefined();
    }
  });
});

describe('memory is bounded (section 6.1)', () => {
  test('the oldest of a domain go, then the oldest of all', () => {
    const { jar, sent } = jarWith(
      [
        ['http://a.test/', 'a=1', 'b=2', 'c=3'],
        ['http://b.test/', 'd=4'],
        ['http://c.test/', 'e=5'],
      ],
      { perDomain: 2, total: 3 },
    );
    expect(sent('http://a.test/')).toBe('c=3');
    expect(jar.cookies.map(({ name }) => name)).toEqual(['c', 'd', 'e']);
  });
});

test('a jar is kept as JSON', () => {
  const { jar, clock } = jarWith([['http://a.test/', 'a=1; Max-Age=10', 'b=2; Path=/x']]);
  const again = CookieJar.from(JSON.parse(JSON.stringify(jar)), { now: () => clock.now });
  expect(again.cookies).toEqual(jar.cookies);
  expect(again.cookiesFor(url('http://a.test/x'))).toBe('b=2; a=1');
  again.clear();
  expect(again.cookies).toEqual([]);
});
