/** WebSocket with those who have implemented it before: `ws`, and Python's websockets; servers and clients, compressed and not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { identity, switchMap, take, toArray } from 'rxjs';
import WebSocket, { WebSocketServer } from 'ws';
import { bytes } from 'ropewalk';
import { upgrade } from 'ropewalk/http';
import { connect } from 'ropewalk/node';
import { webSocket, webSocketClient, type WebSocketClientOptions, type WebSocketMessage } from 'ropewalk/websocket';
import { permessageDeflate, type PerMessageDeflateOptions } from 'ropewalk/websocket/node';
import { python, withPeers } from '../../peers.ts';
import { serveSite } from './serveSite.ts';

const messages: WebSocketMessage[] = [
  'hello',
  '',
  'héllo 𝄞',
  bytes([0, 255, 1]),
  'x'.repeat(70_000),
  new Uint8Array(200_000).fill(7),
];

/** What our client gets back for all of them. */
function echoed(url: string, options: Partial<WebSocketClientOptions> = {}): Promise<WebSocketMessage[]> {
  return new Promise((resolve, reject) =>
    webSocketClient(url, { connect, ...options })
      .pipe(
        switchMap((socket) => {
          for (const message of messages) socket.next(message);
          return socket;
        }),
        take(messages.length),
        toArray(),
      )
      .subscribe({ next: resolve, error: reject }),
  );
}

const plain = (all: readonly WebSocketMessage[]): string[] =>
  all.map((each) => (typeof each === 'string' ? `text ${each}` : `bytes ${Buffer.from(each).toString('hex')}`));

const wishes: [string, PerMessageDeflateOptions | undefined][] = [
  ['not compressed', undefined],
  ['compressed', { threshold: 0 }],
  ['compressed, each message alone', { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true }],
  ['compressed, with small windows', { threshold: 0, serverMaxWindowBits: 10, clientMaxWindowBits: 9 }],
];

describe.each(wishes)('ws, %s', (_, wish) => {
  const compression = wish && permessageDeflate(wish);

  test('its client and our server', async () => {
    const { port, stop, reasons } = await serveSite(upgrade(webSocket({ compression }), identity));
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, {
      perMessageDeflate: wish !== undefined && { threshold: 0 },
    });
    await once(client, 'open');
    expect(client.extensions.includes('permessage-deflate')).toBe(wish !== undefined);
    const heard: WebSocketMessage[] = [];
    const all = new Promise<void>((resolve) =>
      client.on('message', (data: Buffer, binary) => {
        heard.push(binary ? data : data.toString());
        if (heard.length === 2 * messages.length) resolve();
      }),
    );
    for (const message of [...messages, ...messages]) client.send(message);
    await all;
    expect(plain(heard)).toEqual(plain([...messages, ...messages]));
    client.ping('there?');
    expect(String((await once(client, 'pong'))[0])).toBe('there?');
    client.close(4000, 'enough');
    expect((await once(client, 'close'))[0]).toBe(4000);
    expect(await reasons.get()).toEqual({ kind: 'done', code: 4000, text: 'enough' });
    stop();
  });

  test('its server and our client', async () => {
    const server = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      perMessageDeflate: wish !== undefined && { threshold: 0 },
    });
    const closed = new Promise((resolve) =>
      server.on('connection', (socket) => {
        socket.on('message', (data, binary) => socket.send(data as Buffer, { binary }));
        socket.on('close', resolve);
      }),
    );
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(plain(await echoed(url, { compression }))).toEqual(plain(messages));
    expect(await closed).toBe(1000);
    server.close();
  });
});

test('ws is told by a code what it did wrong', async () => {
  const { port, stop } = await serveSite(upgrade(webSocket({ max: 1000 }), identity));
  const client = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(client, 'open');
  client.send('x'.repeat(1001));
  expect((await once(client, 'close'))[0]).toBe(1009);
  stop();
});

withPeers('python3:websockets')('Python’s websockets', () => {
  test('its client and our server, compressed', async () => {
    const { port, stop, reasons } = await serveSite(
      upgrade(webSocket({ compression: permessageDeflate({ threshold: 0 }), protocols: ['echo'] }), identity),
    );
    const program = `
import asyncio, websockets
async def main():
    async with websockets.connect('ws://127.0.0.1:${port}/', subprotocols=['echo']) as socket:
        for message in ['héllo', b'\\x00\\xff', 'x' * 70000, '', b'']:
            await socket.send(message)
            assert await socket.recv() == message
        await socket.send(['in ', 'frag', 'ments'])
        print(await socket.recv(), socket.subprotocol, [type(e).__name__ for e in socket.extensions])
        await (await socket.ping())
asyncio.run(main())`;
    const child = spawn(python, ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(output).toBe("in fragments echo ['PerMessageDeflate']\n");
    expect(await reasons.get()).toMatchObject({ kind: 'done', code: 1000 });
    stop();
  });

  test('its server and our client, compressed', async () => {
    const program = `
import asyncio, websockets
async def echo(socket, path=None):
    async for message in socket:
        await socket.send(message)
async def main():
    async with websockets.serve(echo, '127.0.0.1', 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())`;
    const child = spawn(python, ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const compression = permessageDeflate({ threshold: 0 });
    expect(plain(await echoed(`ws://127.0.0.1:${Number(String(line))}/`, { compression }))).toEqual(plain(messages));
    child.kill();
    await once(child, 'close');
  });
});
