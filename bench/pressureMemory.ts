/**
 * Claim: a relay between a fast sender and a slow reader grows by what the collector leaves lying about, 32 MiB at most, as
 * with Node's own `stream.pipeline`; the same in plain RxJS over `node:net` grows by all that the reader has not taken.
 * Resident memory of the relay, each in a process of its own, every 100 ms; the reader takes a tenth of what is sent.
 * With SVG=docs/images/pressure-memory.svg in the environment it draws that picture, too.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';
import { map, Subject } from 'rxjs';
import type { Bytes, IpAddress } from 'ropewalk';
import { dial, listen } from 'ropewalk/node';
import { machine } from './compare.ts';
import { lineChart, type Line } from './plot/lineChart.ts';

const MiB = 1 << 20;
const seconds = Number(process.env.SECONDS ?? 12);
/** What the sender offers in a second, and what the reader takes. */
const offered = 80 * MiB;
const taken = 8 * MiB;

/** Listens, dials `to` for whoever comes, and hands on what arrives. */
type Relay = (to: number, listening: (port: number) => void) => void;

const pass = (chunk: Bytes): Bytes => chunk;

const relays: Record<string, Relay> = {
  'plain RxJS over node:net': (to, listening) => {
    relayOf(listening, (socket) => {
      const other = connect(to, '127.0.0.1');
      const incoming = new Subject<Bytes>();
      socket.on('data', (chunk) => incoming.next(chunk));
      incoming.pipe(map(pass)).subscribe((chunk) => other.write(chunk));
    });
  },
  'stream.pipeline': (to, listening) => {
    relayOf(listening, (socket) => {
      const through = new Transform({ transform: (chunk: Bytes, _, done) => done(null, pass(chunk)) });
      pipeline(socket, through, connect(to, '127.0.0.1'), () => {});
    });
  },
  ropewalk: (to, listening) => {
    const server = listen('tcp:0:interface=127.0.0.1');
    server.address$.subscribe((address) => listening((address as IpAddress).port));
    server.subscribe((connection) => {
      dial(`tcp:127.0.0.1:${to}`).addCallback((other) => {
        connection.pipe(map(pass)).subscribe(other);
      });
    });
  },
};

function relayOf(listening: (port: number) => void, attend: (socket: Socket) => void): void {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    attend(socket);
  });
  server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port));
}

interface Sample {
  /** Milliseconds since the relay was told to begin. */
  readonly at: number;
  readonly rss: number;
}

const [mine, to] = (process.env.ROPEWALK_BENCH_SERVER ?? '').split('|');
if (mine === '') void compare();
else {
  relays[mine](Number(to), (port) => process.send?.(port));
  process.on('message', () => {
    const begin = Date.now();
    setInterval(() => process.send?.({ at: Date.now() - begin, rss: process.memoryUsage.rss() }), 100);
  });
  process.on('disconnect', () => process.exit());
}

async function compare(): Promise<void> {
  console.log(machine());
  console.log(`offered ${offered / MiB} MiB/s for ${seconds} s, taken ${taken / MiB} MiB/s; MiB of resident memory`);
  const lines: Line[] = [];
  const results: Record<string, Record<string, number>> = {};
  for (const name of Object.keys(relays)) {
    const { samples, sent, received } = await run(name);
    const [{ rss: idle }] = samples;
    const peak = Math.max(...samples.map(({ rss }) => rss));
    results[name] = Object.fromEntries(
      Object.entries({ idle, peak, growth: peak - idle, sent, received }).map(([what, bytes]) => [
        what,
        Math.round(bytes / MiB),
      ]),
    );
    lines.push({ name, points: samples.map(({ at, rss }) => [at / 1000, rss / MiB]) });
  }
  console.table(results);
  if (process.env.SVG === undefined) return;
  const title = `A relay whose reader takes a tenth: ${offered / MiB} MiB/s offered, ${taken / MiB} MiB/s taken`;
  writeFileSync(
    process.env.SVG,
    lineChart({
      title,
      x: { name: 'time', unit: 's', most: seconds },
      y: { name: 'resident memory', unit: 'MiB' },
      lines,
    }),
  );
}

async function run(name: string): Promise<{ samples: Sample[]; sent: number; received: number }> {
  const reader = createServer((socket) => slowly(socket));
  let received = 0;
  await once(reader.listen(0, '127.0.0.1'), 'listening');
  const child = fork(__filename, {
    env: { ...process.env, ROPEWALK_BENCH_SERVER: `${name}|${portOf(reader)}` },
    execArgv: ['-r', 'ts-node/register', '-r', 'tsconfig-paths/register'],
  });
  const [port] = (await once(child, 'message')) as [number];
  const samples: Sample[] = [];
  child.on('message', (sample) => samples.push(sample as Sample));
  child.send('begin');
  await once(child, 'message');
  const sender = connect(port, '127.0.0.1').on('error', () => {});
  await once(sender, 'connect');
  const sent = await offer(sender, child, samples);
  child.disconnect();
  await once(child, 'exit');
  sender.destroy();
  reader.close();
  return { samples, sent, received };

  /** Takes what its time allows, and pauses in between. */
  function slowly(socket: Socket): void {
    const allowed = allowance(taken);
    const timer = setInterval(() => {
      if (received <= allowed()) socket.resume();
    }, 20);
    socket
      .on('data', (chunk) => {
        received += chunk.length;
        if (received > allowed()) socket.pause();
      })
      .on('error', () => {})
      .on('close', () => clearInterval(timer));
  }
}

/** Writes what its time allows, and forgoes what is not taken; until the relay's time is over. Gives how much was taken. */
async function offer(sender: Socket, child: ChildProcess, samples: readonly Sample[]): Promise<number> {
  const chunk = Buffer.alloc(offered / 50);
  const allowed = allowance(offered);
  let past = 0;
  const timer = setInterval(() => {
    for (; past + chunk.length <= allowed(); past += chunk.length) {
      if (!sender.writableNeedDrain) sender.write(chunk);
    }
  }, 20);
  while (samples[samples.length - 1].at < seconds * 1000) await once(child, 'message');
  clearInterval(timer);
  return sender.bytesWritten - sender.writableLength;
}

/** How many bytes may have passed by now, at so many a second. */
function allowance(perSecond: number): () => number {
  const begin = performance.now();
  return () => ((performance.now() - begin) / 1000) * perSecond;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
