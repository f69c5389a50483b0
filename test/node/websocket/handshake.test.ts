/** WebSocket from the first byte of HTTP on, between our client and our server. */
import { identity, map, NEVER, switchMap, take, throwError, toArray } from 'rxjs';
import { ConnectError, ConnectionRefused, ProtocolError, serve } from 'ropewalk';
import { HttpError, Request, upgrade, type Response } from 'ropewalk/http';
import { connect } from 'ropewalk/node';
import { marbles } from 'ropewalk/marbles';
import {
  acceptFor,
  dialWebSocket,
  webSocket,
  webSocketClient,
  WebSocketClosed,
  type WebSocketMessage,
  type WebSocketOptions,
} from 'ropewalk/websocket';
import { permessageDeflate } from 'ropewalk/websocket/node';
import { serveSite } from './serveSite.ts';

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const asking = {
  Host: 'example.org',
  Upgrade: 'websocket',
  Connection: 'keep-alive, Upgrade',
  'Sec-WebSocket-Key': key,
  'Sec-WebSocket-Version': '13',
};

/** What a server answers to such a request. */
function answer(headers: Record<string, string | string[] | undefined>, options?: WebSocketOptions, method = 'GET') {
  const request = new Request({ method, target: '/ws', headers: { ...asking, ...headers } });
  return upgrade(webSocket(options), identity)(request) as Response;
}

function refusal(...asked: Parameters<typeof answer>): HttpError {
  try {
    answer(...asked);
  } catch (error) {
    return error as HttpError;
  }
  throw new Error('it was not refused');
}

describe('the answer (RFC 6455 section 4.2.2)', () => {
  test('proves that the key was read', () => {
    const response = answer({});
    expect(response.status).toBe(101);
    expect(response.headers.get('Sec-WebSocket-Accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(acceptFor('x3JJHMbDL1EzLkh9GBhXDw==')).toBe('HSmrc0sMlYUkAGmm5OPpG2HaGWk=');
  });

  test.each([
    ['what asks for nothing', { Upgrade: undefined }, 426],
    ['what asks for something else', { Upgrade: 'h2c' }, 426],
    ['an Upgrade that Connection does not name', { Connection: 'keep-alive' }, 426],
    ['another version', { 'Sec-WebSocket-Version': '8' }, 426],
    ['no version', { 'Sec-WebSocket-Version': undefined }, 426],
    ['no key', { 'Sec-WebSocket-Key': undefined }, 400],
    ['two keys', { 'Sec-WebSocket-Key': [key, key] }, 400],
    ['a key that is not of 16 bytes', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, 400],
    ['subprotocols that come twice', { 'Sec-WebSocket-Protocol': 'a, a' }, 400],
    ['an origin that may not', { Origin: 'https://evil.example' }, 403],
  ] as [string, Record<string, string>, number][])('%s is refused', (_, headers, status) => {
    const error = refusal(headers, { origins: ['https://example.org'] });
    expect(error).toBeInstanceOf(HttpError);
    expect(error.status).toBe(status);
    // RFC 6455 section 4.4: "The server MUST ... send the Sec-WebSocket-Version header field with the values it supports".
    if (status === 426) expect(error.headers.get('Sec-WebSocket-Version')).toBe('13');
  });

  test('POST is refused', () => {
    expect(refusal({}, {}, 'POST').status).toBe(405);
  });

  test('a subprotocol is chosen: by the order of the server, or by whoever chooses', () => {
    const offer = { 'Sec-WebSocket-Protocol': 'soap, wamp, mqtt' };
    expect(answer(offer, { protocols: ['mqtt', 'soap'] }).headers.get('Sec-WebSocket-Protocol')).toBe('mqtt');
    expect(answer(offer, { protocols: ['xmpp'] }).headers.has('Sec-WebSocket-Protocol')).toBe(false);
    expect(answer(offer, { protocols: (offered) => offered[1] }).headers.get('Sec-WebSocket-Protocol')).toBe('wamp');
    expect(() => answer(offer, { protocols: () => 'xmpp' })).toThrow(TypeError);
  });

  test('origins may be decided by a function; who sends none is no browser', () => {
    expect(answer({}, { origins: ['https://example.org'] }).status).toBe(101);
    expect(refusal({}, { origins: (origin) => origin !== undefined }).status).toBe(403);
    expect(answer({ Origin: 'HTTPS://example.org' }, { origins: ['https://example.org'] }).status).toBe(101);
  });

  test.each([
    ['permessage-deflate', 'permessage-deflate'],
    ['permessage-deflate; client_max_window_bits', 'permessage-deflate'],
    ['permessage-deflate; client_max_window_bits=10', 'permessage-deflate; client_max_window_bits=10'],
    ['permessage-deflate; server_max_window_bits="12"', 'permessage-deflate; server_max_window_bits=12'],
    [
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
    ['permessage-deflate; unknown, permessage-deflate', 'permessage-deflate'],
    ['permessage-deflate; server_max_window_bits=8', undefined],
    ['permessage-deflate; server_max_window_bits=16', undefined],
    ['permessage-deflate; server_max_window_bits', undefined],
    ['permessage-deflate; client_no_context_takeover=1', undefined],
    ['permessage-deflate; client_no_context_takeover; client_no_context_takeover', undefined],
    ['x-webkit-deflate-frame', undefined],
    ['permessage-deflate; =', undefined],
  ])('an offer of %s is answered with %s (RFC 7692 section 7.1)', (offer, expected) => {
    const response = answer({ 'Sec-WebSocket-Extensions': offer }, { compression: permessageDeflate() });
    expect(response.headers.get('Sec-WebSocket-Extensions')).toBe(expected);
  });

  test('a stream of HTTP/2 is opened with 200 (RFC 8441 section 5)', () => {
    const headers = { 'Sec-WebSocket-Version': '13' };
    const request = new Request({ method: 'CONNECT', upgrade: 'websocket', version: '2', target: '/ws', headers });
    expect(upgrade(webSocket(), identity)(request)).toMatchObject({ status: 200 });
  });
});

/** The first messages that come back for these. */
function exchange(url: string, options: Partial<Parameters<typeof webSocketClient>[1]>, ...said: WebSocketMessage[]) {
  return new Promise<WebSocketMessage[]>((resolve, reject) =>
    webSocketClient(url, { connect, ...options })
      .pipe(
        switchMap((socket) => {
          for (const each of said) socket.next(each);
          return socket;
        }),
        take(said.length),
        toArray(),
      )
      .subscribe({ next: resolve, error: reject }),
  );
}

describe('our client and our server', () => {
  test('messages go both ways, and both say good-bye', async () => {
    const { port, stop, reasons } = await serveSite(
      upgrade(
        webSocket(),
        map((message) => `${String(message)}!`),
      ),
    );
    expect(await exchange(`ws://127.0.0.1:${port}/ws`, {}, 'one', 'two')).toEqual(['one!', 'two!']);
    expect(await reasons.get()).toEqual({ kind: 'done', code: 1000, text: '' });
    stop();
  });

  test('a protocol knows its request and its subprotocol', async () => {
    const { port, stop } = await serveSite(
      upgrade(webSocket({ protocols: ['b', 'c'] }), (said, _, { request, subprotocol }) =>
        said.pipe(map(() => `${request.target} ${subprotocol} ${request.headers.get('x-name')}`)),
      ),
    );
    const socket = await dialWebSocket(`ws://127.0.0.1:${port}/ws?q=1`, {
      connect,
      protocols: ['a', 'b'],
      headers: { 'X-Name': 'joe' },
    });
    expect(socket.subprotocol).toBe('b');
    socket.next('?');
    expect(await new Promise((resolve) => socket.subscribe(resolve))).toBe('/ws?q=1 b joe');
    socket.complete();
    expect(await socket.closed).toMatchObject({ code: 1000 });
    stop();
  });

  test('compressed messages are smaller on the wire', async () => {
    let wire = 0;
    const { port, stop } = await serveSite(upgrade(webSocket({ compression: permessageDeflate() }), identity));
    const text = 'the same again '.repeat(1000);
    const counted = (endpoint: string) =>
      connect(endpoint).pipe(
        map((connection) => {
          connection.closed.addCallback(() => (wire = connection.state.bytesReceived + connection.state.bytesSent));
          return connection;
        }),
      );
    expect(
      await exchange(`ws://127.0.0.1:${port}/`, { connect: counted, compression: permessageDeflate() }, text, text),
    ).toEqual([text, text]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(wire).toBeLessThan(2000);
    stop();
  });

  test('a refusal has its status; nobody there is what it always is; a URL must be one of ws:', async () => {
    const { port, stop } = await serveSite(() => {
      throw new HttpError(403, 'not you');
    });
    await expect(exchange(`ws://127.0.0.1:${port}/`, {}, 'x')).rejects.toMatchObject({
      name: 'WebSocketRefused',
      status: 403,
    });
    stop();
    await expect(exchange(`ws://127.0.0.1:1/`, {}, 'x')).rejects.toBeInstanceOf(ConnectionRefused);
    expect(() => webSocketClient('ftp://example.org', { connect })).toThrow(TypeError);
    expect(() => webSocketClient('ws://example.org/#part', { connect })).toThrow(TypeError);
  });

  test('the peer’s code reaches whoever listens', async () => {
    const { port, stop } = await serveSite(
      upgrade(webSocket(), () => throwError(() => new WebSocketClosed(1008, 'no'))),
    );
    await expect(exchange(`ws://127.0.0.1:${port}/`, {}, 'x')).rejects.toMatchObject({
      name: 'WebSocketClosed',
      hint: 1008,
      text: 'no',
    });
    stop();
  });
});

test.each([
  ['no proof', `HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`],
  [
    'the proof of another key',
    `HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`,
  ],
  ['another protocol', `HTTP/1.1 101 Yes\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n`],
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
])('a client takes %s for no WebSocket (RFC 6455 section 4.1)', (_, said) =>
  marbles((m) => {
    const here = m.memory();
    here
      .listen('memory:ws')
      .pipe(serve(() => NEVER))
      .subscribe();
    const failures: unknown[] = [];
    here.listen('memory:liar').subscribe((connection) => {
      connection.subscribe({ error: () => {} });
      connection.next(new TextEncoder().encode(said));
    });
    webSocketClient('ws://example.org/', { connect: () => here.connect('memory:liar') }).subscribe({
      error: (error: unknown) => failures.push(error),
    });
    m.flush();
    expect(failures).toEqual([expect.any(ConnectError)]);
    expect((failures[0] as Error).cause).toBeInstanceOf(ProtocolError);
  })(),
);
