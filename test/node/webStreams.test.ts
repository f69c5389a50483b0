/** Web streams of Node's own making: sockets, files and processes that it has dressed as web streams. */
import { createReadStream } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { lastValueFrom, map } from 'rxjs';
import {
  bytes,
  ConnectionRefused,
  connecting,
  fromWeb,
  fromWebDuplex,
  gather,
  heldGroups,
  pull,
  toWeb,
  utf8,
  type Bytes,
  type IpAddress,
  type WebDuplex,
} from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { listen } from 'ropewalk/node';

afterEach(() => expect(heldGroups().map(String)).toEqual([]));

describe('a connection over a socket that Node has dressed as web streams keeps the contract of a Duplex', () => {
  const cases = complianceOf({
    listen,
    connect: (place) =>
      connecting(place, (events) => {
        const socket: Socket = connectSocket({ port: Number(place), host: '127.0.0.1', allowHalfOpen: true });
        socket.once('connect', () => events.opened(fromWebDuplex(Duplex.toWeb(socket) as WebDuplex<Bytes>)));
        socket.once('error', (cause) => events.failed(new ConnectionRefused('refused', { cause })));
        return () => socket.destroy();
      }),
    endpoint: () => 'tcp:0:interface=127.0.0.1',
    reach: (address) => String((address as IpAddress).port),
    // Node destroys a socket that is aborted through its streams: the peer sees an end. It tells the peer's end only
    // once this side has ended, too; so the one other case that waits for an end cannot be had either.
    can: { reset: false, halfClose: false },
  });
  for (const { rule, name, run, timeout } of cases)
    if (name !== 'nothing is emitted to who has unsubscribed') test(`rule ${rule}: ${name}`, run, timeout);
});

test('a file arrives whole', async () => {
  const stream = Readable.toWeb(createReadStream(__filename)) as ReadableStream<Bytes>;
  const text = utf8(await lastValueFrom(fromWeb(stream).pipe(gather())));
  expect(text.endsWith('// The end.\n')).toBe(true);
});

test("Node's pipeline takes what we give, and holds the source", async () => {
  let drawn = 0;
  function* chunks(): Generator<Bytes> {
    while (drawn < 200) yield bytes(`${drawn++}\n`);
  }
  let written = 0;
  let ahead = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      written++;
      ahead = Math.max(ahead, drawn - written);
      setImmediate(done);
    },
  });
  await pipeline(
    Readable.fromWeb(toWeb(pull(chunks()).pipe(map((chunk) => chunk))) as never, { highWaterMark: 1 }),
    slow,
  );
  expect([written, drawn]).toEqual([200, 200]);
  expect(ahead).toBeLessThan(10);
});
// The end.
