/** The WebSocket of a platform as a connection: here that of the package `ws`, at both ends; Chromium's is in chromium/. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import {
  bytes,
  ConnectError,
  ConnectionAborted,
  ConnectionLost,
  ConnectTimeout,
  EndpointError,
  formatEndpoint,
  IpAddress,
  LimitExceeded,
  Listener,
  ListenError,
  parseEndpoint,
  ProtocolError,
  utf8,
  type Bytes,
  type CloseReason,
  type Connection,
} from 'ropewalk';
import { connect, dial, fromWebSocket, subprotocolOf, type WebSocketClass, type WebSocketLike } from 'ropewalk/browser';
import { complianceOf } from 'ropewalk/marbles';
import {
  closeCodes,
  webSocketMessages,
  webSocketText,
  WebSocketClosed,
  type WebSocketMessage,
} from 'ropewalk/websocket';
import { wsClient, wssClient } from '../../protocols/websocket/endpoint.ts';

/** Node 20 has no WebSocket of its own. */
const given = { WebSocket: WebSocket as unknown as WebSocketClass };

/** A place whose connections are WebSockets that `ws` has accepted. */
function listen(): Listener {
  return new Listener((events) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('listening', () => events.bound(new IpAddress('127.0.0.1', (server.address() as AddressInfo).port)));
    server.on('connection', (socket) => events.accepted(fromWebSocket(socket as unknown as WebSocketLike)));
    server.on('error', (cause) => events.failed(new ListenError('listening for WebSockets', { cause })));
    return () => server.close();
  });
}

describe('a WebSocket of the platform keeps the contract of a Duplex, but for what it cannot do', () => {
  const cases = complianceOf({
    listen,
    connect: (place) => connect({ type: 'ws', host: '127.0.0.1', port: Number(place), ...given }),
    endpoint: () => '',
    reach: (address) => String((address as IpAddress).port),
    can: { reset: true, halfClose: false, pressure: false, messages: true },
    open: () => process.getActiveResourcesInfo().filter((name) => /^(TCP|Timeout|Immediate)/.test(name)),
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

/** A server of `ws`, and a connection with it; what the server has in hand is a socket of that package. */
describe('a connection over a WebSocket', () => {
  let server: WebSocketServer;
  let far: WebSocket;
  let near: Connection;
  let url: { host: string; port: number };

  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    url = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    near = await dial({ type: 'ws', ...url, ...given, maxUnread: 100_000 });
    [far] = await accepted;
  });
  afterEach(async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  /** The next so many messages that the far end hears: text as it is, bytes as numbers. */
  const heardFar = (count: number): Promise<(string | number[])[]> =>
    new Promise((resolve) => {
      const heard: (string | number[])[] = [];
      far.on('message', (data: Buffer, isBinary: boolean) => {
        heard.push(isBinary ? [...data] : data.toString());
        if (heard.length === count) resolve(heard);
      });
    });

  /** What arrives from now on. */
  function hear(): { chunks: Bytes[]; end: Promise<unknown> } {
    const chunks: Bytes[] = [];
    const end = new Promise((resolve) =>
      near.subscribe({ next: (chunk) => chunks.push(chunk), error: resolve, complete: () => resolve('complete') }),
    );
    return { chunks, end };
  }

  test('each chunk is one binary message, and each message one chunk, text as its UTF-8 bytes', async () => {
    const [arrived, { chunks, end }] = [heardFar(2), hear()];
    near.next(bytes([1, 2]));
    near.next(bytes([3]));
    expect(await arrived).toEqual([[1, 2], [3]]);
    far.send('héllo');
    far.send(new Uint8Array([0, 255]));
    far.close(1000);
    expect(await end).toBe('complete');
    expect(chunks.map((chunk) => Array.from(chunk))).toEqual([Array.from(bytes('héllo')), [0, 255]]);
  });

  test('webSocketText() over it speaks text, webSocketMessages() tells text and bytes apart', async () => {
    const arrived = heardFar(1);
    near.over(webSocketText()).next('héllo');
    expect(await arrived).toEqual(['héllo']);
    const messages: WebSocketMessage[] = [];
    near.over(webSocketMessages()).subscribe({ next: (message) => messages.push(message), error() {} });
    far.send('text');
    far.send(new Uint8Array([7]));
    far.close(1000);
    await near.closed;
    expect(messages).toEqual(['text', bytes([7])]);
  });

  test.each<[string, number, string, CloseReason['kind']]>([
    ['in order', 1000, 'bye', 'done'],
    ['because it goes away', 1001, '', 'done'],
    ['with a code of a program', 4001, 'log in', 'done'],
    ['because of an error', 1011, 'out of order', 'lost'],
    ['as a page breaks off', closeCodes.brokenOff, '', 'lost'],
  ])('closed tells code and text of a peer that closes %s', async (_, code, text, kind) => {
    const { end } = hear();
    far.close(code, text);
    expect(await near.closed).toMatchObject({ kind, code, text });
    const heard = await end;
    if (kind === 'done') expect(heard).toBe('complete');
    else expect(heard).toMatchObject({ name: 'WebSocketClosed', hint: code, text });
  });

  test('a peer that vanishes is a loss with 1006', async () => {
    const { end } = hear();
    far.terminate();
    const reason = (await near.closed) as CloseReason & { error: unknown };
    expect(reason).toMatchObject({ kind: 'lost', code: 1006 });
    expect(reason.error).toBeInstanceOf(ConnectionLost);
    expect(await end).toBe(reason.error);
  });

  test('a peer that closes while there is more to say is a loss', async () => {
    near.subscribe({ complete: () => near.next(bytes('one more thing')), error() {} });
    far.close(1000);
    expect(await near.closed).toMatchObject({ kind: 'lost', error: expect.any(ConnectionLost) });
  });

  test.each<[string, unknown, number, string]>([
    ['a code of its own', new WebSocketClosed(4001, 'log in'), 4001, 'log in'],
    ['1000', new WebSocketClosed(1000, 'enough'), 1000, 'enough'],
    ['a code that no page may say', new ProtocolError('not JSON', { hint: 1007 }), closeCodes.brokenOff, 'not JSON'],
    ['no code', new Error('secret'), closeCodes.brokenOff, ''],
    ['a text that is too long', new WebSocketClosed(4002, 'é'.repeat(100)), 4002, 'é'.repeat(61)],
  ])('an abort with %s is told the peer', async (_, error, code, text) => {
    const told = once(far, 'close') as Promise<[number, Buffer]>;
    near.error(error);
    expect(await near.closed).toEqual({ kind: 'aborted', error, code, text });
    const [saidCode, saidText] = await told;
    expect([saidCode, saidText.toString()]).toEqual([code, text]);
  });

  test('complete says good-bye with 1000, after all that was written', async () => {
    const [arrived, told] = [heardFar(3), once(far, 'close')];
    for (const text of ['one', 'two', 'three']) near.next(bytes(text));
    near.complete();
    expect((await arrived).map((each) => utf8(bytes(each as number[])))).toEqual(['one', 'two', 'three']);
    expect((await told)[0]).toBe(1000);
    expect(await near.closed).toEqual({ kind: 'done', code: 1000, text: '' });
  });

  test('what arrives while nobody listens waits, up to a limit', async () => {
    for (let n = 0; n < 4; n++) far.send(new Uint8Array(50_000));
    const reason = (await near.closed) as CloseReason & { error: LimitExceeded };
    expect(reason).toMatchObject({ kind: 'aborted', error: { name: 'LimitExceeded', limit: 100_000 } });
    expect(reason.error.message).toContain('bytes from ws://127.0.0.1:');
  });

  test('one message above the limit is heard by whoever listens', async () => {
    const { chunks, end } = hear();
    far.send(new Uint8Array(150_000));
    far.close(1000);
    expect(await end).toBe('complete');
    expect(chunks.map(({ length }) => length)).toEqual([150_000]);
  });

  test('what cannot be sent aborts: the platform refuses it, not the program', async () => {
    const refusing = new WebSocket(`ws://${url.host}:${url.port}`);
    await once(refusing, 'open');
    const failure = new TypeError('not shared memory');
    refusing.send = () => {
      throw failure;
    };
    const connection = fromWebSocket(refusing as unknown as WebSocketLike);
    connection.next(bytes('x'));
    expect(await connection.closed).toMatchObject({ kind: 'aborted', error: failure });
  });
});

describe('what a platform has taken and not sent', () => {
  /** A WebSocket that sends when it is told to. */
  class Slow extends EventTarget {
    readonly readyState = 1;
    readonly protocol = 'chat.v2';
    binaryType = '';
    bufferedAmount = 0;
    readonly said: unknown[] = [];
    send(message: string | Bytes): void {
      this.said.push(message.length);
      this.bufferedAmount += message.length;
    }
    close(code?: number): void {
      this.said.push(`close ${code}`);
    }
  }

  test('is at most 64 KiB and a message; the rest is kept, and no timer runs once there is room', async () => {
    const socket = new Slow();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const connection = fromWebSocket(socket as unknown as WebSocketLike);
    expect([String(connection), subprotocolOf(connection)]).toEqual(['the connection with (unnamed)', 'chat.v2']);
    expect(timers()).toBe(before);
    for (let n = 0; n < 6; n++) connection.next(new Uint8Array(40_000));
    connection.flush();
    expect([socket.said, connection.state.unsent]).toEqual([[40_000, 40_000], 240_000]);
    expect(timers()).toBe(before + 1);
    socket.bufferedAmount = 0;
    while (socket.said.length < 4) await new Promise(setImmediate);
    socket.bufferedAmount = 0;
    while (socket.said.length < 6) await new Promise(setImmediate);
    connection.complete();
    expect(socket.said.slice(-1)).toEqual(['close 1000']);
    socket.bufferedAmount = 0;
    while (timers() > before) await new Promise(setImmediate);
    connection.error(new Error('enough'));
    await connection.closed;
  });
});

describe('dialling a WebSocket', () => {
  test('a URL is a description, and parsed and formatted the same', () => {
    const types = { ws: wsClient, wss: wssClient };
    const urls = ['wss://chat.example', 'ws://127.0.0.1:8080/ws?room=a:b&x=1', 'wss://[::1]:8443/'];
    const parsed = urls.map((url) => parseEndpoint(types, url));
    expect(parsed).toEqual([
      { type: 'wss', host: 'chat.example' },
      { type: 'ws', host: '127.0.0.1', port: 8080, path: '/ws?room=a:b&x=1' },
      { type: 'wss', host: '::1', port: 8443 },
    ]);
    expect(parsed.map((typed) => formatEndpoint(types, typed))).toEqual([
      'wss://chat.example/',
      'ws://127.0.0.1:8080/ws?room=a:b&x=1',
      'wss://[::1]:8443/',
    ]);
  });

  test.each([
    ['ws:chat.example', 'expected a URL like ws://example.org/path'],
    ['wss:///room', 'expected a URL like wss://example.org/path'],
    ['wss://chat.example:x/', 'expected a URL like wss://example.org/path'],
    ['wss://chat.example/#room', 'without a fragment'],
    ['wss://ada:secret@chat.example/', 'without a user name'],
    ['https://chat.example/', 'unknown endpoint type https:'],
  ])('%s is refused', (url, problem) => {
    expect(() => connect(url)).toThrow(EndpointError);
    expect(() => connect(url)).toThrow(problem);
  });

  test('a subprotocol must be a token', () => {
    expect(() => connect({ type: 'ws', host: 'x', protocols: ['a b'] })).toThrow("a token, got 'a b'");
  });

  test('a subprotocol is offered, and told when it was chosen', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: (offered) => [...offered][1] });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connection = await dial({ type: 'ws', host: '127.0.0.1', port, protocols: ['v2', 'v1'], ...given });
    expect([subprotocolOf(connection), String(connection.remote)]).toEqual(['v1', `ws://127.0.0.1:${port}/`]);
    connection.complete();
    await connection.closed;
    server.close();
  });

  test('where there is no WebSocket it says what to do instead', async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
    Object.defineProperty(globalThis, 'WebSocket', { value: undefined, configurable: true });
    await expect(dial('ws://127.0.0.1:1')).rejects.toThrow('there is no WebSocket here; webSocketClient()');
    if (before) Object.defineProperty(globalThis, 'WebSocket', before);
    else delete (globalThis as { WebSocket?: unknown }).WebSocket;
  });

  test('what is refused is a ConnectError, and a server that never answers a ConnectTimeout', async () => {
    const { createServer } = await import('node:net');
    const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const place = { type: 'ws', host: '127.0.0.1', port, ...given } as const;
    await expect(dial({ ...place, timeout: 20 })).rejects.toBeInstanceOf(ConnectTimeout);
    await new Promise((resolve) => silent.close(resolve));
    const refused = dial(place);
    await expect(refused).rejects.toBeInstanceOf(ConnectError);
    await expect(refused).rejects.toThrow(`opening the WebSocket ws://127.0.0.1:${port}/ failed: `);
  });

  test('what arrives after an abort is nothing to anybody', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (socket) => socket.send('hello'));
    const { port } = server.address() as AddressInfo;
    const connection = await dial({ type: 'ws', host: '127.0.0.1', port, ...given });
    const errors: unknown[] = [];
    connection.subscribe({ error: (error: unknown) => errors.push(error) });
    connection.error(new Error('enough'));
    await connection.closed;
    await new Promise((resolve) => server.close(resolve));
    expect(errors).toEqual([expect.any(ConnectionAborted)]);
  });
});
