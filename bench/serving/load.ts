/**
 * The load of a server bench: plain `node:net`, in a process of its own, the same for every server.
 * Told over IPC what to do; answers with how many operations were done.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Load } from './compareServers.ts';

/** What is to be done, where, and for how long. */
type Order = Load & { readonly port: number; readonly ms: number };

process.on('message', (order: Order) => {
  const work = order.kind === 'churn' ? churn(order) : order.kind === 'messages' ? messages(order) : webSocket(order);
  void work.then((done) => process.send?.(done));
});

/** `connections` clients keep `window` messages of `size` bytes in flight; an operation is a message that came back. */
async function messages(order: Order): Promise<number> {
  if (order.request === undefined) return roundTrips(order, { message: lineOf(order.size), answer: order.size });
  const message = Buffer.from(order.request, 'latin1');
  return roundTrips(order, { message, answer: await answerTo(message, order.port) });
}

/** The same, in masked frames, after a handshake. */
function webSocket(order: Order): Promise<number> {
  const { size, port } = order;
  const head = size < 126 ? [0x82, 0x80 | size] : [0x82, 0xfe, size >> 8, size & 255];
  const key = [0x37, 0xfa, 0x21, 0x3d];
  const payload = Buffer.alloc(size, 'x').map((byte, i) => byte ^ key[i % 4]);
  const hello = [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  return roundTrips(order, {
    hello: `${hello.join('\r\n')}\r\n\r\n`,
    message: Buffer.concat([Buffer.from([...head, ...key]), payload]),
    answer: head.length + size,
  });
}

/** What a client sends, after a greeting that is answered with a head, and how many bytes come back for it. */
interface Exchange {
  readonly hello?: string;
  readonly message: Buffer;
  readonly answer: number;
}

async function roundTrips(
  { port, ms, connections, window }: Order,
  { hello, message, answer }: Exchange,
): Promise<number> {
  const batches = Array.from({ length: window + 1 }, (_, count) => Buffer.concat(Array<Buffer>(count).fill(message)));
  let done = 0;
  let running = true;
  const clients = await Promise.all(Array.from({ length: connections }, () => open(port)));
  if (hello !== undefined)
    await Promise.all(
      clients.map(async (client) => {
        client.write(hello);
        await once(client, 'data');
      }),
    );
  for (const client of clients) {
    let received = 0;
    client.on('data', (chunk) => {
      received += chunk.length;
      let whole = Math.floor(received / answer);
      received -= whole * answer;
      done += whole;
      for (; running && whole > 0; whole -= window) client.write(batches[Math.min(whole, window)]);
    });
    client.write(batches[window]);
  }
  const counted = await countFor(ms, () => done);
  running = false;
  for (const client of clients) client.destroy();
  return counted;
}

function lineOf(size: number): Buffer {
  const line = Buffer.alloc(size, 'x');
  line.write('\r\n', size - 2);
  return line;
}

/** How many bytes the answer to one request has: each server says other fields, but always the same. */
async function answerTo(request: Buffer, port: number): Promise<number> {
  const client = await open(port);
  let length = 0;
  client.on('data', (chunk) => (length += chunk.length));
  client.write(request);
  for (let before = -1; length === 0 || before < length; await wait(100)) before = length;
  client.destroy();
  return length;
}

/** Each of `connections` clients connects, sends `size` bytes, reads them back, ends, and begins again. */
async function churn({ port, ms, connections, size }: Order): Promise<number> {
  const message = Buffer.alloc(size, 'x');
  let done = 0;
  let running = true;
  const clients = Array.from({ length: connections }, async () => {
    while (running) {
      const client = await open(port);
      await new Promise<void>((resolve) => {
        let received = 0;
        client.on('data', (chunk) => {
          received += chunk.length;
          if (received === size) client.end();
        });
        client.on('close', () => resolve());
        client.write(message);
      });
      done++;
    }
  });
  const counted = await countFor(ms, () => done);
  running = false;
  await Promise.all(clients);
  return counted;
}

/** How much `done` grows in `ms`; counting begins once everything is warm and in flight. */
async function countFor(ms: number, done: () => number): Promise<number> {
  await wait(ms / 4);
  process.send?.('begin');
  const before = done();
  await wait(ms);
  return done() - before;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
