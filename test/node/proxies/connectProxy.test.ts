/** CONNECT on TCP: the contract of a Duplex through a proxy of this test's, and tinyproxy as another's. */
import { catchError, firstValueFrom, of, type Observable } from 'rxjs';
import { serve, type Connection, type IpAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { connect, listen } from 'ropewalk/node';
import { withPeers } from '../../peers.ts';
import { wireTo } from '../../protocols/connectProxy/proxy.ts';
import { openThings } from '../openThings.ts';
import { ask, daemon, file, freePort, listening, page, serving, stopAll } from './programs.ts';

afterEach(stopAll);

describe('a connection through an HTTP proxy, connect:, keeps the contract of a Duplex', () => {
  let proxy = 0;
  let stop = (): void => {};
  beforeAll(async () => {
    const server = listen('tcp:0:interface=127.0.0.1');
    const running = server.pipe(serve(wireTo((host, port) => connect({ type: 'tcp', host, port })))).subscribe();
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
