import { map, toArray } from 'rxjs';
import {
  bytes,
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
  heldGroups,
  lines,
  onWarning,
  toWebDuplex,
  utf8,
  type Bytes,
} from 'ropewalk';
import { pair } from 'ropewalk/memory';

afterEach(() => expect(heldGroups().map(String)).toEqual([]));

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what is written leaves, what arrives is read, and close() is done once the peer was told', async () => {
  const [near, far] = pair();
  far.pipe(map((chunk) => bytes(utf8(chunk).toUpperCase()))).subscribe(far);
  const { readable, writable } = toWebDuplex(near);
  const writer = writable.getWriter();
  await writer.write(bytes('hel'));
  await writer.write(bytes('lo'));
  await writer.close();
  expect(near.state.phase).not.toBe('open');
  expect(await new Response(readable).text()).toBe('HELLO');
  expect(await near.closed).toEqual({ kind: 'done' });
});

test('a layer is a pair of streams of its messages', async () => {
  const [near, far] = pair();
  const { readable, writable } = toWebDuplex(near.over(lines()));
  const there = far.over(lines());
  const heard: string[] = [];
  there.subscribe({ next: (line) => heard.push(line), complete: () => there.complete() });
  there.next('welcome');
  const reader = readable.getReader();
  expect(await reader.read()).toEqual({ done: false, value: 'welcome' });
  const writer = writable.getWriter();
  await writer.write('one');
  await writer.write('two');
  await writer.close();
  expect(await reader.read()).toEqual({ done: true, value: undefined });
  expect(heard).toEqual(['one', 'two']);
});

test('a connection can be piped into another, with pressure, and ends it', async () => {
  const [source, sourceFar] = pair();
  const [target, targetFar] = pair();
  const restore = onWarning(() => {});
  for (let n = 0; n < 16; n++) sourceFar.next(new Uint8Array(65_536));
  sourceFar.complete();
  onWarning(restore);
  const piping = toWebDuplex(source).readable.pipeTo(toWebDuplex(target).writable);
  for (let at = 0; at < 20; at++) await turn();
  // Nobody reads the target: it keeps at most what its marks allow, and the source waits.
  expect(target.state.unsent).toBeLessThanOrEqual(2 * 65_536);
  expect(sourceFar.state.unsent).toBeGreaterThan(10 * 65_536);
  let received = 0;
  targetFar.subscribe(({ length }) => (received += length));
  await piping;
  targetFar.complete();
  source.complete();
  expect(await target.closed).toEqual({ kind: 'done' });
  expect(received).toBe(16 * 65_536);
});

describe('pressure', () => {
  test('a write is done once there is room: ready and desiredSize tell', async () => {
    const [near, far] = pair();
    const writer = toWebDuplex(near).writable.getWriter();
    let done = 0;
    const writes = Array.from({ length: 8 }, () => writer.write(new Uint8Array(40_000)).then(() => done++));
    for (let at = 0; at < 10; at++) await turn();
    // 64 KiB are in the peer's window, 64 KiB and what goes beyond wait here.
    expect(done).toBeLessThan(5);
    expect(near.state.unsent).toBeLessThan(65_536 + 40_000 + 1);
    expect(writer.desiredSize).toBeLessThan(0);
    expect(heldGroups().map(String)).toContain('the web stream written to the connection with far');
    let received = 0;
    far.subscribe(({ length }) => (received += length));
    await Promise.all(writes);
    await writer.ready;
    await writer.close();
    far.complete();
    await far.closed;
    expect([received, done]).toEqual([320_000, 8]);
  });

  test('a layer that encodes later holds the writer all the same', async () => {
    const [near, far] = pair();
    const later = near.over<Bytes, Bytes>(
      (protocol) => (incoming, connection) => protocol(incoming, connection).pipe(map((chunk) => chunk)),
    );
    const writer = toWebDuplex(later).writable.getWriter();
    let done = 0;
    for (let n = 0; n < 10; n++)
      void writer.write(new Uint8Array(40_000)).then(
        () => done++,
        () => {},
      );
    for (let at = 0; at < 10; at++) await turn();
    expect(done).toBeLessThan(5);
    far.error(new Error('over'));
    await near.closed;
    expect(near.state.unsent).toBe(0);
  });

  test('reading is held while nobody reads', async () => {
    const [near, far] = pair();
    const restore = onWarning(() => {});
    far.next(new Uint8Array(1 << 20));
    onWarning(restore);
    const reader = toWebDuplex(near).readable.getReader();
    await reader.read();
    for (let at = 0; at < 10; at++) await turn();
    expect(near.state.bytesReceived).toBeLessThanOrEqual(3 * 65_536);
    expect(near.state.held).toBe(true);
    near.error(new Error('over'));
    await far.closed;
    await expect(reader.closed).rejects.toThrow(ConnectionAborted);
  });
});

describe('endings', () => {
  test('abort aborts the connection with its reason, at once, even while a write waits', async () => {
    const [near, far] = pair();
    const { readable, writable } = toWebDuplex(near);
    const writer = writable.getWriter();
    const writes = Array.from({ length: 5 }, () => writer.write(new Uint8Array(65_536)));
    const settled = Promise.allSettled(writes);
    for (let at = 0; at < 5; at++) await turn();
    const reason = new Error('enough');
    await writer.abort(reason);
    expect(await near.closed).toEqual({ kind: 'aborted', error: reason });
    expect((await far.closed).kind).toBe('lost');
    await expect(readable.getReader().read()).rejects.toMatchObject({ name: 'ConnectionAborted', cause: reason });
    await expect(writer.closed).rejects.toBe(reason);
    expect((await settled).at(-1)?.status).toBe('rejected');
  });

  test('a loss errors both streams', async () => {
    const [near, far] = pair();
    const { readable, writable } = toWebDuplex(near);
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    const reading = reader.read();
    reading.catch(() => {});
    await turn();
    far.error(new Error('gone'));
    await expect(reading).rejects.toThrow(ConnectionLost);
    await expect(writer.closed).rejects.toThrow(ConnectionLost);
    await expect(writer.write(bytes('late'))).rejects.toThrow(ConnectionLost);
  });

  test('close() fails when the peer is lost before it was told', async () => {
    const [near, far] = pair();
    const restore = onWarning(() => {});
    const writer = toWebDuplex(near).writable.getWriter();
    near.next(new Uint8Array(1 << 20));
    onWarning(restore);
    const closing = writer.close();
    closing.catch(() => {});
    await turn();
    far.error(new Error('gone'));
    await expect(closing).rejects.toThrow(ConnectionLost);
  });

  test('a connection that somebody else has ended takes no more writes', async () => {
    const [near, far] = pair();
    const writer = toWebDuplex(near).writable.getWriter();
    near.subscribe();
    far.subscribe();
    near.complete();
    far.complete();
    await near.closed;
    await expect(writer.closed).rejects.toThrow(ConnectionDone);
  });

  test('cancelling the readable stream leaves it: what arrives is for others', async () => {
    const [near, far] = pair();
    const reader = toWebDuplex(near).readable.getReader();
    const first = reader.read();
    far.next(bytes('one'));
    expect(utf8((await first).value!)).toBe('one');
    await reader.cancel();
    const heard: string[] = [];
    far.next(bytes('two'));
    await turn();
    near.pipe(toArray()).subscribe((chunks) => heard.push(...chunks.map((chunk) => utf8(chunk))));
    far.complete();
    near.complete();
    await near.closed;
    expect(heard).toEqual(['two']);
  });
});
