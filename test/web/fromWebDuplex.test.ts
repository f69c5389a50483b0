import {
  bytes,
  ConnectionAborted,
  ConnectionLost,
  fromWebDuplex,
  heldGroups,
  IpAddress,
  onWarning,
  toWebDuplex,
  utf8,
  type Bytes,
} from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { pair } from 'ropewalk/memory';
import { transformPair, webWorld } from './webWorld.ts';

afterEach(() => expect(heldGroups().map(String)).toEqual([]));

describe('a connection over TransformStreams keeps the contract of a Duplex', () => {
  for (const { rule, name, run, timeout } of complianceOf(webWorld(() => transformPair())))
    test(`rule ${rule}: ${name}`, run, timeout);
});

describe('so does one through streams that take more than a connection keeps unsent', () => {
  const roomy = new ByteLengthQueuingStrategy({ highWaterMark: 100_000 });
  const world = webWorld(() => transformPair(() => new TransformStream<Bytes, Bytes>({}, roomy, roomy)));
  for (const { rule, name, run, timeout } of complianceOf(world))
    if (rule === 3 || rule === 8) test(`rule ${rule}: ${name}`, run, timeout);
});

describe('so does one over the streams of another connection', () => {
  const world = webWorld(() => {
    const [near, far] = pair();
    return [fromWebDuplex(toWebDuplex(near)), fromWebDuplex(toWebDuplex(far))];
  });
  for (const { rule, name, run, timeout } of complianceOf(world)) test(`rule ${rule}: ${name}`, run, timeout);
});

/** Streams of the test's own: what it enqueues arrives, and what comes of the connection is written down. */
function byHand() {
  let source!: ReadableStreamDefaultController<Bytes | ArrayBuffer | DataView>;
  let sink!: WritableStreamDefaultController;
  const told: unknown[] = [];
  const readable = new ReadableStream<Bytes | ArrayBuffer | DataView>({
    start: (controller) => void (source = controller),
    cancel: (reason) => void told.push('cancel', reason),
  });
  const writable = new WritableStream<Bytes>({
    start: (controller) => void (sink = controller),
    write: (chunk) => void told.push(utf8(chunk)),
    close: () => void told.push('close'),
    abort: (reason) => void told.push('abort', reason),
  });
  return { source, sink, told, connection: fromWebDuplex({ readable, writable }) };
}

test('has the names it is given, and none otherwise', () => {
  const [local, remote] = [new IpAddress('10.0.0.1', 1), new IpAddress('10.0.0.2', 2)];
  const { readable, writable } = new TransformStream<Bytes, Bytes>();
  const connection = fromWebDuplex({ readable, writable }, { local, remote });
  expect([connection.local, connection.remote]).toEqual([local, remote]);
  expect(String(connection)).toBe('the connection with 10.0.0.2:2');
  expect(String(byHand().connection)).toBe('the connection with (unnamed)');
});

test('streams that somebody else reads or writes are refused', () => {
  const { readable, writable } = new TransformStream<Bytes, Bytes>();
  readable.getReader();
  expect(() => fromWebDuplex({ readable, writable })).toThrow('locked');
});

test('any view of bytes arrives as bytes, and what is none ends it', async () => {
  const { source, told, connection } = byHand();
  const heard: string[] = [];
  connection.subscribe({ next: (chunk) => heard.push(utf8(chunk)), error: (error) => heard.push(error.name) });
  const { buffer } = Uint8Array.from(bytes('hello'));
  source.enqueue(bytes('one'));
  source.enqueue(buffer);
  source.enqueue(new DataView(buffer, 1, 3));
  source.enqueue('text' as never);
  const reason = await connection.closed;
  expect(heard).toEqual(['one', 'hello', 'ell', 'ConnectionLost']);
  expect(reason).toMatchObject({ kind: 'lost', error: { cause: expect.any(TypeError) } });
  expect(told.filter((what) => typeof what === 'string').toSorted()).toEqual(['abort', 'cancel']);
});

test('an abort reaches both streams, with its reason', async () => {
  const { told, connection } = byHand();
  const reason = new Error('enough');
  connection.error(reason);
  expect(await connection.closed).toEqual({ kind: 'aborted', error: reason });
  expect(told).toEqual(['cancel', reason, 'abort', reason]);
});

test.each(['source', 'sink'] as const)(
  'an error of its %s is a loss, and breaks off the other stream',
  async (which) => {
    const streams = byHand();
    const { connection, told } = streams;
    const cause = new Error('unplugged');
    const ends: unknown[] = [];
    connection.subscribe({ error: (error) => ends.push(error) });
    streams[which].error(cause);
    const reason = await connection.closed;
    expect(reason).toEqual({ kind: 'lost', error: expect.any(ConnectionLost) });
    expect(reason).toMatchObject({ error: { cause, message: expect.stringContaining('unplugged') } });
    expect(ends).toEqual(reason.kind === 'lost' ? [reason.error] : []);
    expect(told).toEqual([which === 'sink' ? 'cancel' : 'abort', cause]);
  },
);

test('a sink that fails to write, to close or to abort is a loss, and nothing is left unhandled', async () => {
  const failing = () => Promise.reject(new Error('no'));
  const still = new ReadableStream<Bytes>({ cancel: failing });
  const writing = fromWebDuplex({ readable: still, writable: new WritableStream({ write: failing, abort: failing }) });
  writing.next(bytes('hello'));
  expect(await writing.closed).toMatchObject({ kind: 'lost', error: { cause: new Error('no') } });
  const closing = fromWebDuplex({ readable: new ReadableStream(), writable: new WritableStream({ close: failing }) });
  closing.complete();
  expect(await closing.closed).toMatchObject({ kind: 'lost', error: { cause: new Error('no') } });
});

test('who closes without hearing the peer out cancels what still comes', async () => {
  const [near, far] = transformPair();
  near.next(bytes('hello'));
  far.halves.leave();
  near.subscribe({ complete: () => near.complete() });
  expect((await far.closed).kind).toBe('done');
});

test('the sink is not written to while it is full: what waits is sent as one', async () => {
  const written: number[] = [];
  const going: (() => void)[] = [];
  const writable = new WritableStream<Bytes>({
    write({ length }) {
      written.push(length);
      return new Promise((resolve) => going.push(resolve));
    },
  });
  const connection = fromWebDuplex({ readable: new ReadableStream(), writable });
  for (let n = 0; n < 10; n++) {
    connection.next(new Uint8Array(100));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect([written, connection.state.unsent]).toEqual([[100], 1000]);
  going.shift()?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect([written, connection.state.unsent]).toEqual([[100, 900], 900]);
  connection.error(new Error('over'));
  going.shift()?.();
  await connection.closed;
});

test('a source that always has something ready, and a reader that keeps up, leave others their turns', async () => {
  const restore = onWarning(() => {});
  let chunks = 0;
  const readable = new ReadableStream<Bytes>({ pull: (controller) => controller.enqueue(new Uint8Array(1)) });
  const connection = fromWebDuplex({ readable, writable: new WritableStream() });
  connection.subscribe({ next: () => chunks++, error: (error) => expect(error).toBeInstanceOf(ConnectionAborted) });
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(chunks).toBeGreaterThan(1000);
  connection.error(new Error('enough'));
  await connection.closed;
  onWarning(restore);
});
