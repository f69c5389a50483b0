/** Rule 1: reading happens while someone listens, and nothing is lost. Rule 5: how what arrives ends. */
import { take } from 'rxjs';
import { bytes } from '../../src/bytes.ts';
import { ConnectionAborted, ConnectionLost } from '../../src/errors.ts';
import type { CaseOf } from './Case.ts';
import { holds, isA, isPattern, pattern, same } from './Bench.ts';

export const readingCases: readonly CaseOf[] = [
  {
    rule: 1,
    name: 'what arrives before the first subscription waits for it',
    async run(bench) {
      const { server, client } = await bench.pair();
      for (const greeting of ['one ', 'two ', 'three']) {
        server.next(bytes(greeting));
        await bench.meanwhile();
      }
      const heard = bench.hear(client);
      await bench.until(() => heard.text === 'one two three', 'all that was said');
    },
  },
  {
    rule: 1,
    name: 'while nobody listens at most one chunk is read, and reading is held',
    async run(bench) {
      const { server, client } = await bench.pair();
      for (let from = 0; from < 1 << 20; from += 65536) server.next(pattern(65536, from));
      await bench.until(() => client.state.bytesReceived > 0, 'a chunk to be read ahead');
      await bench.meanwhile();
      holds(
        client.state.bytesReceived <= 65536,
        `at most 65536 bytes are read ahead, not ${client.state.bytesReceived}`,
      );
      holds(client.state.held, 'reading is held');
      const heard = bench.hear(client);
      await bench.until(() => heard.length >= 1 << 20, 'the rest');
      isPattern(heard.chunks, 1 << 20);
      holds(!client.state.held, 'reading goes on');
    },
  },
  {
    rule: 1,
    name: 'nothing is lost from one subscriber to the next',
    async run(bench) {
      const { server, client } = await bench.pair();
      const length = 600_000;
      server.next(pattern(length));
      const chunks: Uint8Array[] = [];
      let total = 0;
      while (total < length) {
        const heard = bench.hear(client.pipe(take(1)));
        await bench.until(() => heard.end !== undefined, `a chunk after ${total} bytes`);
        chunks.push(...heard.chunks);
        total += heard.length;
        await bench.pass();
      }
      isPattern(chunks, length);
    },
  },
  {
    rule: 1,
    name: 'several subscribers share what arrives, and the last to leave stops the reading',
    async run(bench) {
      const { server, client } = await bench.pair();
      const [one, two] = [bench.hear(client), bench.hear(client)];
      server.next(bytes('both'));
      await bench.until(() => one.text === 'both' && two.text === 'both', 'both to hear it');
      one.unsubscribe();
      server.next(bytes('second'));
      await bench.until(() => two.text === 'bothsecond', 'the second to hear it');
      two.unsubscribe();
      server.next(bytes('nobody'));
      await bench.until(() => client.state.held, 'reading to be held');
      same([one.text, two.text], ['both', 'bothsecond']);
      const three = bench.hear(client);
      await bench.until(() => three.text === 'nobody', 'what nobody heard');
    },
  },
  {
    rule: 1,
    name: 'the last chunk and the end wait together',
    needs: ['halfClose'],
    async run(bench) {
      const { server, client } = await bench.pair();
      server.next(bytes('bye'));
      server.complete();
      await bench.until(() => client.state.bytesReceived > 0, 'the last chunk, or its beginning');
      await bench.meanwhile();
      const heard = bench.hear(client);
      await bench.until(() => heard.end !== undefined, 'the end');
      same([heard.text, heard.end], ['bye', {}]);
    },
  },
  {
    rule: 1,
    name: 'an end is noticed while nobody listens',
    needs: ['halfClose'],
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(server);
      server.complete();
      await bench.meanwhile();
      client.complete();
      // Both halves are over: it does not linger.
      same((await bench.reasonOf(client, 4_000)).kind, 'done');
      await bench.until(() => heard.end !== undefined, 'the end of the other half');
      same((await bench.reasonOf(server)).kind, 'done');
    },
  },
  {
    rule: 1,
    name: 'a loss is noticed while nobody listens',
    needs: ['reset'],
    async run(bench) {
      const { server, client } = await bench.pair();
      server.error(new Error('enough'));
      const reason = await bench.reasonOf(client);
      same(reason.kind, 'lost');
    },
  },
  {
    rule: 5,
    name: 'what arrives completes when the peer ended in order, for late subscribers too',
    needs: ['halfClose'],
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(client);
      server.next(bytes('all'));
      server.complete();
      await bench.until(() => heard.end !== undefined, 'the end');
      same([heard.text, heard.end], ['all', {}]);
      same(bench.hear(client).end, {}, 'the end for a late subscriber');
    },
  },
  {
    rule: 5,
    name: 'what arrives errors with ConnectionLost when the peer broke off, for late subscribers too',
    needs: ['reset'],
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(client);
      server.error(new Error('enough'));
      await bench.until(() => heard.end !== undefined, 'the loss');
      isA(heard.end?.error, ConnectionLost);
      isA(bench.hear(client).end?.error, ConnectionLost);
    },
  },
  {
    rule: 5,
    name: 'what arrives errors with ConnectionAborted when this side broke off',
    async run(bench) {
      const { client } = await bench.pair();
      const heard = bench.hear(client);
      const reason = new Error('enough');
      client.error(reason);
      same(isA(heard.end?.error, ConnectionAborted).cause === reason, true, 'that the cause is the reason');
      isA(bench.hear(client).end?.error, ConnectionAborted);
    },
  },
];
