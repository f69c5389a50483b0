/** Rule 2: `next` never throws. Rule 3: `complete`. Rule 8: writes leave together, and memory is bounded. */
import { identity } from 'rxjs';
import { bytes, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded } from '../../src/errors.ts';
import { hardLimit, highWaterMark } from '../../src/Outbox.ts';
import { onWarning } from '../../src/warnings.ts';
import type { CaseOf } from './Case.ts';
import { holds, isA, isPattern, pattern, same } from './Bench.ts';

export const writingCases: readonly CaseOf[] = [
  {
    rule: 2,
    name: 'what is written after the end is ignored and counted',
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(server);
      client.next(bytes('words'));
      client.complete();
      client.next(bytes('late'));
      client.next(bytes('later'));
      same(client.state.dropped, 2, 'what was dropped');
      await bench.until(() => heard.end !== undefined, 'the end');
      same(heard.text, 'words');
      server.complete();
      await bench.reasonOf(client);
      client.next(bytes('latest'));
      same(client.state.dropped, 3, 'what was dropped');
    },
  },
  {
    rule: 2,
    name: 'writing to a peer that is gone does not throw',
    async run(bench) {
      const { server, client } = await bench.pair();
      bench.hear(client);
      server.error(new Error('gone'));
      let over = false;
      client.closed.addCallback(() => {
        over = true;
      });
      await bench.until(() => {
        client.next(pattern(1000));
        return over;
      }, 'the loss to be noticed');
      client.next(bytes('after'));
      holds(client.state.dropped > 0, 'what came after is counted');
    },
  },
  {
    rule: 2,
    name: 'what is not bytes aborts, with a TypeError that says what to do',
    async run(bench) {
      const { client } = await bench.pair();
      client.next('text' as unknown as Bytes);
      const reason = await bench.reasonOf(client);
      same(reason.kind, 'aborted');
      const { message } = isA(reason.kind === 'aborted' ? reason.error : undefined, TypeError);
      holds(message.includes("'text'") && message.includes('lines()'), `the message helps: ${message}`);
    },
  },
  {
    rule: 3,
    name: 'complete sends what waits, then the end, and what arrives goes on arriving',
    needs: ['halfClose'],
    async run(bench) {
      const { server, client } = await bench.pair();
      const [question, answer] = [bench.hear(server), bench.hear(client)];
      client.next(bytes('question'));
      client.complete();
      client.complete();
      same(client.state.phase, 'ending', 'the phase');
      await bench.until(() => question.end !== undefined, 'the question and its end');
      same([question.text, question.end], ['question', {}]);
      await bench.meanwhile();
      server.next(bytes('answer'));
      await bench.until(() => answer.text === 'answer', 'the answer');
      server.complete();
      await bench.until(() => answer.end !== undefined, 'the end of the answer');
      same((await bench.reasonOf(client)).kind, 'done');
      same((await bench.reasonOf(server)).kind, 'done');
    },
  },
  {
    rule: 3,
    name: 'all that was written before complete arrives, however much it is',
    async run(bench) {
      const { server, client } = await bench.pair();
      const length = 3 << 20;
      const silence = onWarning(() => {});
      try {
        for (let from = 0; from < length; from += 1 << 16) client.next(pattern(1 << 16, from));
        client.complete();
      } finally {
        onWarning(silence);
      }
      // The peer takes its time: the last bytes wait for it.
      await bench.meanwhile();
      const heard = bench.hear(server);
      await bench.until(() => heard.end !== undefined, 'the end');
      same(heard.end, {});
      isPattern(heard.chunks, length);
    },
  },
  {
    rule: 8,
    name: 'what one turn writes arrives together',
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(server);
      for (const letter of 'together') client.next(bytes(letter));
      const pieces = bench.runtime.can.messages ? 'together'.length : 1;
      await bench.until(() => heard.chunks.length >= pieces, 'the bytes');
      same(heard.chunks.length, pieces, 'the number of pieces');
      same(heard.text, 'together');
    },
  },
  {
    rule: 8,
    name: 'flush does not wait for the end of the turn, and empty chunks are nothing',
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(server);
      client.next(new Uint8Array(0));
      client.flush();
      client.next(bytes('now'));
      client.flush();
      same(client.state.bytesSent, 3, 'what was handed to the platform');
      await bench.until(() => heard.text === 'now', 'the bytes');
    },
  },
  {
    rule: 8,
    name: 'an echo stays bounded while its peer does not read, and nothing is lost when it does',
    needs: ['pressure'],
    timeout: 30_000,
    async run(bench) {
      const { server, client } = await bench.pair();
      bench.keep(server.pipe(identity).subscribe(server));
      let written = 0;
      let highest = 0;
      const piece = 1 << 16;
      // Nobody listens at the client: sooner or later the echo cannot send, and stops reading.
      let stuck = 0;
      while (stuck < 20) {
        if (client.state.unsent < 4 * piece) {
          client.next(pattern(piece, written));
          written += piece;
          stuck = 0;
        } else stuck++;
        holds(written < 128 << 20, 'the echo stops reading some time');
        await bench.pass();
        highest = Math.max(highest, server.state.unsent);
      }
      holds(server.state.held, 'the echo is held by itself');
      holds(highest <= 3 * highWaterMark, `the echo keeps at most ${3 * highWaterMark} bytes, not ${highest}`);
      const heard = bench.hear(client);
      await bench.until(() => heard.length >= written, 'everything to come back', 20_000);
      client.complete();
      await bench.until(() => heard.end !== undefined, 'the end');
      isPattern(heard.chunks, written);
      holds(!server.state.held, 'nothing is held any more');
      same(server.state.unsent, 0, 'what is unsent');
    },
  },
  {
    rule: 8,
    name: 'past the hard limit the connection is aborted with LimitExceeded',
    async run(bench) {
      const { client } = await bench.pair();
      const piece = new Uint8Array(1 << 20);
      const silence = onWarning(() => {});
      let over = false;
      client.closed.addCallback(() => {
        over = true;
      });
      try {
        for (let at = 0; at < 80 && client.state.dropped === 0; at++) client.next(piece);
        await bench.until(() => over, 'the abort');
      } finally {
        onWarning(silence);
      }
      const reason = await bench.reasonOf(client);
      same(reason.kind, 'aborted');
      same(isA(reason.kind === 'aborted' && reason.error, LimitExceeded).limit, hardLimit, 'the limit');
    },
  },
];
