/** Upgrades through the adapters of node:http: `ws` behind our server, our WebSockets in theirs. */
import { createServer, type Server } from 'node:http';
import * as http2 from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import express from 'express';
import { map, Subject, finalize } from 'rxjs';
import { WebSocket, WebSocketServer } from 'ws';
import { bytes, over, utf8 } from 'ropewalk';
import { HttpError, Response, reverseProxy, routes, text, upgrade } from 'ropewalk/http';
import { fromNodeListener, http, toNodeListener } from 'ropewalk/http/node';
import { connect as dialTo } from 'ropewalk/node';
import { webSocket } from 'ropewalk/websocket';
import { withPeers } from '../../peers.ts';
import { run, serving, stopAll } from '../proxies/programs.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await stopAll();
});

const once = <T>(of: { once(event: string, tell: (value: T) => void): unknown }, event: string): Promise<T> =>
  new Promise((resolve) => of.once(event, resolve));

/** A client of somebody else; what it hears is a list of texts. */
function clientOf(url: string, protocols: string[] = []) {
  const socket = new WebSocket(url, protocols);
  const heard: string[] = [];
  socket.on('message', (data: Buffer) => heard.push(data.toString()));
  closing.push(() => socket.terminate());
  return { socket, heard };
}

describe('a server of theirs behind ours', () => {
  /** A page of express, and `ws` at `/ws` of the same server, which greets and echoes. */
  function theirs(): { server: Server; sockets: WebSocketServer; left: Promise<number> } {
    const app = express();
    app.get('/page', (_, response) => void response.send('theirs'));
    const server = createServer(app);
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'chat' });
    server.on('upgrade', (request, socket, head) => {
      if (request.url === '/ws')
        sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
      else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    const left = new Promise<number>((resolve) => {
      sockets.on('connection', (client) => {
        client.send('welcome');
        client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
        client.on('close', resolve);
      });
    });
    return { server, sockets, left };
  }

  test('its page, and its WebSocket, which ends as either side ends it', async () => {
    const { server, left } = theirs();
    const port = await serving(
      over(http(), routes({ 'GET /ours': () => text('ours'), '/*': fromNodeListener(server) })),
    );
    expect(await (await fetch(`http://127.0.0.1:${port}/page`)).text()).toBe('theirs');
    const { socket, heard } = clientOf(`ws://127.0.0.1:${port}/ws`, ['chat']);
    await once(socket, 'open');
    expect(socket.protocol).toBe('chat');
    const long = 'x'.repeat(300_000);
    socket.send(long);
    socket.send('bye');
    while (heard.at(-1) !== 'bye') await once(socket, 'message');
    expect(heard).toEqual(['welcome', long, 'bye']);
    socket.close(4001);
    expect(await left).toBe(4001);
    expect(await once<number>(socket, 'close')).toBe(4001);
    expect(server.listening).toBe(false);
  });

  test('what it refuses is refused', async () => {
    const { server } = theirs();
    const port = await serving(over(http(), fromNodeListener(server)));
    const { socket } = clientOf(`ws://127.0.0.1:${port}/other`);
    expect(await once<Error>(socket, 'error')).toMatchObject({ message: 'Unexpected server response: 404' });
  });

  test('a client that is lost is lost to it, too', async () => {
    const { server, left } = theirs();
    const port = await serving(over(http(), fromNodeListener(server)));
    const { socket } = clientOf(`ws://127.0.0.1:${port}/ws`);
    await once(socket, 'message');
    socket.terminate();
    expect(await left).toBe(1006);
  });

  test('over HTTP/2 (RFC 8441), where there is no key to ask with', async () => {
    const { server, left } = theirs();
    const port = await serving(over(http(), routes({ '/*': fromNodeListener(server) })));
    const session = http2.connect(`http://127.0.0.1:${port}`);
    closing.push(() => session.destroy());
    await once(session, 'remoteSettings');
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/ws',
      'sec-websocket-version': '13',
    });
    const fields = await once<http2.IncomingHttpHeaders & { ':status': number }>(stream, 'response');
    expect(fields[':status']).toBe(200);
    expect(utf8((await once<Uint8Array>(stream, 'data')).subarray(2))).toBe('welcome');
    stream.end(Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 1000 >> 8, 1000 & 255));
    expect(await left).toBe(1000);
  });

  test('and a reverse proxy passes such a one on to whoever speaks HTTP/1.1', async () => {
    const { server, left } = theirs();
    const behind = await serving(over(http(), fromNodeListener(server)));
    const proxy = reverseProxy({ connect: () => dialTo(`tcp:127.0.0.1:${behind}`) });
    const port = await serving(over(http(), routes({ '/*': proxy })));
    const session = http2.connect(`http://127.0.0.1:${port}`);
    closing.push(() => session.destroy());
    await once(session, 'remoteSettings');
    const asked = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/ws', 'sec-websocket-version': '13' };
    const stream = session.request(asked);
    expect(utf8((await once<Uint8Array>(stream, 'data')).subarray(2))).toBe('welcome');
    stream.end(Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 1000 >> 8, 1000 & 255));
    expect(await left).toBe(1000);
  });

  withPeers('curl')('where nobody waits for upgrades', () => {
    test('who offers one (curl --http2 in the clear) gets the page all the same', async () => {
      const app = express();
      app.get('/', (request, response) => void response.send(`${request.get('upgrade') ?? 'plain'}`));
      const port = await serving(over(http(), fromNodeListener(app)));
      expect((await run('curl', '-s', '--http2', `http://127.0.0.1:${port}/`)).output).toBe('plain');
    });
  });
});

describe('our WebSockets in a server of theirs', () => {
  const ended = new Subject<void>();
  const site = routes({
    'GET /page': () => text('ours'),
    'GET /ws/:room': upgrade(webSocket({ protocols: ['chat'] }), (said, connection, { request, subprotocol }) =>
      said.pipe(
        map(
          (message) =>
            `${subprotocol} ${request.path} ${String(connection.remote).replace(/\d+$/, '')} ${String(message)}`,
        ),
        finalize(() => ended.next()),
      ),
    ),
    'GET /no': () => {
      throw new HttpError(403, 'not for you');
    },
    'GET /raw': () => new Response({ status: 101, headers: { Upgrade: 'raw' }, upgrade: map((chunk) => chunk) }),
  });
  let server: Server;
  let port = 0;
  beforeEach(async () => {
    const listener = toNodeListener(site);
    server = createServer(listener).on('upgrade', listener.upgrade).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    closing.push(() => server.close());
  });

  test('by the same routes: messages, who it is, and the end', async () => {
    expect(await (await fetch(`http://127.0.0.1:${port}/page`)).text()).toBe('ours');
    const { socket, heard } = clientOf(`ws://127.0.0.1:${port}/ws/blue`, ['chat']);
    await once(socket, 'open');
    socket.send('hello');
    await once(socket, 'message');
    expect(heard).toEqual(['chat /ws/blue 127.0.0.1: hello']);
    const over$ = new Promise<void>((resolve) => ended.subscribe(resolve));
    socket.close(4002);
    await over$;
    expect(await once<number>(socket, 'close')).toBe(4002);
  });

  test('what is refused is answered, and the connection ends', async () => {
    const { socket } = clientOf(`ws://127.0.0.1:${port}/no`);
    expect(await once<Error>(socket, 'error')).toMatchObject({ message: 'Unexpected server response: 403' });
    const none = clientOf(`ws://127.0.0.1:${port}/none`);
    expect(await once<Error>(none.socket, 'error')).toMatchObject({ message: 'Unexpected server response: 404' });
  });

  test('what comes behind the request, in the same piece, is for the new protocol', async () => {
    const socket = connect(port, '127.0.0.1');
    closing.push(() => socket.destroy());
    socket.write('GET /raw HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\nearly');
    let heard = '';
    while (!heard.endsWith('early')) heard += utf8(await once<Uint8Array>(socket, 'data'));
    expect(heard).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\nUpgrade: raw\r\n/);
    socket.end(bytes(' and late'));
    expect(utf8(await once<Uint8Array>(socket, 'data'))).toBe(' and late');
    await once(socket, 'close');
  });
});
