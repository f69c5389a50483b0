/** CONNECT on TCP: the contract of a Duplex through our own server, others as its clients, tinyproxy as another server. */
import { catchError, firstValueFrom, of, type Observable } from 'rxjs';
import { serve, type Connection, type IpAddress } from 'ropewalk';
import { connectProxy, type ConnectProxyOptions } from 'ropewalk/connect-proxy';
import { complianceOf } from 'ropewalk/marbles';
import { connect, developmentCertificate, listen } from 'ropewalk/node';
import { withPeers } from '../../peers.ts';
import { openThings } from '../openThings.ts';
import { ask, daemon, file, freePort, listening, page, run, serving, stopAll } from './programs.ts';

afterEach(stopAll);

/** Names are ours to look up: this one is this machine. */
const goTo: ConnectProxyOptions['connect'] = ({ host, port }) =>
  connect({ type: 'tcp', host: host === 'rope.test' ? '127.0.0.1' : host, port });

describe('a connection through our own HTTP proxy, connect:, keeps the contract of a Duplex', () => {
  let proxy = 0;
  let stop = (): void => {};
  beforeAll(async () => {
    const server = listen('tcp:0:interface=127.0.0.1');
    const running = server.pipe(serve(connectProxy({ connect: goTo }))).subscribe();
    stop = () => running.unsubscribe();
    proxy = ((await firstValueFrom(server.address$)) as IpAddress).port;
  });
  afterAll(() => stop());
  const cases = complianceOf({
    listen,
    connect,
    endpoint: () => 'tcp:0:interface=127.0.0.1',
    reach: (address) => `connect:127.0.0.1:${proxy}:to=tcp\\:127.0.0.1\\:${(address as IpAddress).port}`,
    can: { reset: true, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

/** Our server, what it was asked, and a page of 300,000 bytes to ask for through it. */
async function proxied(options: Partial<ConnectProxyOptions> = {}) {
  const asked: string[] = [];
  const web = await serving(page(() => 'x'.repeat(300_000)));
  const proxy = await serving(
    connectProxy({
      connect(request, client) {
        asked.push(`${request.user ?? 'somebody'} to ${request.host}:${request.port}`);
        return goTo(request, client);
      },
      ...options,
    }),
  );
  return { proxy, web, asked };
}

withPeers('curl')('curl through our server', () => {
  test('--proxytunnel, to a name', async () => {
    const { proxy, web, asked } = await proxied();
    const { code, output } = await run('curl', '-sp', '-x', `127.0.0.1:${proxy}`, `http://rope.test:${web}/`);
    expect([code, output.length]).toEqual([0, 300_000]);
    expect(asked).toEqual([`somebody to rope.test:${web}`]);
  });

  test('to an https: page, whose certificate it sees and believes', async () => {
    const { proxy, asked } = await proxied();
    const { privateKey, certificate, ca } = developmentCertificate({ names: ['rope.test'] });
    const web = await servingTls(privateKey, certificate);
    const argv = ['-s', '--cacert', file('ca', ca), '-x', `http://127.0.0.1:${proxy}`, `https://rope.test:${web}/`];
    const { code, output } = await run('curl', ...argv);
    expect([code, output.length]).toEqual([0, 300_000]);
    expect(asked).toEqual([`somebody to rope.test:${web}`]);
  });

  test('with a user name and a password, with another one, and with none', async () => {
    const { proxy, web, asked } = await proxied({
      authorize: async ({ username, password }) => username === 'joe' && password === 'pässword',
    });
    const through = (...user: string[]) =>
      run('curl', '-sp', '-w', '%{http_connect}', ...user, '-x', `127.0.0.1:${proxy}`, `http://rope.test:${web}/`);
    expect((await through('-U', 'joe:pässword')).output).toMatch(/^x{300000}200$/);
    expect(asked).toEqual([`joe to rope.test:${web}`]);
    // 56: CURLE_RECV_ERROR, which is what curl calls a proxy that says no.
    expect(await through('-U', 'joe:guess')).toEqual({ code: 56, output: '407' });
    expect(await through()).toEqual({ code: 56, output: '407' });
    // It asks without a password first, hears the challenge, and comes again.
    expect((await through('--proxy-anyauth', '-U', 'joe:pässword')).output).toMatch(/^x{300000}200$/);
  });

  test('is told that nobody listens there, and that this is no proxy for http:', async () => {
    const told: unknown[] = [];
    const { proxy, web } = await proxied({ refused: (error) => told.push((error as Error).name) });
    const through = (...argv: string[]) =>
      run('curl', '-s', '-w', '%{http_code} %{http_connect}', '-x', `127.0.0.1:${proxy}`, ...argv);
    const nobody = await freePort();
    expect(await through('-p', `http://127.0.0.1:${nobody}/`)).toEqual({ code: 56, output: '000 502' });
    const plain = await through(`http://127.0.0.1:${web}/`);
    expect(plain).toEqual({
      code: 0,
      output: '405 Method Not Allowed: this proxy knows CONNECT only\n405 000',
    });
    expect(told).toEqual(['ConnectionRefused', 'ProtocolError']);
  });
});

/** The page of {@link proxied} behind TLS. */
async function servingTls(privateKey: string, certKey: string): Promise<number> {
  return serving(
    page(() => 'x'.repeat(300_000)),
    { type: 'tls', port: 0, interface: '127.0.0.1', privateKey, certKey },
  );
}

withPeers('ncat')('ncat --proxy through our server', () => {
  test('speaks HTTP/1.0, sends its user name and password, and half-closes', async () => {
    const { proxy, asked } = await proxied({
      authorize: ({ username, password }) => username === 'joe' && password === 'secret',
    });
    const echo = await serving((incoming) => incoming);
    const through = (user: string) =>
      run('sh', '-c', `echo hello | ncat --proxy 127.0.0.1:${proxy} --proxy-type http ${user} 127.0.0.1 ${echo}`);
    expect(await through('--proxy-auth joe:secret')).toEqual({ code: 0, output: 'hello\n' });
    expect(asked).toEqual([`joe to 127.0.0.1:${echo}`]);
    expect((await through('--proxy-auth joe:guess')).output).toBe('');
    expect(asked).toHaveLength(1);
  });
});

withPeers('socat')('socat PROXY: through our server', () => {
  test('to an echo and back, its end passed on', async () => {
    const { proxy, asked } = await proxied();
    const echo = await serving((incoming) => incoming);
    const { code, output } = await run(
      'sh',
      '-c',
      `echo hello | socat -t5 - PROXY:127.0.0.1:rope.test:${echo},proxyport=${proxy}`,
    );
    expect([code, output]).toEqual([0, 'hello\n']);
    expect(asked).toEqual([`somebody to rope.test:${echo}`]);
  });
});

withPeers('tinyproxy')('our client through tinyproxy', () => {
  async function tinyproxy(...more: string[]): Promise<number> {
    const port = await freePort();
    const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 10', 'MaxClients 10', 'LogLevel Critical', ...more];
    daemon('tinyproxy', '-d', '-c', file('tinyproxy.conf', `${lines.join('\n')}\n`));
    await listening(port);
    return port;
  }
  const failureOf = (dialled: Observable<Connection>): Promise<unknown> =>
    firstValueFrom(dialled.pipe(catchError((error: Error & { code?: string }) => of(`${error.name} ${error.code}`))));

  test('by address and by name', async () => {
    const web = await serving(page(({ remote }) => `you are ${(remote as IpAddress).host}${'!'.repeat(300_000)}`));
    const port = await tinyproxy();
    for (const host of ['127.0.0.1', 'localhost'])
      expect((await ask(connect(`connect:127.0.0.1:${port}:to=tcp\\:${host}\\:${web}`))).length).toBe(300_017);
  });

  test('with a password; without one, and where nobody listens, the errors are typed', async () => {
    const web = await serving(page(() => 'hello'));
    const port = await tinyproxy('BasicAuth joe secret');
    const through = (place: number, more: string): Observable<Connection> =>
      connect(`connect:127.0.0.1:${port}:to=tcp\\:127.0.0.1\\:${place}${more}`);
    expect(await ask(through(web, ':username=joe:password=secret'))).toBe('hello');
    expect(await failureOf(through(web, ''))).toBe('ProxyAuthenticationFailed HTTP_407');
    expect(await failureOf(through(web, ':username=joe:password=guess'))).toMatch(/HTTP_40[17]$/);
    expect(await failureOf(through(1, ':username=joe:password=secret'))).toMatch(/^ProxyRefused HTTP_50\d$/);
  });

  test('a port that it does not let through is ConnectPermissionDenied', async () => {
    const port = await tinyproxy('ConnectPort 443');
    expect(await failureOf(connect(`connect:127.0.0.1:${port}:to=tcp\\:127.0.0.1\\:80`))).toBe(
      'ConnectPermissionDenied HTTP_403',
    );
  });
});
