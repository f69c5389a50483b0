/** A server that stops while its connections go on for ever: WebSockets and streams of events, by programs of others. */
import { get, type IncomingMessage } from 'node:http';
import * as http2 from 'node:http2';
import { createGunzip } from 'node:zlib';
import { defer, firstValueFrom, identity, lastValueFrom, NEVER, Subject, startWith, takeUntil, toArray } from 'rxjs';
import { WebSocket } from 'ws';
import { over, serve, type CloseReason, type IpAddress } from 'ropewalk';
import { compose, events, routes, upgrade } from 'ropewalk/http';
import { compress, http } from 'ropewalk/http/node';
import { listen } from 'ropewalk/node';
import { webSocket } from 'ropewalk/websocket';
import { withPeers } from '../../peers.ts';
import { run } from '../proxies/programs.ts';

/** Somebody listens to events. */
const asked = new Subject<void>();

const site = compose(compress())(
  routes({
    'GET /ws': upgrade(webSocket(), identity),
    // It is not told who asks, and never ends by itself.
    'GET /events': () =>
      events(
        defer(() => {
          asked.next();
          return NEVER.pipe(startWith('x'.repeat(2_000)));
        }),
      ),
  }),
);

/** Serves until `stop`; `ends` is how all connections have ended, once there is none any more. */
async function served() {
  const stop = new Subject<void>();
  const server = listen('tcp:0:interface=127.0.0.1');
  const address = firstValueFrom(server.address$);
  const ends: Promise<CloseReason[]> = lastValueFrom(
    server.pipe(takeUntil(stop), serve(over(http(), site)), toArray()),
  );
  const { port } = (await address) as IpAddress;
  return { port, stop: () => stop.next(), ends };
}

const once = <T>(of: { once(event: string, tell: (value: T) => void): unknown }, event: string): Promise<T> =>
  new Promise((resolve) => of.once(event, resolve));

test('a WebSocket over HTTP/1 is told 1001, and answers', async () => {
  const { port, stop, ends } = await served();
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, 'open');
  const closed = once<number>(socket, 'close');
  stop();
  expect(await closed).toBe(1001);
  expect(await ends).toMatchObject([{ kind: 'done', code: 1001 }]);
});

test('a WebSocket over HTTP/2 is told so, too (RFC 8441)', async () => {
  const { port, stop, ends } = await served();
  const session = http2.connect(`http://127.0.0.1:${port}`);
  await once(session, 'remoteSettings');
  const socket = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/ws',
    'sec-websocket-version': '13',
  });
  expect((await once<http2.IncomingHttpHeaders>(socket, 'response'))[':status' as never]).toBe(200);
  const said = once<Buffer>(socket, 'data');
  const goaway = once<number>(session, 'goaway');
  stop();
  // A close frame with this code, and the same back, masked by nothing but zeros.
  expect([...(await said)]).toEqual([0x88, 2, 1001 >> 8, 1001 & 255]);
  socket.end(Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 1001 >> 8, 1001 & 255));
  expect(await goaway).toBe(0);
  await once(session, 'close');
  expect(await ends).toMatchObject([{ kind: 'done' }]);
});

test('a stream of events over HTTP/1 ends, whole, and its connection with it', async () => {
  const { port, stop, ends } = await served();
  const response = await new Promise<IncomingMessage>((resolve) =>
    get({ port, path: '/events', agent: false }, resolve),
  );
  let said = '';
  response.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(response, 'end');
  await once(response, 'data');
  stop();
  await ended;
  expect([response.complete, said.endsWith('x\n\n')]).toEqual([true, true]);
  expect(await ends).toEqual([{ kind: 'done' }]);
});

test('so does one that is compressed: what unpacks it finds its end', async () => {
  const { port, stop, ends } = await served();
  const response = await new Promise<IncomingMessage>((resolve) =>
    get({ port, path: '/events', agent: false, headers: { 'Accept-Encoding': 'gzip' } }, resolve),
  );
  expect(response.headers['content-encoding']).toBe('gzip');
  const unpacked = response.pipe(createGunzip());
  let said = '';
  unpacked.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(unpacked, 'end');
  await once(unpacked, 'data');
  stop();
  await ended;
  expect(said).toMatch(/data: x+\n\n$/);
  expect(await ends).toEqual([{ kind: 'done' }]);
});

test('and one over HTTP/2', async () => {
  const { port, stop, ends } = await served();
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const stream = session.request({ ':path': '/events' });
  const ended = once(stream, 'end');
  const over$ = once(session, 'close');
  await once(stream, 'data');
  stop();
  await ended;
  expect(stream.rstCode).toBe(0);
  await over$;
  expect(await ends).toEqual([{ kind: 'done' }]);
});

withPeers('curl')('with curl', () => {
  test.each(['--http1.1', '--http2-prior-knowledge'])(
    '%s ends with 0, as it does for what is whole',
    async (version) => {
      const { port, stop, ends } = await served();
      const listens = firstValueFrom(asked);
      const running = run('curl', '-sN', version, `http://127.0.0.1:${port}/events`);
      await listens;
      stop();
      expect(await running).toMatchObject({ code: 0, output: expect.stringMatching(/^:\n\ndata: x+\n\n$/) as string });
      expect(await ends).toEqual([{ kind: 'done' }]);
    },
  );
});
