/** Rule 2: what arrives waits for a while, and is shared by whoever listens. */
import { take, tap } from 'rxjs';
import type { Address } from '../../src/Address.ts';
import { bytes } from '../../src/bytes.ts';
import { mostBytesWaiting, mostWaiting } from '../../src/datagrams/Arrivals.ts';
import type { Datagrams } from '../../src/Datagrams.ts';
import { currentGroup, type Hold } from '../../src/flow.ts';
import { holds, same } from '../compliance/Bench.ts';
import type { DatagramBench } from './DatagramBench.ts';
import type { DatagramCaseOf } from './DatagramCase.ts';

/** Sends numbered datagrams of `length` bytes, no faster than they arrive: the system's own buffers are short. */
async function send(
  bench: DatagramBench,
  { server, client, address }: { server: Datagrams; client: Datagrams; address: Address },
  count: number,
  length = 4,
): Promise<void> {
  const before = server.state.received;
  for (let n = 0; n < count; n++) {
    const data = new Uint8Array(length);
    data.set(bytes(numbered(n)));
    client.next({ data, remote: address });
    if (n % 25 === 24 || length > 1000 || n === count - 1)
      await bench.until(() => server.state.received > before + n, 'what was sent');
  }
}

const numbered = (n: number): string => String(n).padStart(4, '0');

export const arrivalCases: readonly DatagramCaseOf[] = [
  {
    rule: 2,
    name: 'each value is one datagram, whole and with the address of whoever sent it; an empty one is one, too',
    async run(bench) {
      const { server, client, address } = await bench.pair();
      const heard = bench.hear(server);
      const lengths = [0, 1, 1400, 9000, bench.runtime.longest, 3];
      for (const [at, length] of lengths.entries()) {
        client.next({ data: new Uint8Array(length).fill(at), remote: address });
        await bench.until(() => heard.datagrams.length > at, `${length} bytes`);
      }
      same(
        heard.datagrams.map(({ data, remote }) => [
          data.length,
          data.every((byte) => byte === data[0]),
          String(remote),
        ]),
        lengths.map((length) => [length, true, String(client.local)]),
      );
    },
  },
  {
    rule: 2,
    name: 'a socket that is written into itself answers each where it came from',
    async run(bench) {
      const { server, client, address } = await bench.pair();
      const { socket: other } = await bench.open();
      bench.keep(server.subscribe(server));
      const [one, two] = [bench.hear(client), bench.hear(other)];
      client.next({ data: bytes('one'), remote: address });
      other.next({ data: bytes('two'), remote: address });
      await bench.until(() => one.texts.length + two.texts.length === 2, 'both answers');
      same([one.texts, two.texts], [['one'], ['two']]);
    },
  },
  {
    rule: 2,
    name: 'what arrives before the first subscription waits for it, and from one subscriber to the next nothing is lost',
    async run(bench) {
      const pair = await bench.pair();
      await send(bench, pair, 10);
      same(pair.server.state.waiting, 10, 'how many wait');
      const first = bench.hear(pair.server.pipe(take(4)));
      await bench.until(() => first.end !== undefined, 'the first four');
      const second = bench.hear(pair.server);
      await bench.until(() => second.texts.length === 6, 'the others');
      same(
        [...first.texts, ...second.texts],
        Array.from({ length: 10 }, (_, n) => numbered(n)),
      );
      same(pair.server.state.lost, 0, 'how many were lost');
    },
  },
  {
    rule: 2,
    name: 'several subscribers share what arrives, those of one turn also what waited',
    async run(bench) {
      const pair = await bench.pair();
      await send(bench, pair, 2);
      const [one, two] = [bench.hear(pair.server), bench.hear(pair.server)];
      await bench.until(() => one.texts.length === 2, 'what waited');
      await send(bench, pair, 1);
      one.unsubscribe();
      await send(bench, pair, 1);
      await bench.until(() => two.texts.length === 4, 'what came later');
      same([one.texts.length, two.texts.length], [3, 4]);
    },
  },
  {
    rule: 2,
    name: `${mostWaiting} datagrams wait at most: the oldest are dropped, and counted`,
    async run(bench) {
      const pair = await bench.pair();
      const count = mostWaiting + 100;
      await send(bench, pair, count);
      const { waiting, lost, received } = pair.server.state;
      same({ waiting, lost, received }, { waiting: mostWaiting, lost: 100, received: count });
      const heard = bench.hear(pair.server);
      await bench.until(() => heard.texts.length === mostWaiting, 'what waited');
      same(
        heard.texts,
        Array.from({ length: mostWaiting }, (_, n) => numbered(n + 100)),
      );
    },
  },
  {
    rule: 2,
    name: `${mostBytesWaiting} bytes wait at most`,
    async run(bench) {
      const pair = await bench.pair();
      const length = 60_000;
      const fit = Math.floor(mostBytesWaiting / length);
      await send(bench, pair, fit + 3, length);
      same([pair.server.state.waiting, pair.server.state.lost], [fit, 3]);
      const heard = bench.hear(pair.server);
      await bench.until(() => heard.datagrams.length === fit, 'what waited');
      same(heard.texts[0].slice(0, 4), numbered(3), 'the oldest that is left');
    },
  },
  {
    rule: 2,
    name: 'whoever is fed may hold: delivery pauses at once, and goes on where it was',
    async run(bench) {
      const pair = await bench.pair();
      let hold: Hold | undefined;
      const heard = bench.hear(
        pair.server.pipe(tap(() => (hold ??= currentGroup()?.hold({ backlog: 1 }, 'a case wants to see it')))),
      );
      try {
        await send(bench, pair, 3);
        await bench.meanwhile();
        holds(hold !== undefined, 'the socket can be found while it feeds');
        same([heard.texts.length, pair.server.state.waiting, pair.server.state.held], [1, 2, true]);
      } finally {
        hold?.release();
        hold?.release();
      }
      await bench.until(() => heard.texts.length === 3, 'the others');
      same([pair.server.state.lost, pair.server.state.held], [0, false]);
    },
  },
  {
    rule: 2,
    name: 'what waits when the socket is closed is dropped, and counted',
    async run(bench) {
      const pair = await bench.pair();
      await send(bench, pair, 3);
      pair.server.complete();
      await bench.reasonOf(pair.server);
      same([pair.server.state.waiting, pair.server.state.lost], [0, 3]);
    },
  },
];
