/** HTTP/1.1 with the programs that people use: their clients at our server, our client at their servers. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as nodeRequest, Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom, map, mergeMap, Observable, of, Subscription } from 'rxjs';
import { over, pull, serve, type IpAddress } from 'ropewalk';
import { http, httpConnection, Request, Response, stream, text } from 'ropewalk/http';
import { dial, listen } from 'ropewalk/node';
import { python, withPeers } from '../peers.ts';
import { growthOf, pieces, slowly } from './http/flat.ts';

function site(request: Request): Observable<Response> {
  switch (request.path) {
    case '/echo':
      return of(stream(request.body));
    case '/length':
      return new Observable<Response>((subscriber) => {
        let length = 0;
        return request.body.subscribe({
          next: (chunk) => (length += chunk.length),
          error: (error: unknown) => subscriber.error(error),
          complete() {
            subscriber.next(text(`${length} ${request.trailers.get('x-sum') ?? ''}`.trim()));
            subscriber.complete();
          },
        });
      });
    case '/trailers':
      return of(
        new Response({
          body: of(new Uint8Array([104, 105])),
          trailers: () => new Response({ headers: { 'X-Sum': 'yes' } }).headers,
        }),
      );
    case '/ignore':
      return of(text('ignored'));
    default:
      return of(text('hello\n'));
  }
}

const serving = new Subscription();
let port = 0;
let refused: string[] = [];

/** Serves a site until the tests are over; the port. */
function serverOf(handle: (request: Request) => Observable<Response>): Promise<number> {
  const server = listen('tcp:0:interface=127.0.0.1');
  const layer = http({ refused: (error) => refused.push(String(error)) });
  serving.add(server.pipe(serve(over(layer, mergeMap(handle)))).subscribe());
  return firstValueFrom(server.address$.pipe(map((address) => (address as IpAddress).port)));
}

beforeAll(async () => {
  port = await serverOf(site);
});
afterAll(() => serving.unsubscribe());
beforeEach(() => (refused = []));

const run = (command: string, args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 1 << 26, timeout: 60_000 }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stderr}`)),
    );
  });
const at = (path: string): string => `http://127.0.0.1:${port}${path}`;

withPeers('curl')('curl', () => {
  test('keeps a connection alive for two requests', async () => {
    const told = await run('curl', [
      '-sS',
      '-w',
      '%{num_connects} ',
      at('/'),
      '-o',
      '/dev/null',
      at('/'),
      '-o',
      '/dev/null',
    ]);
    expect(told).toBe('1 0 ');
  });

  test('uploads with a length, in chunks, and after 100 Continue; HEAD and HTTP/1.0', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    const file = join(folder, 'upload');
    writeFileSync(file, Buffer.alloc(3_000_000, 'x'));
    try {
      expect(await run('curl', ['-sS', '-T', file, at('/length')])).toBe('3000000');
      expect(await run('curl', ['-sS', '-H', 'Transfer-Encoding: chunked', '-T', file, at('/length')])).toBe('3000000');
      expect(
        await run('curl', [
          '-sS',
          '-H',
          'Expect: 100-continue',
          '--expect100-timeout',
          '30',
          '-T',
          file,
          at('/length'),
        ]),
      ).toBe('3000000');
      expect(await run('curl', ['-sS', '-T', file, at('/echo')])).toBe('x'.repeat(3_000_000));
      expect(await run('curl', ['-sS', '-T', file, at('/ignore')])).toBe('ignored');
      expect(await run('curl', ['-sS', '-I', at('/')])).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*Content-Length: 6\r\n/);
      expect(await run('curl', ['-sS', '-0', at('/')])).toBe('hello\n');
      expect(await run('curl', ['-sS', '-0', at('/trailers')])).toBe('hi');
      expect(await run('curl', ['-sS', '-D', '-', at('/trailers')])).toMatch(/X-Sum: yes/);
      expect(refused).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

withPeers('wrk', 'ab')('wrk and ab', () => {
  test('find no fault', async () => {
    const wrk = await run('wrk', ['-c', '16', '-t', '1', '-d', '1', at('/')]);
    expect(wrk).toMatch(/requests in/);
    expect(wrk).not.toMatch(/Socket errors|Non-2xx/);
    for (const keepAlive of [['-k'], []]) {
      const ab = await run('ab', ['-q', ...keepAlive, '-c', '8', '-n', '500', at('/')]);
      expect(ab).toMatch(/Complete requests: +500\nFailed requests: +0/);
    }
    expect(refused).toEqual([]);
  }, 60_000);
});

withPeers('python3:h11', 'python3:http')('Python', () => {
  test('http.client keeps a connection, uploads an iterable, reads trailers away', async () => {
    const program = `
import http.client, sys
c = http.client.HTTPConnection('127.0.0.1', ${port})
for method, path, body in (('GET', '/', None), ('POST', '/length', b'x' * 100000), ('POST', '/length', iter([b'ab', b'cd'])), ('GET', '/trailers', None), ('HEAD', '/', None)):
    c.request(method, path, body)
    r = c.getresponse()
    print(r.status, r.read().decode().strip())
`;
    expect(await run(python, ['-c', program])).toBe('200 hello\n200 100000\n200 4\n200 hi\n200 \n');
  });

  test('h11 agrees with every byte of our server', async () => {
    const program = `
import h11, socket
s = socket.create_connection(('127.0.0.1', ${port}))
c = h11.Connection(h11.CLIENT)
def ask(method, target, body=b''):
    s.sendall(c.send(h11.Request(method=method, target=target, headers=[('Host', 'a'), ('Transfer-Encoding', 'chunked')])))
    if body: s.sendall(c.send(h11.Data(data=body)))
    s.sendall(c.send(h11.EndOfMessage(headers=[('X-Sum', 'seven')])))
    got = b''
    while True:
        e = c.next_event()
        if e is h11.NEED_DATA: c.receive_data(s.recv(65536))
        elif isinstance(e, h11.Response): print(e.status_code, end=' ')
        elif isinstance(e, h11.Data): got += bytes(e.data)
        elif isinstance(e, h11.EndOfMessage): print(got.decode().strip(), [v.decode() for _, v in e.headers]); break
    c.start_next_cycle()
ask('POST', '/length', b'1234567')
ask('GET', '/trailers')
ask('POST', '/echo', b'back')
`;
    expect(await run(python, ['-c', program])).toBe("200 7 seven []\n200 hi ['yes']\n200 back []\n");
  });

  test('http.server answers our client', async () => {
    const child = spawn(python, ['-u', '-m', 'http.server', '--bind', '127.0.0.1', '0'], { cwd: __dirname });
    try {
      const theirs = await portIn(child, /port (\d+)/);
      const client = httpConnection(await dial(`tcp:127.0.0.1:${theirs}`));
      const response = await client.send(new Request({ authority: 'a', target: '/http.test.ts' }));
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('http.server answers our client');
      expect(client.usable).toBe(false);
    } finally {
      child.kill();
    }
  });
});

function portIn(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    for (const source of [child.stdout!, child.stderr!])
      source.on('data', (chunk) => {
        said += chunk;
        const [, found] = pattern.exec(said) ?? [];
        if (found !== undefined) resolve(found);
      });
    child.on('exit', () => reject(new Error(said)));
  });
}

describe('node:http', () => {
  test('its client: keep-alive, a streamed upload, trailers both ways', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (method: string, path: string, chunks: string[], trailers = {}) =>
      new Promise<string>((resolve, reject) => {
        const headers = chunks.length > 0 ? { Trailer: 'x-sum' } : {};
        const asking = nodeRequest(at(path), { method, agent, headers }, (response) => {
          let got = '';
          response.on('data', (chunk) => (got += chunk));
          response.on('end', () => resolve(`${got} ${response.trailers['x-sum'] ?? ''}`.trim()));
        });
        asking.on('error', reject);
        for (const chunk of chunks) asking.write(chunk);
        asking.addTrailers(trailers);
        asking.end();
      });
    expect(await ask('GET', '/', [])).toBe('hello');
    expect(await ask('POST', '/length', ['one', 'two'], { 'X-Sum': 'six' })).toBe('6 six');
    expect(await ask('GET', '/trailers', [])).toBe('hi yes');
    agent.destroy();
  });

  test('its server: keep-alive, 100 Continue, 103, an upload in chunks, HEAD', async () => {
    const server = createServer((asked, answer) => {
      if (asked.url === '/hints') answer.writeEarlyHints({ link: '</a.css>; rel=preload' });
      let length = 0;
      asked.on('data', (chunk: Buffer) => (length += chunk.length));
      asked.on('end', () => answer.end(`${asked.method} ${length}`));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const client = httpConnection(await dial(`tcp:127.0.0.1:${(server.address() as AddressInfo).port}`));
    const hints: string[] = [];
    const informed = ({ status, headers }: Response): number => hints.push(`${status} ${headers.get('link')}`);
    const ask = async (init: ConstructorParameters<typeof Request>[0]): Promise<string> => {
      const response = await client.send(new Request({ authority: 'a', ...init }), { informed });
      return response.text();
    };
    const body = of(new Uint8Array(1000), new Uint8Array(100_000));
    expect(await ask({ target: '/hints' })).toBe('GET 0');
    expect(await ask({ method: 'PUT', body })).toBe('PUT 101000');
    expect(await ask({ method: 'PUT', body, headers: { Expect: '100-continue' } })).toBe('PUT 101000');
    expect(await ask({ method: 'HEAD' })).toBe('');
    expect(hints).toEqual(['103 </a.css>; rel=preload', '100 undefined']);
    expect(client.idle).toBe(true);
    client.close();
    server.close();
  });
});

withPeers('nginx')('nginx', () => {
  test('serves our client, and sends it what its configuration says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    const socket = join(folder, 'nginx.sock');
    writeFileSync(join(folder, 'big'), Buffer.alloc(2_000_000, 'y'));
    writeFileSync(
      join(folder, 'nginx.conf'),
      `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; pid ${folder}/pid; error_log stderr; events {}
       http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
         server { listen unix:${socket}; root ${folder}; location /ours { proxy_pass http://127.0.0.1:${port}/length; proxy_http_version 1.1; proxy_request_buffering off; } } }`,
    );
    const child = spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')]);
    try {
      const connection = await patientDial(`unix:${socket}`);
      const client = httpConnection(connection);
      const big = await client.send(new Request({ authority: 'a', target: '/big' }));
      expect((await big.bytes({ max: 3_000_000 })).length).toBe(2_000_000);
      const missing = await client.send(new Request({ authority: 'a', target: '/none' }));
      expect([missing.status, (await missing.text()).includes('404')]).toEqual([404, true]);
      // Through nginx to our server, in chunks.
      const body = of(new Uint8Array(10), new Uint8Array(100_000));
      const through = await client.send(new Request({ method: 'POST', authority: 'a', target: '/ours', body }));
      expect(await through.text()).toBe('100010');
      client.close();
    } finally {
      child.kill();
      rmSync(folder, { recursive: true });
    }
  });

  async function patientDial(endpoint: string) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await dial(endpoint);
      } catch (error) {
        if (attempt === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
});

describe('1 GiB', () => {
  test('downloaded by a slow reader takes no memory', async () => {
    await growthOf('a slow download', async (look) => {
      const client = httpConnection(await dial(`tcp:127.0.0.1:${await serverOf(() => of(stream(pull(pieces()))))}`));
      const response = await client.send(new Request({ authority: 'a' }));
      return lastValueFrom(slowly(response.body, look));
    });
  }, 300_000);

  test('uploaded to a slow consumer takes no memory', async () => {
    await growthOf('a slow upload', async (look) => {
      const consume = ({ body }: Request): Observable<Response> => slowly(body, look).pipe(map((n) => text(String(n))));
      const client = httpConnection(await dial(`tcp:127.0.0.1:${await serverOf(consume)}`));
      const response = await client.send(new Request({ method: 'POST', authority: 'a', body: pull(pieces()) }));
      return response.text();
    });
  }, 300_000);
});
