/** TLS and proxies, one inside the other: who must prove to be whom, and what may not go around the proxy. */
import { catchError, concatMap, firstValueFrom, map, of, tap, type Observable } from 'rxjs';
import {
  bytes,
  ConnectError,
  gather,
  HostnameMismatch,
  serve,
  utf8,
  type Bytes,
  type Connection,
  type IpAddress,
  type Protocol,
} from 'ropewalk';
import { connectProxy } from 'ropewalk/connect-proxy';
import { complianceOf } from 'ropewalk/marbles';
import { connect, developmentCertificate, listen, tlsListener, type ConnectTo } from 'ropewalk/node';
import { socks, type SocksRequest } from 'ropewalk/socks';
import { openThings } from '../openThings.ts';
import { file, serving, stopAll } from './programs.ts';

afterEach(stopAll);

/** Nobody's name but the target's: neither the proxy, nor the address where all of this happens, is in the certificate. */
const target = developmentCertificate({ names: ['rope.test'] });
const own = { privateKey: target.privateKey, certKey: target.certificate };
const upper: Protocol<Bytes> = (incoming) => incoming.pipe(map((chunk) => bytes(utf8(chunk).toUpperCase())));

const dialHere = ({ host, port }: { host: string; port: number }): Observable<Connection> =>
  connect({ type: 'tcp', host: host === 'rope.test' ? '127.0.0.1' : host, port });

/** A SOCKS proxy that looks names up itself, and what it was asked for. */
async function socksProxy(): Promise<{ proxy: number; asked: SocksRequest[] }> {
  const asked: SocksRequest[] = [];
  const goTo = (request: SocksRequest): Observable<Connection> => {
    asked.push(request);
    return dialHere(request);
  };
  return { proxy: await serving(socks({ connect: goTo })), asked };
}

const httpProxy = (): Promise<number> => serving(connectProxy({ connect: dialHere }));

/** A server of capitals under TLS. */
function secureServer(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = tlsListener(listen('tcp:0:interface=127.0.0.1'), own);
    server.address$.subscribe((address) => resolve((address as IpAddress).port));
    const running = server.pipe(serve(upper)).subscribe({ error: reject });
    ends.push(() => running.unsubscribe());
  });
}
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Says hello; what is answered, and who the peer has proved to be. */
const hello = (endpoint: ConnectTo): Promise<[said: string, names: readonly string[] | undefined]> =>
  firstValueFrom(
    connect(endpoint).pipe(
      concatMap((connection) => {
        connection.next(bytes('hello'));
        connection.complete();
        return connection.pipe(
          gather(),
          map((all): [string, readonly string[] | undefined] => [utf8(all), connection.tls?.peerCertificate?.names]),
        );
      }),
    ),
  );

const failureOf = (endpoint: ConnectTo): Promise<unknown> =>
  firstValueFrom(
    connect(endpoint).pipe(
      tap((connection) => connection.complete()),
      catchError((error: unknown) => of(error)),
    ),
  );

describe('a tls: behind our own SOCKS proxy keeps the contract of a Duplex', () => {
  let proxy = 0;
  let stop = (): void => {};
  beforeAll(async () => {
    const server = listen('tcp:0:interface=127.0.0.1');
    const running = server.pipe(serve(socks({ connect: dialHere }))).subscribe();
    stop = () => running.unsubscribe();
    proxy = ((await firstValueFrom(server.address$)) as IpAddress).port;
  });
  afterAll(() => stop());
  const cases = complianceOf({
    listen: () => listen({ type: 'tls', port: 0, interface: '127.0.0.1', ...own }),
    connect: (place) =>
      connect({
        type: 'socks5',
        host: '127.0.0.1',
        port: proxy,
        to: { type: 'tls', host: 'rope.test', port: Number(place), ca: target.ca },
      }),
    endpoint: () => '',
    reach: (address) => String((address as IpAddress).port),
    can: { reset: true, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

describe('tls: as what is behind a proxy', () => {
  test('in a socks5: and a connect:, as text: the target proves its name, which the proxy has looked up', async () => {
    const ca = file('root.pem', target.ca);
    const [port, { proxy, asked }, http] = await Promise.all([secureServer(), socksProxy(), httpProxy()]);
    const to = `to=tls\\:rope.test\\:${port}\\:ca=${ca}`;
    expect(await hello(`socks5:127.0.0.1:${proxy}:${to}`)).toEqual(['HELLO', ['rope.test']]);
    expect(asked).toEqual([expect.objectContaining({ host: 'rope.test', port })]);
    expect(await hello(`connect:127.0.0.1:${http}:${to}`)).toEqual(['HELLO', ['rope.test']]);
  });

  test('who has a certificate for the proxy, and not for the target, is not believed (RFC 9525 section 6)', async () => {
    const { proxy } = await socksProxy();
    const impostor = developmentCertificate({ names: ['127.0.0.1', 'localhost'] });
    const server = tlsListener(listen('tcp:0:interface=127.0.0.1'), {
      privateKey: impostor.privateKey,
      certKey: impostor.certificate,
    });
    const running = server.pipe(serve(upper)).subscribe();
    ends.push(() => running.unsubscribe());
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => {});
    ends.push(() => warned.mockRestore());
    const { port } = (await firstValueFrom(server.address$)) as IpAddress;
    const through = (servername?: string): ConnectTo => ({
      type: 'socks5',
      host: '127.0.0.1',
      port: proxy,
      to: { type: 'tls', host: 'rope.test', port, servername, ca: impostor.ca },
    });
    expect(await failureOf(through())).toBeInstanceOf(HostnameMismatch);
    expect(await hello(through('localhost'))).toMatchObject(['HELLO', expect.arrayContaining(['localhost'])]);
  });

  test('through two proxies, one of them reached through the other', async () => {
    const [port, { proxy, asked }, http] = await Promise.all([secureServer(), socksProxy(), httpProxy()]);
    const chain: ConnectTo = {
      type: 'socks5',
      host: '127.0.0.1',
      port: proxy,
      to: {
        type: 'connect',
        host: '127.0.0.1',
        port: http,
        to: { type: 'tls', host: 'rope.test', port, ca: target.ca },
      },
    };
    expect(await hello(chain)).toEqual(['HELLO', ['rope.test']]);
    expect(asked).toEqual([expect.objectContaining({ host: '127.0.0.1', port: http })]);
  });

  test('what says how this machine dials is refused: nobody here dials', async () => {
    const { proxy, asked } = await socksProxy();
    for (const field of ['bindAddress=127.0.0.1', 'timeout=1000']) {
      const failure = await failureOf(`socks5:127.0.0.1:${proxy}:to=tls\\:rope.test\\:443\\:${field}`);
      expect(failure).toBeInstanceOf(ConnectError);
      expect((failure as Error).message).toMatch(
        /^connecting to tls:rope\.test:443:.*: expected no (bindAddress|timeout): it is for a dial of this machine's/,
      );
    }
    expect(asked).toEqual([]);
  });

  test('an endpoint inside the tls: goes through the proxy, too; what would go around it is unknown there', async () => {
    const [port, { proxy, asked }] = await Promise.all([secureServer(), socksProxy()]);
    const to = { type: 'tls', host: 'rope.test', port: 1, ca: target.ca };
    const inside = { ...to, endpoint: { type: 'tcp', host: '127.0.0.1', port } };
    expect(await hello({ type: 'socks5', host: '127.0.0.1', port: proxy, to: inside })).toEqual([
      'HELLO',
      ['rope.test'],
    ]);
    expect(asked).toEqual([expect.objectContaining({ host: '127.0.0.1', port })]);
    expect(() => connect(`socks5:h:1:to=tls\\:rope.test\\:443\\:endpoint=unix\\\\\\:/run/x`)).toThrow(
      'unknown endpoint type unix:',
    );
  });
});

describe('a proxy as the way of a tls:', () => {
  test('tls:...:endpoint=socks5\\:...: the same thing, told from the other side', async () => {
    const ca = file('root.pem', target.ca);
    const [port, { proxy, asked }] = await Promise.all([secureServer(), socksProxy()]);
    const way = `socks5\\:127.0.0.1\\:${proxy}\\:to=tcp\\\\\\:rope.test\\\\\\:${port}`;
    expect(await hello(`tls:rope.test:${port}:ca=${ca}:endpoint=${way}`)).toEqual(['HELLO', ['rope.test']]);
    expect(asked).toEqual([expect.objectContaining({ host: 'rope.test', port })]);
  });
});

test('a proxy that is itself reached under TLS: each must prove its own name', async () => {
  const guard = developmentCertificate({ names: ['proxy.test'] });
  const [port, proxy] = await Promise.all([
    secureServer(),
    new Promise<number>((resolve) => {
      const server = tlsListener(listen('tcp:0:interface=127.0.0.1'), {
        privateKey: guard.privateKey,
        certKey: guard.certificate,
      });
      server.address$.subscribe((address) => resolve((address as IpAddress).port));
      const running = server.pipe(serve(socks({ connect: dialHere }))).subscribe();
      ends.push(() => running.unsubscribe());
    }),
  ]);
  const through: ConnectTo = {
    type: 'socks5',
    host: 'proxy.test',
    port: proxy,
    endpoint: { type: 'tls', host: '127.0.0.1', port: proxy, servername: 'proxy.test', ca: guard.ca },
    to: { type: 'tls', host: 'rope.test', port, ca: target.ca },
  };
  expect(await hello(through)).toEqual(['HELLO', ['rope.test']]);
});
