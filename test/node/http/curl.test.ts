/** Our site, asked by curl: ranges, conditions, compression, forms, passwords, cookies, proxies. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { concatMap, firstValueFrom, map, toArray, type Subscription } from 'rxjs';
import { over, serve } from 'ropewalk';
import {
  basicAuth,
  compose,
  conditional,
  cookie,
  cookies,
  forwardProxy,
  http,
  json,
  multipart,
  reverseProxy,
  routes,
  text,
  type Site,
} from 'ropewalk/http';
import { compress, digestAuth, files } from 'ropewalk/http/node';
import { connect, listen } from 'ropewalk/node';
import { withPeers } from '../../peers.ts';

const run = promisify(execFile);
const curl = async (...args: string[]): Promise<string> =>
  (await run('curl', ['-sS', '--max-time', '20', ...args])).stdout;

withPeers('curl')('curl', () => {
  const servers: Subscription[] = [];
  const served = async (site: Site): Promise<string> => {
    const listening = listen('tcp:0:interface=127.0.0.1');
    servers.push(listening.pipe(serve(over(http(), site))).subscribe());
    return `http://${await firstValueFrom(listening.address$)}`;
  };
  let url = '';
  let proxy = '';
  beforeAll(async () => {
    const site = compose(
      compress(),
      conditional(),
    )(
      routes({
        'GET /long': () => text('hello '.repeat(1000)),
        'GET /files/*path': files('protocols/http'),
        'GET /basic': compose(basicAuth({ realm: 'a', check: ({ password }) => password === 'secret' }))(() =>
          text('in'),
        ),
        'GET /digest': compose(digestAuth({ realm: 'a', password: () => 'secret' }))(({ user }) => text(`in: ${user}`)),
        'GET /cookie': (request) =>
          text(cookies(request).get('a') ?? 'none', { headers: { 'Set-Cookie': cookie('a', '1') } }),
        'POST /form': (request) =>
          multipart(request).pipe(
            concatMap((part) => part.bytes().addCallback(({ length }) => [part.name, part.filename, length])),
            toArray(),
            map((parts) => json(parts)),
          ),
      }),
    );
    url = await served(site);
    const behind = reverseProxy({ connect: () => connect(`tcp:${url.slice(7)}`) });
    proxy = await served(
      compose()((request) =>
        request.method === 'CONNECT' || request.authority !== proxy.slice(7)
          ? forwardProxy({ connect: ({ host, port }) => connect({ type: 'tcp', host, port }) })(request)
          : behind(request),
      ),
    );
  });
  afterAll(() => servers.forEach((server) => server.unsubscribe()));

  test('RFC 9110 section 14: ranges', async () => {
    const whole = await curl(`${url}/files/index.ts`);
    expect(await curl('-r', '0-9', `${url}/files/index.ts`)).toBe(whole.slice(0, 10));
    expect(await curl('-r', '-5', `${url}/files/index.ts`)).toBe(whole.slice(-5));
    expect(await curl('-r', '0-0,2-2', `${url}/files/index.ts`)).toContain('Content-Range: bytes 2-2/');
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', '-r', '9999999-', `${url}/files/index.ts`)).toBe('416');
  });

  test('RFC 9110 section 13: conditions', async () => {
    const [, etag] = /^etag: (.*)\r$/im.exec(await curl('-I', `${url}/files/index.ts`))!;
    const code = ['-o', '/dev/null', '-w', '%{http_code}'];
    expect(await curl(...code, '-H', `If-None-Match: ${etag}`, `${url}/files/index.ts`)).toBe('304');
    expect(await curl(...code, '-z', new Date(Date.now() + 60_000).toUTCString(), `${url}/files/index.ts`)).toBe('304');
    expect(await curl(...code, '-H', 'If-Match: "x"', `${url}/files/index.ts`)).toBe('412');
  });

  test('compression, unpacked by curl', async () => {
    expect(await curl('--compressed', '-i', `${url}/long`)).toMatch(/content-encoding: (br|gzip|zstd)[^]*hello hello/i);
  });

  test('forms with files, passwords both ways, cookies', async () => {
    expect(await curl('-F', 'a=b', '-F', 'f=@LICENSE', `${url}/form`)).toMatch(
      /^\[\["a",null,1\],\["f","LICENSE",\d+\]\]$/,
    );
    expect(await curl('-u', 'joe:secret', `${url}/basic`)).toBe('in');
    expect(await curl('--digest', '-u', 'joe:secret', `${url}/digest`, `${url}/digest`)).toBe('in: joein: joe');
    expect(await curl('--digest', '-u', 'joe:wrong', '-o', '/dev/null', '-w', '%{http_code}', `${url}/digest`)).toBe(
      '401',
    );
    expect(await curl('-b', '', `${url}/cookie`, `${url}/cookie`)).toBe('none1');
  });

  test('through our proxies: reverse, forward, CONNECT', async () => {
    expect(await curl(`${proxy}/basic`, '-u', 'joe:secret')).toBe('in');
    expect(await curl('-F', 'f=@LICENSE', `${proxy}/form`)).toContain('"LICENSE"');
    expect(await curl('-x', proxy, '-i', '--noproxy', '', `${url}/long`)).toMatch(/via: 1.1 ropewalk[^]*hello hello/i);
    expect(await curl('-x', proxy, '-p', '--noproxy', '', `${url}/cookie`)).toBe('none');
  });
});
