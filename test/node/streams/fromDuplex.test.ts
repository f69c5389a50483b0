/** A Node stream as a connection: the contract of a Duplex, pressure and endings both ways. */
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import {
  bytes,
  ConnectionLost,
  gather,
  PathAddress,
  utf8,
  type Bytes,
  type CloseReason,
  type Connection,
} from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { fromDuplex } from 'ropewalk/node';
import { openThings } from '../openThings.ts';
import { spring } from './spring.ts';
import { wire, worldOf } from './world.ts';

const reasonOf = (connection: Connection): Promise<CloseReason> =>
  new Promise((resolve) => connection.closed.addCallback(resolve));

const textOf = (connection: Connection): Promise<string> =>
  new Promise((resolve, reject) =>
    connection.pipe(gather()).subscribe({ next: (all) => resolve(utf8(all)), error: reject }),
  );

describe('a connection over a pair of streams keeps the contract of a Duplex', () => {
  const world = worldOf(() => {
    const [near, far] = wire();
    return [fromDuplex(near), fromDuplex(far)];
  });
  const cases = complianceOf({ ...world, can: { reset: true, halfClose: true }, open: openThings });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

describe('what fromDuplex takes', () => {
  test('a Readable and a Writable that belong together are one connection, named as one likes', async () => {
    const [readable, writable] = [new PassThrough(), new PassThrough()];
    const remote = new PathAddress('the other end');
    const connection = fromDuplex({ readable, writable }, { remote });
    expect([connection.remote, String(connection)]).toEqual([remote, 'the connection with the other end']);
    readable.end('what arrives');
    const text = textOf(connection);
    connection.next(bytes('what leaves'));
    connection.complete();
    expect(await text).toBe('what arrives');
    expect(String(await writable.toArray())).toBe('what leaves');
    expect(await reasonOf(connection)).toEqual({ kind: 'done' });
  });

  test('text is taken in the encoding that the stream says', async () => {
    const [near, far] = wire();
    const connection = fromDuplex(near.setEncoding('latin1'));
    far.resume().end(Buffer.from([0xe9, 0xff]));
    const heard: Bytes[] = [];
    connection.subscribe((chunk) => heard.push(chunk));
    connection.complete();
    await reasonOf(connection);
    expect(heard).toEqual([Buffer.from([0xe9, 0xff])]);
  });

  test('a value that is not bytes loses the connection, and says what came', async () => {
    const readable = Readable.from([{ not: 'bytes' }]);
    const connection = fromDuplex({ readable, writable: new PassThrough() });
    connection.subscribe({ error: () => {} });
    const reason = await reasonOf(connection);
    expect(reason).toMatchObject({ kind: 'lost', error: { cause: expect.any(TypeError) } });
    expect(reason).toMatchObject({ error: { message: expect.stringContaining('a value of type object') } });
  });

  test('a chunk of any size arrives in pieces that one hold stops', async () => {
    const [near, far] = wire();
    const connection = fromDuplex(near);
    far.resume().end(new Uint8Array(1 << 20));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(connection.state).toMatchObject({ bytesReceived: 65536, held: true });
    const sizes: number[] = [];
    connection.subscribe(({ length }) => sizes.push(length));
    connection.complete();
    expect(await reasonOf(connection)).toEqual({ kind: 'done' });
    expect(Math.max(...sizes)).toBe(65536);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(1 << 20);
  });

  test('a stream that has ended, or broken, before is told as if it did now', async () => {
    const ended = new PassThrough();
    ended.resume().end();
    await new Promise((resolve) => ended.once('close', resolve));
    expect(await reasonOf(fromDuplex(ended))).toEqual({ kind: 'done' });
    const broken = new PassThrough().on('error', () => {});
    broken.destroy(new Error('broken'));
    await new Promise((resolve) => broken.once('close', resolve));
    expect(await reasonOf(fromDuplex(broken))).toMatchObject({ kind: 'lost', error: { cause: broken.errored } });
  });
});

describe('endings', () => {
  test('rule 4: an abort destroys the stream with its reason', async () => {
    const stream = new PassThrough();
    const connection = fromDuplex(stream);
    const failed = new Promise((resolve) => stream.once('error', resolve));
    const reason = new Error('enough');
    connection.error(reason);
    expect(await failed).toBe(reason);
    expect(await reasonOf(connection)).toEqual({ kind: 'aborted', error: reason });
  });

  test('rule 5: an error of the stream is ConnectionLost, with that error as its cause; so is a premature close', async () => {
    const [one, two] = [new PassThrough(), new PassThrough()];
    const cause = Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    const [first, second] = [fromDuplex(one), fromDuplex(two)];
    one.destroy(cause);
    two.destroy();
    const reason = await reasonOf(first);
    expect(reason).toMatchObject({ kind: 'lost', error: { name: 'ConnectionLost', cause, code: 'ENOSPC' } });
    expect(reason.kind === 'lost' && reason.error).toBeInstanceOf(ConnectionLost);
    expect(await reasonOf(second)).toMatchObject({ kind: 'lost', error: { name: 'ConnectionLost' } });
  });

  test('a stream that ends both halves together ends in order', async () => {
    const stream = new Duplex({ allowHalfOpen: false, read() {}, write: (_chunk, _encoding, done) => done() });
    const connection = fromDuplex(stream);
    connection.subscribe();
    stream.push(null);
    expect(await reasonOf(connection)).toEqual({ kind: 'done' });
    connection.next(bytes('too late'));
    expect(connection.state.dropped).toBe(1);
  });

  test('rule 10: no listener stays on the stream', async () => {
    const [near, far] = wire();
    // Node's own 'end' listener comes and goes by itself.
    const count = (): number[] => ['data', 'close', 'error', 'finish', 'drain'].map((name) => near.listenerCount(name));
    const before = count();
    const connection = fromDuplex(near);
    expect(count()).not.toEqual(before);
    far.resume().end();
    connection.subscribe();
    connection.complete();
    await reasonOf(connection);
    expect(count()).toEqual(before);
  });
});

describe('rule 8: pressure', () => {
  test.each([
    ['small', 1024],
    ['larger than our own', 8 << 20],
  ])(
    'a slow Writable with a mark that is %s bounds a fast source, and gets everything',
    async (_size, highWaterMark) => {
      const { source, given, held } = spring(4 << 20);
      let took = 0;
      let queued = 0;
      let goOn: (() => void) | undefined;
      const slow = new Writable({
        highWaterMark,
        write(chunk: Bytes, _encoding, done) {
          took += chunk.length;
          goOn = done;
        },
      });
      const connection = fromDuplex({ readable: new Readable({ read() {} }), writable: slow });
      source.subscribe(connection);
      for (let turn = 0; !slow.writableFinished; turn++) {
        await new Promise(setImmediate);
        queued = Math.max(queued, connection.state.unsent);
        if (turn % 5 > 0) continue;
        const write = goOn;
        goOn = undefined;
        write?.();
      }
      expect(took).toBe(4 << 20);
      expect(given()).toBe(4 << 20);
      expect(queued).toBeGreaterThan(0);
      expect(queued).toBeLessThanOrEqual(65536 + 65536);
      expect(held()).toBe(false);
      connection.error(new Error('the test is over'));
    },
  );

  test('a consumer that holds bounds a fast Readable', async () => {
    let given = 0;
    const fast = new Readable({
      read() {
        setImmediate(() => {
          given += 16384;
          this.push(new Uint8Array(16384));
        });
      },
    });
    const connection = fromDuplex({ readable: fast, writable: new PassThrough() });
    const listening = connection.subscribe();
    const hold = connection.halves.group.hold({ backlog: 0 }, 'the test says so');
    const before = given;
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(given - before).toBeLessThanOrEqual(2 * 65536);
    hold.release();
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(given - before).toBeGreaterThan(4 * 65536);
    listening.unsubscribe();
    connection.error(new Error('the test is over'));
  });
});
