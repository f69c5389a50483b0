/** An Observable as a Readable: laziness, endings, pressure. */
import { createHash } from 'node:crypto';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gunzipSync } from 'node:zlib';
import { defer, EMPTY, from, map, NEVER, Observable, of, throwError } from 'rxjs';
import { bytes, LimitExceeded, onWarning, utf8, type Bytes, type RopewalkWarning } from 'ropewalk';
import { toReadable } from 'ropewalk/node';
import { spring } from './spring.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

const failureOf = (stream: { once(event: 'error', tell: (error: Error) => void): unknown }): Promise<Error> =>
  new Promise((resolve) => stream.once('error', resolve));

test('it subscribes when it is first read, and unsubscribes when it is destroyed', async () => {
  const log: string[] = [];
  const source = new Observable<Bytes>(() => {
    log.push('subscribed');
    return () => log.push('unsubscribed');
  });
  const stream = toReadable(source);
  await turns(1);
  expect(log).toEqual([]);
  stream.resume();
  await turns(1);
  expect(log).toEqual(['subscribed']);
  stream.destroy();
  await turns(1);
  expect(log).toEqual(['subscribed', 'unsubscribed']);
});

test('empty, one, many; text and bytes; values in object mode', async () => {
  expect(await toReadable(EMPTY).toArray()).toEqual([]);
  expect((await toReadable(of('é')).toArray()).map(String)).toEqual(['é']);
  expect(String(Buffer.concat(await toReadable(from(['a', 'b', '', 'c']).pipe(map(bytes))).toArray()))).toBe('abc');
  expect(await toReadable(of(1, { two: 2 }, 'three'), { objectMode: true }).toArray()).toEqual([
    1,
    { two: 2 },
    'three',
  ]);
});

test('never stays open', async () => {
  const stream = toReadable(NEVER);
  stream.resume();
  await turns(5);
  expect([stream.readableEnded, stream.destroyed]).toEqual([false, false]);
  stream.destroy();
});

test('an error destroys the stream; what is no Error becomes the cause of one', async () => {
  const error = new Error('enough');
  const [one, two] = [toReadable(throwError(() => error)), toReadable(throwError(() => 'words'))];
  const failures = [failureOf(one), failureOf(two)];
  one.resume();
  two.resume();
  expect(await failures[0]).toBe(error);
  expect(await failures[1]).toMatchObject({ name: 'StreamError', cause: 'words' });
});

test('what a stream cannot carry destroys it', async () => {
  for (const [value, options, expected] of [
    [7, {}, /Received type number/],
    [null, {}, /null/],
    [null, { objectMode: true }, /null/],
  ] as const) {
    const stream = toReadable<unknown>(of(value, 'next'), options);
    const failure = failureOf(stream);
    stream.resume();
    expect((await failure).message).toMatch(expected);
    expect(stream.readableEnded).toBe(false);
  }
});

test('a reader that does not keep up holds the source at 64 KiB and one read; for await gets everything', async () => {
  const { source, given, held } = spring(2 << 20);
  const stream = toReadable(source);
  stream.once('readable', () => {});
  await turns(50);
  expect([held(), given()]).toEqual([true, 65536]);
  let total = 0;
  let highest = 0;
  for await (const chunk of stream) {
    total += (chunk as Bytes).length;
    highest = Math.max(highest, stream.readableLength);
    await turns(1);
  }
  expect(total).toBe(2 << 20);
  expect(highest).toBeLessThanOrEqual(2 * 65536);
  expect(held()).toBe(false);
});

test('who is held when the stream is destroyed is let go', async () => {
  const { source, held } = spring(2 << 20);
  const stream = toReadable(source);
  stream.once('readable', () => {});
  await turns(10);
  expect(held()).toBe(true);
  stream.destroy();
  await turns(1);
  expect(held()).toBe(false);
});

test('a source that cannot be held is warned about, and ends with LimitExceeded', async () => {
  const warnings: RopewalkWarning[] = [];
  const before = onWarning((warning) => warnings.push(warning));
  const flood = defer(() => from(Array.from({ length: 80 }, () => new Uint8Array(1 << 20))));
  const stream = toReadable(flood);
  const failure = failureOf(stream);
  stream.once('readable', () => {});
  expect(await failure).toBeInstanceOf(LimitExceeded);
  onWarning(before);
  expect(warnings.map(({ name }) => name)).toEqual(['UnpressuredSink']);
});

test('pipeline through zlib and crypto', async () => {
  const packed: Bytes[] = [];
  const packing = new Writable({
    write(chunk: Bytes, _encoding, done) {
      packed.push(chunk);
      done();
    },
  });
  await pipeline(toReadable(spring(300_000).source), createGzip(), packing);
  expect(gunzipSync(Buffer.concat(packed)).length).toBe(300_000);
  const hash = createHash('sha256');
  await pipeline(toReadable(of('a', 'bc')), hash as unknown as Transform);
  expect(utf8(bytes((hash.read() as Buffer).toString('hex')))).toMatch(/^ba7816bf/);
});
