/** Peers that are slow, silent, greedy or rude: each leaves the server's memory flat, and the others served. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

const MiB = 1 << 20;
let server: ChildProcess;
let ports: Record<string, number>;

beforeAll(async () => {
  server = fork(join(__dirname, 'hostile/server.ts'), {
    execArgv: ['--expose-gc', '-r', 'ts-node/register', '-r', 'tsconfig-paths/register'],
  });
  [ports] = (await once(server, 'message')) as [Record<string, number>];
  // What a server needs once, whoever comes: so that it is not counted against the first guest.
  await Promise.all(Array.from({ length: 50 }, () => isServed()));
  await report();
});

afterAll(async () => {
  server.disconnect();
  await once(server, 'exit');
});

/** How connections have ended, by name and number, as far as it was reported. */
const ended = new Map<string, number>();

/** The server's resident memory, in bytes. */
async function report(): Promise<number> {
  server.send('report');
  const [told] = (await once(server, 'message')) as [{ rss: number; ended: string[] }];
  for (const how of told.ended) ended.set(how, (ended.get(how) ?? 0) + 1);
  return told.rss;
}

/** Waits until that many connections have ended so. */
async function untilEnded(how: string, count: number): Promise<void> {
  while ((ended.get(how) ?? 0) < count) await report();
}

async function open(name: string): Promise<Socket> {
  const socket = connect(ports[name], '127.0.0.1');
  await once(socket, 'connect');
  // Most of them are cut off, and that is what they are for.
  return socket.on('error', () => {});
}

/** A well-behaved guest says a line and hears it. */
async function isServed(name = 'upper'): Promise<void> {
  const socket = await open(name);
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
  const ended = once(socket, 'end');
  socket.end('hello\r\n');
  await ended;
  expect(heard.toUpperCase()).toBe('HELLO\r\n');
}

/** Writes as fast as it is taken, until it is not taken for a while or `most` bytes are gone; gives how many were. */
async function flood(socket: Socket, chunk: Buffer, most: number): Promise<number> {
  let written = 0;
  let closed = false;
  socket.once('close', () => (closed = true));
  while (written < most && !closed) {
    written += chunk.length;
    if (!socket.write(chunk)) {
      const quiet = new AbortController();
      const timer = setTimeout(() => quiet.abort(), 400);
      const drained = await Promise.race([
        once(socket, 'drain', { signal: quiet.signal }).then(
          () => true,
          () => false,
        ),
        once(socket, 'close', { signal: quiet.signal }).then(
          () => false,
          () => false,
        ),
      ]);
      clearTimeout(timer);
      quiet.abort();
      if (!drained) break;
    }
  }
  return written;
}

async function growthDuring(work: () => Promise<void>): Promise<number> {
  const before = await report();
  await work();
  const after = await report();
  return after - before;
}

test('a peer that sends without reading is not read from any more', async () => {
  const peers: Socket[] = [];
  const tenMore = async (): Promise<void> => {
    const more = await Promise.all(Array.from({ length: 10 }, () => open('echo')));
    peers.push(...more);
    const written = await Promise.all(more.map((peer) => flood(peer.pause(), Buffer.alloc(65_536), 100 * MiB)));
    // Ours holds; what was taken lies in the system's buffers, not in the server.
    expect(Math.max(...written)).toBeLessThan(40 * MiB);
    await isServed();
  };
  // The first ten show the collector how much there is to do; the next ten must not need more.
  await tenMore();
  expect(await growthDuring(tenMore)).toBeLessThan(32 * MiB);
  for (const peer of peers) peer.destroy();
});

test('peers that connect and say nothing cost a few KiB each, and may be given a time', async () => {
  let peers: Socket[] = [];
  const growth = await growthDuring(async () => {
    peers = await Promise.all(Array.from({ length: 1000 }, () => open('upper')));
    await isServed();
  });
  expect(growth / peers.length).toBeLessThan(32 * 1024);
  for (const peer of peers) peer.destroy();

  const silent = await open('impatient');
  const [error] = (await once(silent, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  await untilEnded('aborted TimedOut', 1);
});

test('peers that reset in the middle of a line are forgotten', async () => {
  const peers = await Promise.all(Array.from({ length: 500 }, () => open('upper')));
  await report();
  const growth = await growthDuring(async () => {
    const here = once(peers[0], 'data');
    // A whole line first: when it is answered, what follows it has arrived too.
    for (const peer of peers) peer.write('whole\r\nhalf a li');
    await here;
    for (const peer of peers) peer.resetAndDestroy();
    await isServed();
  });
  expect(growth).toBeLessThan(32 * MiB);
  await untilEnded('lost ConnectionLost', 500);
});

test('a peer that sends a line without end is cut off, soon', async () => {
  const peers = await Promise.all(Array.from({ length: 20 }, () => open('upper')));
  const growth = await growthDuring(async () => {
    const written = await Promise.all(peers.map((peer) => flood(peer, Buffer.alloc(16_384, 'x'), 100 * MiB)));
    expect(Math.max(...written)).toBeLessThan(20 * MiB);
    await isServed();
  });
  expect(growth).toBeLessThan(32 * MiB);
  await untilEnded('aborted LimitExceeded', 20);
});

test('a guest who does not listen is dropped from the room, and the others hear everything', async () => {
  const cutOff = ended.get('aborted LimitExceeded') ?? 0;
  const deaf = (await open('chat')).pause();
  const lost = new Promise((resolve) => deaf.once('close', resolve));
  deaf.write('I am here\n');
  const [speaker, listener] = await Promise.all([open('chat'), open('chat')]);
  const batch = Buffer.from(`${'x'.repeat(1022)}\n`.repeat(64));
  let heard = 0;
  listener.on('data', (chunk) => (heard += chunk.length));
  speaker.resume();
  const growth = await growthDuring(async () => {
    for (let said = 0; said < 512; said++) {
      speaker.write(batch);
      // Each line comes back one byte longer. Who keeps up to within a batch is never behind.
      const all = (said + 1) * (batch.length + 64);
      while (heard < all) await once(listener, 'data');
    }
  });
  expect(growth).toBeLessThan(48 * MiB);
  await untilEnded('aborted LimitExceeded', cutOff + 1);
  deaf.resume();
  await lost;
  speaker.destroy();
  listener.destroy();
}, 30_000);

test('10,000 at once are served, each, and hear each other', async () => {
  const everybody = async (name: string): Promise<Socket[]> => {
    const peers: Socket[] = [];
    while (peers.length < 10_000) peers.push(...(await Promise.all(Array.from({ length: 500 }, () => open(name)))));
    return peers;
  };
  let peers: Socket[] = [];
  const growth = await growthDuring(async () => {
    peers = await everybody('upper');
    const answers = peers.map((peer) => once(peer, 'data'));
    for (const peer of peers) peer.write('hello\n');
    for (const [answer] of await Promise.all(answers)) expect(String(answer)).toBe('HELLO\r\n');
    await isServed();
  });
  expect(growth / peers.length).toBeLessThan(32 * 1024);
  for (const peer of peers) peer.destroy();

  const guests = await everybody('chat');
  const heard = guests.map((guest) => once(guest, 'data'));
  guests[9_999].write('hello, all of you\n');
  for (const [line] of await Promise.all(heard)) expect(String(line)).toBe('hello, all of you\r\n');
  for (const guest of guests) guest.destroy();
}, 60_000);
