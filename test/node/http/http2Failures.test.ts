/** What must never look whole in HTTP/2, and who is to blame: by node:http2, by frames that were written by hand, and by ours. */
import * as node from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { concat, finalize, first, firstValueFrom, map, mergeMap, NEVER, of, Subject, type Observable } from 'rxjs';
import { bytes, ConnectionLost, over, pull, type Bytes } from 'ropewalk';
import { RequestFailed, routes, stream, text, type HttpClient, type Response } from 'ropewalk/http';
import { http2, http2Client, httpClient, type Http2Options } from 'ropewalk/http/node';
import { serving, stopAll } from '../proxies/programs.ts';
import {
  contentLength,
  flags,
  frame,
  get,
  goawayIn,
  ok,
  preface,
  rawClient,
  rawServer,
  types,
  uint32,
} from './frames.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await stopAll();
});

function clientOf(): HttpClient {
  const client = httpClient({ versions: [http2Client()], retries: 0 });
  closing.push(() => client.close());
  return client;
}

const { constants } = node;
const failureOf = (work: PromiseLike<unknown>): Promise<Error> =>
  Promise.resolve(work).then(
    (value) => {
      throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
    },
    (error: Error) => error,
  );

/** A server by hand, whose answer is this; gives its origin. */
async function answering(answer: (socket: Socket, id: number) => void): Promise<string> {
  const { origin, close } = await rawServer(answer);
  closing.push(close);
  return origin;
}

/** The head, and the beginning of a content. */
function begin(socket: Socket, id: number, fields: number[] = []): void {
  socket.write(frame(types.headers, flags.endHeaders, id, [...ok, ...fields]));
  socket.write(frame(types.data, 0, id, [...bytes('abc')]));
}

describe('a content that is reset is no end, at our client (RFC 9113 section 8.1)', () => {
  test.each([
    ['CANCEL', constants.NGHTTP2_CANCEL, []],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR, []],
    ['REFUSED_STREAM', constants.NGHTTP2_REFUSED_STREAM, []],
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR, []],
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR, contentLength(9)],
  ])('%s (%i), frames by hand', async (name, code, fields) => {
    let reset = (): void => {};
    const origin = await answering((socket, id) => {
      begin(socket, id, fields);
      reset = () => socket.write(frame(types.reset, 0, id, uint32(code)));
    });
    const response = await clientOf().get(origin);
    const failure = failureOf(response.text());
    reset();
    expect(await failure).toBeInstanceOf(ConnectionLost);
    expect(await failure).toMatchObject({ message: expect.stringContaining(name) as string, code: name });
  });

  test('all of it in one piece, before anybody reads', async () => {
    const origin = await answering((socket, id) => {
      socket.cork();
      begin(socket, id);
      socket.write(frame(types.reset, 0, id, uint32(constants.NGHTTP2_NO_ERROR)));
      socket.uncork();
    });
    const failure = failureOf(
      clientOf()
        .get(origin)
        .addCallback((response) => response.text()),
    );
    expect(await failure).toMatchObject({ message: expect.stringContaining('NO_ERROR') as string });
  });

  test('by a server of node:http2', async () => {
    const server = node.createServer();
    server.on('stream', (served) => {
      served.on('error', () => {}).respond({ ':status': 200 });
      // `close` would end it first, as if that were all.
      served.write('abc', () => served.destroy(new Error('torn')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const response = await clientOf().get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(await failureOf(response.text())).toMatchObject({ name: 'ConnectionLost' });
  });

  test('by a server of ours that stops at once', async () => {
    const said = new Subject<Bytes>();
    const site = routes({ 'GET /': () => stream(concat(of(bytes('abc')), said)) });
    const port = await serving(over(http2(), site));
    const response = await clientOf().get(`http://127.0.0.1:${port}/`);
    const failure = failureOf(response.text());
    await stopAll();
    expect(await failure).toMatchObject({ name: 'ConnectionLost' });
  });

  test('a connection that ends in the middle of one', async () => {
    const origin = await answering((socket, id) => {
      begin(socket, id);
      socket.end();
    });
    const response = await clientOf().get(origin);
    const failure = await failureOf(response.text());
    expect(failure).toBeInstanceOf(ConnectionLost);
    expect(failure.message).toContain('its connection ended');
  });

  test('but one that is whole stays so, if the upload is reset then with NO_ERROR', async () => {
    const piece = bytes('x'.repeat(16_000));
    const origin = await answering((socket, id) => {
      socket.write(frame(types.headers, flags.endHeaders, id, ok));
      socket.write(frame(types.data, 0, id, [...piece]));
      socket.write(frame(types.data, flags.endStream, id, [...piece]));
      socket.write(frame(types.reset, 0, id, uint32(constants.NGHTTP2_NO_ERROR)));
    });
    const response: Response = await clientOf().post(origin, { body: concat(of(bytes('1')), NEVER) });
    expect((await response.text()).length).toBe(2 * piece.length);
  });
});

describe('a content that is reset is no end, at our server', () => {
  test.each([
    ['CANCEL', constants.NGHTTP2_CANCEL],
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
  ])('%s', async (_name, code) => {
    const outcome = new Subject<string>();
    const told = new Promise((resolve) => outcome.subscribe(resolve));
    const site = routes({
      'POST /': (request) => {
        request.body.subscribe({
          error: (error: Error) => outcome.next(error.name),
          complete: () => outcome.next('complete'),
        });
        return NEVER as Observable<Response>;
      },
    });
    const port = await serving(over(http2(), site));
    // `:method: POST` is field 3 of the static table.
    const post = [0x83, ...get.slice(1)];
    void rawClient(
      port,
      frame(types.headers, flags.endHeaders, 1, post),
      frame(types.data, 0, 1, [...bytes('abc')]),
      frame(types.reset, 0, 1, uint32(code)),
    );
    expect(await told).toBe('ConnectionLost');
  });
});

describe('a client that is cut off is told why', () => {
  test('GOAWAY with ENHANCE_YOUR_CALM, frames by hand: before a response', async () => {
    const origin = await answering((socket, id) => {
      socket.end(frame(types.goaway, 0, 0, [...uint32(id), ...uint32(constants.NGHTTP2_ENHANCE_YOUR_CALM)]));
    });
    const failure = await failureOf(clientOf().get(origin));
    expect(failure).toBeInstanceOf(RequestFailed);
    expect(failure.message).toContain('ENHANCE_YOUR_CALM');
    expect(failure.cause).toMatchObject({ name: 'ConnectionLost', code: 'ENHANCE_YOUR_CALM' });
  });

  test('and in the middle of one', async () => {
    const origin = await answering((socket, id) => {
      begin(socket, id);
      socket.end(frame(types.goaway, 0, 0, [...uint32(id), ...uint32(constants.NGHTTP2_ENHANCE_YOUR_CALM)]));
    });
    const failure = await failureOf(
      clientOf()
        .get(origin)
        .addCallback((response) => response.text()),
    );
    expect(failure).toMatchObject({ name: 'ConnectionLost', code: 'ENHANCE_YOUR_CALM' });
    expect(failure.message).toContain('ENHANCE_YOUR_CALM');
  });

  test('by a server of ours, which is asked for too much that is called off', async () => {
    const port = await serving(
      over(http2({ maxCancelled: 5 }), routes({ 'GET /': () => NEVER as Observable<Response> })),
    );
    const client = clientOf();
    const url = `http://127.0.0.1:${port}/`;
    const lasting = failureOf(client.get(url));
    const calledOff = Array.from({ length: 10 }, () => client.get(url).addErrback(() => {}));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    for (const call of calledOff) call.cancel();
    expect((await lasting).cause).toMatchObject({ code: 'ENHANCE_YOUR_CALM' });
  });
});

describe('what is no frame ends the connection at once (RFC 9113 section 5.4.1)', () => {
  const nonsense: [string, number, ...(Uint8Array | string)[]][] = [
    ['HTTP/1.1 in the middle', constants.NGHTTP2_FRAME_SIZE_ERROR, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['DATA of the connection itself (6.1)', constants.NGHTTP2_PROTOCOL_ERROR, frame(types.data, 0, 0, [1])],
    ['DATA of a stream that was not begun (5.1)', constants.NGHTTP2_PROTOCOL_ERROR, frame(types.data, 0, 5, [1])],
    [
      'a head on a stream with an even number (5.1.1)',
      constants.NGHTTP2_PROTOCOL_ERROR,
      frame(types.headers, 5, 2, get),
    ],
    ['SETTINGS of one byte (6.5)', constants.NGHTTP2_FRAME_SIZE_ERROR, frame(types.settings, 0, 0, [1])],
    [
      'a window that grows by nothing (6.9)',
      constants.NGHTTP2_PROTOCOL_ERROR,
      frame(types.windowUpdate, 0, 0, [0, 0, 0, 0]),
    ],
    ['a reset of what was not begun (6.4)', constants.NGHTTP2_PROTOCOL_ERROR, frame(types.reset, 0, 9, uint32(8))],
    [
      'fields that are no HPACK (4.3)',
      constants.NGHTTP2_COMPRESSION_ERROR,
      frame(types.headers, 5, 1, Array(9).fill(255) as number[]),
    ],
    ['a push by the client (8.4)', constants.NGHTTP2_PROTOCOL_ERROR, frame(types.push, 4, 1, [0, 0, 0, 2, 0x82])],
  ];

  test.each(nonsense)('at our server: %s', async (_name, code, ...pieces) => {
    const refused = new Subject<unknown>();
    const told = firstValueFrom(refused);
    const options: Http2Options = { refused: (error) => refused.next(error) };
    const port = await serving(over(http2(options), routes({ 'GET /': () => text('hello') })));
    expect(goawayIn(await rawClient(port, ...pieces))).toBe(code);
    expect(await told).toMatchObject({ name: 'ProtocolError', side: 'remote' });
  });

  test('what was asked before is answered by none of it: a stream that goes on is called off', async () => {
    let asked = 0;
    const calledOff = new Subject<void>();
    const told = new Promise<void>((resolve) => calledOff.subscribe(resolve));
    const site = routes({
      'GET /': () => {
        asked++;
        return NEVER.pipe(finalize(() => calledOff.next()));
      },
    });
    const port = await serving(over(http2(), site));
    const heard = rawClient(port, frame(types.headers, 5, 1, get), frame(types.data, 0, 0, [1]));
    await told;
    expect([goawayIn(await heard), asked]).toEqual([constants.NGHTTP2_PROTOCOL_ERROR, 1]);
  });

  test.each(nonsense.slice(1, 5))('at our client: %s', async (_name, _code, ...pieces) => {
    const origin = await answering((socket) => {
      for (const piece of pieces) socket.write(piece);
    });
    const failure = await failureOf(clientOf().get(origin));
    expect(failure).toMatchObject({ name: 'ProtocolError', side: 'remote' });
    expect(failure.message).toMatch(/speaks no HTTP\/2: it was broken off with \w+_ERROR/);
  });
});

describe('clients that are slow on purpose', () => {
  /** A server of the site, and the first error that it was told of. */
  async function patient(site: ReturnType<typeof routes>, options: Http2Options) {
    const refused = new Subject<unknown>();
    const told = firstValueFrom(refused);
    const port = await serving(over(http2({ ...options, refused: (error) => refused.next(error) }), site));
    return { port, told };
  }

  const uploads = routes({ 'POST /': (request) => request.text().addCallback((said) => text(said)) });
  const post = [0x83, ...get.slice(1)];

  test('a content that drips in is 408, and the connection goes on', async () => {
    const { port, told } = await patient(uploads, { bodyTimeout: 50, minRate: 1_000 });
    const session = node.connect(`http://127.0.0.1:${port}`);
    closing.push(() => session.destroy());
    const asked = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false });
    asked.on('error', () => {}).write('a');
    const status = await new Promise((resolve) => asked.once('response', (fields) => resolve(fields[':status'])));
    expect(status).toBe(408);
    expect(await told).toMatchObject({ name: 'HttpError', status: 408 });
    expect(session.destroyed).toBe(false);
  });

  test('one that comes fast enough is not, and neither is one that nobody reads yet', async () => {
    const late = new Subject<void>();
    const asked = new Subject<void>();
    const site = routes({
      'POST /': (request) => {
        setImmediate(() => asked.next());
        return late.pipe(
          first(),
          mergeMap(() => request.text()),
          map((said) => text(String(said.length))),
        );
      },
    });
    const { port } = await patient(site, { bodyTimeout: 30, minRate: 1_000 });
    const began = firstValueFrom(asked);
    const answer = clientOf().post(`http://127.0.0.1:${port}/`, { body: of(bytes('x'.repeat(50_000)), bytes('y')) });
    await began;
    setTimeout(() => late.next(), 100);
    expect(await (await answer).text()).toBe('50001');
  });

  test('a response that is not taken is reset, and the connection goes on', async () => {
    const site = routes({ 'GET /': () => stream(pull(endless())), 'GET /whole': () => text('x'.repeat(200_000)) });
    for (const path of ['/', '/whole']) {
      const { port, told } = await patient(site, { responseTimeout: 50 });
      const session = node.connect(`http://127.0.0.1:${port}`);
      closing.push(() => session.destroy());
      const asked = session.request({ ':path': path });
      asked.on('error', () => {});
      const over$ = new Promise((resolve) => asked.once('close', resolve));
      expect(await told).toMatchObject({
        name: 'TimedOut',
        message: expect.stringMatching(/took nothing of \d+ bytes/) as string,
      });
      asked.resume();
      await over$;
      expect([asked.rstCode, session.destroyed]).toEqual([constants.NGHTTP2_INTERNAL_ERROR, false]);
    }
  });

  test('a client that reads nothing at all is cut off', async () => {
    const { port, told } = await patient(routes({ 'GET /': () => stream(pull(endless())) }), { responseTimeout: 100 });
    const socket = connect(port, '127.0.0.1');
    closing.push(() => socket.destroy());
    const over$ = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}).pause();
    // A window as large as it may be, of the stream and of the connection.
    socket.write(preface);
    socket.write(frame(types.settings, 0, 0, [0, 4, ...uint32(0x7fffffff)]));
    socket.write(frame(types.windowUpdate, 0, 0, uint32(0x7ffeffff)));
    socket.write(frame(types.headers, flags.endHeaders | flags.endStream, 1, get));
    expect(await told).toMatchObject({ name: 'TimedOut' });
    socket.resume();
    await over$;
  });

  function* endless(): Iterable<Uint8Array> {
    for (;;) yield new Uint8Array(16_384);
  }

  test('a head that nobody ends is not for ever', async () => {
    const { port } = await patient(uploads, { idleTimeout: 50 });
    expect(goawayIn(await rawClient(port, frame(types.headers, 0, 1, post)))).toBe(constants.NGHTTP2_NO_ERROR);
  });
});
