/** Digest authentication (RFC 7616) and sealed cookies. */
import { createHash } from 'node:crypto';
import { map, timer, VirtualTimeScheduler } from 'rxjs';
import { utf8, type Deferred } from 'ropewalk';
import { compose, Request, Response, text } from 'ropewalk/http';
import { cookieSigner, digestAuth, type DigestAuthOptions } from 'ropewalk/http/node';

const passwords = new Map([
  ['Mufasa', 'Circle of Life'],
  ['Jäsøn', 'pässword'],
]);
const options: DigestAuthOptions = { realm: 'http-auth@example.org', password: (name) => passwords.get(name) };
const hash = (algorithm: string, content: string) =>
  createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(content)
    .digest('hex');

/** A client that follows section 3.4, with whatever the test changes. */
function proof(nonce: string, changes: Record<string, string> = {}, password = 'Circle of Life'): string {
  const said: Record<string, string> = {
    username: 'Mufasa',
    realm: options.realm,
    uri: '/dir/index.html',
    algorithm: 'SHA-256',
    nonce,
    nc: '00000001',
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    qop: 'auth',
    ...changes,
  };
  const h = (content: string) => hash(said.algorithm, content);
  const response =
    said.response ??
    h(
      `${h(`${said.username}:${said.realm}:${password}`)}:${nonce}:${said.nc}:${said.cnonce}:auth:${h(`GET:${said.uri}`)}`,
    );
  const bare = new Set(['nc', 'qop', 'algorithm']);
  const fields = Object.entries({ ...said, response }).map(
    ([name, value]) => `${name}=${bare.has(name) ? value : `"${value}"`}`,
  );
  return Buffer.from(`Digest ${fields.join(', ')}`, 'utf8').toString('latin1');
}

const siteOf = (more: Partial<DigestAuthOptions> = {}) =>
  compose(digestAuth({ ...options, ...more }))(({ user }) => text(`hello ${user}`));
const ask = (site: ReturnType<typeof siteOf>, authorization?: string) =>
  site(new Request({ target: '/dir/index.html', headers: { authorization } })) as Response;
const nonceOf = (response: Response): string => /nonce="([^"]+)"/.exec(response.headers.get('www-authenticate')!)![1];

test('RFC 7616 section 3.4.1: the hash is computed as in its example (section 3.9.1)', () => {
  // The nonce is not ours, so this checks the client of this test.
  const expected = '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1';
  expect(proof('7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v')).toContain(`response="${expected}"`);
});

test('section 3.3: who proves nothing is asked, in each hash, the best first', () => {
  const response = ask(siteOf());
  expect(response.status).toBe(401);
  expect(response.headers.all('www-authenticate')).toEqual([
    expect.stringMatching(
      /^Digest realm="http-auth@example.org", qop="auth", algorithm=SHA-256, nonce="[^"]{30,}", charset=UTF-8$/,
    ),
    expect.stringContaining('algorithm=MD5'),
  ]);
});

test.each(['SHA-256', 'MD5'])('the right password comes in, proved by %s', (algorithm) => {
  const site = siteOf();
  const response = ask(site, proof(nonceOf(ask(site)), { algorithm }));
  expect(response.status).toBe(200);
  expect(utf8(response.content!)).toBe('hello Mufasa');
});

test('section 4: names are UTF-8, and passwords may be looked up later', async () => {
  const site = siteOf({ password: (name) => timer(1).pipe(map(() => passwords.get(name))) });
  const response = await (ask(
    site,
    proof(nonceOf(ask(site)), { username: 'Jäsøn' }, 'pässword'),
  ) as unknown as Deferred<Response>);
  expect(await response.text()).toBe('hello Jäsøn');
  const unknown = ask(site, proof(nonceOf(ask(site)), { username: 'x' })) as unknown as Deferred<Response>;
  expect(await unknown).toMatchObject({ status: 401 });
});

test.each<[string, (nonce: string) => string]>([
  ['a wrong password', (nonce) => proof(nonce, {}, 'x')],
  ['somebody unknown', (nonce) => proof(nonce, { username: 'x' }, '')],
  ['another target (section 3.4.6)', (nonce) => proof(nonce, { uri: '/other' })],
  ['another realm', (nonce) => proof(nonce, { realm: 'x' })],
  ['no count', (nonce) => proof(nonce, { nc: '1' })],
  ['auth-int', (nonce) => proof(nonce, { qop: 'auth-int' })],
  ['a response that is too short', (nonce) => proof(nonce, { response: 'ab' })],
  ['an algorithm of nobody', (nonce) => proof(nonce, { algorithm: 'SHA-1' })],
  ['Basic', () => 'Basic YTpi'],
  ['nothing', () => 'Digest'],
])('%s is 401', (_, authorization) => {
  const site = siteOf();
  const response = ask(site, authorization(nonceOf(ask(site))));
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).not.toContain('stale');
});

test('section 3.3: a hash that is not offered is not taken', () => {
  const site = siteOf({ algorithms: ['SHA-256'] });
  expect(ask(site, proof(nonceOf(ask(site)), { algorithm: 'MD5' })).status).toBe(401);
});

describe('section 3.4.5: replays', () => {
  const stale = (response: Response) => response.headers.get('www-authenticate')?.includes('stale=true');

  test('a proof is good once; the next count is good', () => {
    const site = siteOf();
    const nonce = nonceOf(ask(site));
    expect(ask(site, proof(nonce)).status).toBe(200);
    expect(stale(ask(site, proof(nonce)))).toBe(true);
    expect(ask(site, proof(nonce, { nc: '00000003' })).status).toBe(200);
    expect(stale(ask(site, proof(nonce, { nc: '00000002' })))).toBe(true);
  });

  test('a number of somebody else’s is asked for anew', () => {
    const site = siteOf();
    expect(stale(ask(site, proof('x')))).toBe(true);
    expect(stale(ask(site, proof(nonceOf(ask(siteOf())))))).toBe(true);
    const nonce = nonceOf(ask(site));
    expect(stale(ask(site, proof(`zzzzzzzz${nonce.slice(8)}`)))).toBe(true);
  });

  test('a number is good for a while', () => {
    const scheduler = new VirtualTimeScheduler();
    const site = siteOf({ lifetime: 1000, scheduler });
    const nonce = nonceOf(ask(site));
    scheduler.frame = 1000;
    expect(ask(site, proof(nonce)).status).toBe(200);
    scheduler.frame = 1001;
    expect(stale(ask(site, proof(nonce, { nc: '00000002' })))).toBe(true);
  });

  test('what was used ten thousand numbers ago is not good again', () => {
    const scheduler = new VirtualTimeScheduler();
    const site = siteOf({ scheduler });
    const first = nonceOf(ask(site));
    expect(ask(site, proof(first)).status).toBe(200);
    for (let n = 0; n < 10_000; n++) {
      scheduler.frame = n / 100;
      ask(site, proof(nonceOf(ask(site))));
    }
    expect(stale(ask(site, proof(first)))).toBe(true);
    expect(ask(site, proof(nonceOf(ask(site)))).status).toBe(200);
  });
});

describe('cookieSigner', () => {
  const signer = cookieSigner('new', 'old');

  test('tells what was sealed here, also with an older secret', () => {
    expect(signer.verify('user', signer.sign('user', 'a.b=c'))).toBe('a.b=c');
    expect(signer.verify('user', cookieSigner('old').sign('user', '7'))).toBe('7');
  });

  test.each([
    ['another value', signer.sign('user', '7').replace('7', '8')],
    ['another name', signer.sign('admin', '7')],
    ['another secret', cookieSigner('x').sign('user', '7')],
    ['no seal', '7'],
    ['an empty seal', '7.'],
    ['nothing', undefined],
  ])('%s is nothing', (_, signed) => {
    expect(signer.verify('user', signed)).toBeUndefined();
  });

  test('an empty secret is an error', () => {
    expect(() => cookieSigner('')).toThrow(RangeError);
    expect(() => cookieSigner(...([] as unknown as [string]))).toThrow(RangeError);
  });
});
