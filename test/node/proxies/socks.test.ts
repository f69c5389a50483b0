/** SOCKS on TCP: the contract of a Duplex through our own server, curl as its client, microsocks as another server. */
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { catchError, firstValueFrom, of, tap, type Observable } from 'rxjs';
import { serve, type Connection, type IpAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { connect, listen } from 'ropewalk/node';
import { socks, type SocksOptions, type SocksRequest } from 'ropewalk/socks';
import { withPeers } from '../../peers.ts';
import { openThings } from '../openThings.ts';
import { ask, daemon, freePort, listening, page, run, serving, stopAll } from './programs.ts';

afterEach(stopAll);

/** Names are ours to look up: this one is this machine. */
const goTo: SocksOptions['connect'] = ({ host, port }) =>
  connect({ type: 'tcp', host: host === 'rope.test' ? '127.0.0.1' : host, port });

describe.each(['socks5', 'socks4'])(
  'a connection through our own server, %s:, keeps the contract of a Duplex',
  (type) => {
    let proxy = 0;
    let stop = (): void => {};
    beforeAll(async () => {
      const server = listen('tcp:0:interface=127.0.0.1');
      const running = server.pipe(serve(socks({ connect: goTo }))).subscribe();
      stop = () => running.unsubscribe();
      proxy = ((await firstValueFrom(server.address$)) as IpAddress).port;
    });
    afterAll(() => stop());
    const cases = complianceOf({
      listen,
      connect,
      endpoint: () => 'tcp:0:interface=127.0.0.1',
      reach: (address) => `${type}:127.0.0.1:${proxy}:to=tcp\\:127.0.0.1\\:${(address as IpAddress).port}`,
      can: { reset: true, halfClose: true },
      open: openThings,
    });
    for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
  },
);

withPeers('curl')('curl through our server', () => {
  async function proxied(
    options: Partial<SocksOptions> = {},
  ): Promise<{ proxy: number; web: number; asked: SocksRequest[] }> {
    const asked: SocksRequest[] = [];
    const web = await serving(page(() => 'x'.repeat(300_000)));
    const proxy = await serving(
      socks({
        connect(request, client) {
          asked.push(request);
          return goTo(request, client);
        },
        ...options,
      }),
    );
    return { proxy, web, asked };
  }

  test.each([
    ['--socks4', '127.0.0.1', 4],
    ['--socks4a', 'rope.test', 4],
    ['--socks5', '127.0.0.1', 5],
    ['--socks5-hostname', 'rope.test', 5],
  ])('%s: to %s', async (option, host, version) => {
    const { proxy, web, asked } = await proxied();
    const { code, output } = await run('curl', '-s', option, `127.0.0.1:${proxy}`, `http://${host}:${web}/`);
    expect([code, output.length]).toEqual([0, 300_000]);
    expect(asked).toEqual([expect.objectContaining({ version, host, port: web })]);
  });

  test('with a user name and a password, and with another one', async () => {
    const { proxy, web, asked } = await proxied({
      authorize: async ({ username, password }) => username === 'joe' && password === 'secret',
    });
    const through = (user: string) =>
      run('curl', '-s', '--proxy-user', user, '--socks5-hostname', `127.0.0.1:${proxy}`, `http://rope.test:${web}/`);
    expect((await through('joe:secret')).output.length).toBe(300_000);
    expect(asked).toEqual([expect.objectContaining({ user: 'joe' })]);
    // 97: CURLE_PROXY.
    expect((await through('joe:guess')).code).toBe(97);
  });

  test('is told that nobody listens there', async () => {
    const { proxy } = await proxied();
    const nobody = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
    });
    const { code } = await run('curl', '-s', '--socks5-hostname', `127.0.0.1:${proxy}`, `http://127.0.0.1:${nobody}/`);
    expect(code).toBe(97);
  });
});

withPeers('microsocks')('our client through microsocks', () => {
  const nameOf = (dialled: Observable<Connection>): Promise<unknown> =>
    firstValueFrom(
      dialled.pipe(
        tap((connection) => connection.complete()),
        catchError((error: Error & { code?: string }) => of(`${error.name} ${error.code}`)),
      ),
    );

  test('by address, by name, and twice over', async () => {
    const web = await serving(page(({ remote }) => `you are ${(remote as IpAddress).host}`));
    const port = await freePort();
    daemon('microsocks', '-i', '127.0.0.1', '-p', `${port}`);
    await listening(port);
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await ask(connect(`socks5:127.0.0.1:${port}:to=tcp\\:${host}\\:${web}`))).toBe('you are 127.0.0.1');
    const twice = `socks5:127.0.0.1:${port}:to=socks5\\:localhost\\:${port}\\:to=tcp\\\\\\:127.0.0.1\\\\\\:${web}`;
    expect(await ask(connect(twice))).toBe('you are 127.0.0.1');
  });

  test('with a password; without one, and where nobody listens, the errors are typed', async () => {
    const web = await serving(page(() => 'hello'));
    const port = await freePort();
    daemon('microsocks', '-i', '127.0.0.1', '-p', `${port}`, '-u', 'joe', '-P', 'secret');
    await listening(port);
    const through = (place: number, more: string): Observable<Connection> =>
      connect(`socks5:127.0.0.1:${port}:to=tcp\\:127.0.0.1\\:${place}${more}`);
    expect(await ask(through(web, ':username=joe:password=secret'))).toBe('hello');
    expect(await nameOf(through(web, ':username=joe:password=guess'))).toMatch(/^ProxyAuthenticationFailed SOCKS5_/);
    expect(await nameOf(through(web, ''))).toBe('ProxyAuthenticationFailed SOCKS5_METHOD_255');
    expect(await nameOf(through(1, ':username=joe:password=secret'))).toBe('ConnectionRefused SOCKS5_5');
  });
});
