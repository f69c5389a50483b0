/** Which proxy an environment asks for: as curl and most programs understand it. */
import { proxyFromEnvironment } from 'ropewalk/http/node';

type Environment = Readonly<Record<string, string>>;
const chosen = (environment: Environment, url: string): string | undefined =>
  proxyFromEnvironment(environment)(new URL(url));

const both = { http_proxy: 'http://plain:1', https_proxy: 'http://secret:2' };

test.each<[string, Environment, string, string | undefined]>([
  ['http: by http_proxy', both, 'http://a.test/', 'http://plain:1'],
  ['https: by https_proxy', both, 'https://a.test/', 'http://secret:2'],
  ['one without the other', { http_proxy: 'http://plain:1' }, 'https://a.test/', undefined],
  [
    'all_proxy for the rest',
    { http_proxy: 'http://plain:1', all_proxy: 'socks5://all:3' },
    'https://a.test/',
    'socks5://all:3',
  ],
  ['and for all', { all_proxy: 'socks5://all:3' }, 'http://a.test/', 'socks5://all:3'],
  ['capitals', { HTTPS_PROXY: 'http://secret:2', ALL_PROXY: 'http://all:3' }, 'https://a.test/', 'http://secret:2'],
  ['ALL_PROXY in capitals', { ALL_PROXY: 'http://all:3' }, 'http://a.test/', 'http://all:3'],
  [
    'CVE-2016-5385: HTTP_PROXY in capitals is a field of a request',
    { HTTP_PROXY: 'http://evil:1' },
    'http://a.test/',
    undefined,
  ],
  [
    'small letters before capitals',
    { https_proxy: 'http://small:1', HTTPS_PROXY: 'http://big:2' },
    'https://a.test/',
    'http://small:1',
  ],
  ['an empty one is none', { https_proxy: '' }, 'https://a.test/', undefined],
  [
    'an empty one leaves it to all_proxy',
    { https_proxy: '', all_proxy: 'http://all:3' },
    'https://a.test/',
    'http://all:3',
  ],
  ['without a scheme it is http:', { https_proxy: 'secret:2' }, 'https://a.test/', 'http://secret:2'],
  ['nothing said', {}, 'https://a.test/', undefined],
])('%s', (_, environment, url, proxy) => {
  expect(chosen(environment, url)).toBe(proxy);
});

describe('no_proxy', () => {
  const straight = (no_proxy: string, url: string): boolean => chosen({ ...both, no_proxy }, url) === undefined;

  test.each([
    ['a.test', 'http://a.test/', true],
    ['a.test', 'http://x.a.test/', true],
    ['.a.test', 'http://x.a.test/', true],
    ['.a.test', 'http://a.test/', true],
    ['*.a.test', 'http://x.a.test/', true],
    ['a.test', 'http://bada.test/', false],
    ['a.test', 'http://a.test.evil/', false],
    ['A.Test', 'http://a.TEST/', true],
    ['b.test, a.test ,c.test', 'http://a.test/', true],
    ['b.test,,', 'http://a.test/', false],
    ['*', 'https://a.test/', true],
    ['a.test:8080', 'http://a.test:8080/', true],
    ['a.test:8080', 'http://a.test:81/', false],
    ['a.test:80', 'http://a.test/', true],
    ['a.test:443', 'https://a.test/', true],
    ['a.test:443', 'http://a.test/', false],
    ['127.0.0.1', 'http://127.0.0.1:3000/', true],
    ['::1', 'http://[::1]:3000/', true],
    ['[::1]', 'http://[::1]/', true],
    ['[::1]:3000', 'http://[::1]:3000/', true],
    ['[::1]:3000', 'http://[::1]/', false],
    ['10.0.0.0/8', 'http://10.200.3.4/', true],
    ['10.0.0.0/8', 'http://11.0.0.1/', false],
    ['192.168.128.0/17', 'http://192.168.255.1/', true],
    ['192.168.128.0/17', 'http://192.168.127.1/', false],
    ['fd00::/8', 'http://[fd12::1]/', true],
    ['fd00::/8', 'http://[fe80::1]/', false],
    ['10.0.0.0/99', 'http://10.0.0.1/', false],
    ['10.0.0.0/8', 'http://10.test/', false],
    ['localhost', 'http://localhost/', true],
  ])('%s and %s: %s', (none, url, is) => {
    expect(straight(none, url)).toBe(is);
  });

  test('in capitals, too', () => {
    expect(chosen({ ...both, NO_PROXY: 'a.test' }, 'http://a.test/')).toBeUndefined();
  });
});

test('without an argument it is the environment of the process', () => {
  const before = process.env.https_proxy;
  process.env.https_proxy = 'http://of-the-process:1';
  try {
    expect(proxyFromEnvironment()(new URL('https://a.test/'))).toBe('http://of-the-process:1');
  } finally {
    if (before === undefined) delete process.env.https_proxy;
    else process.env.https_proxy = before;
  }
});
