/** Rule 4: abort. Rule 6: when a connection is freed. Rule 7: `closed`. Rule 10: nothing after the end. */
import { bytes } from '../../src/bytes.ts';
import { ConnectionLost } from '../../src/errors.ts';
import type { ConnectionState } from '../../src/Connection.ts';
import type { CaseOf } from './Case.ts';
import { holds, isA, pattern, same } from './Bench.ts';

export const endingCases: readonly CaseOf[] = [
  {
    rule: 4,
    name: 'error aborts now: its reason is the value of closed, what waits is not sent, a second reason is nothing',
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(server);
      const error = new Error('enough');
      client.next(bytes('never sent'));
      client.error(error);
      client.error(new Error('more than enough'));
      client.next(bytes('never sent either'));
      const reason = await bench.reasonOf(client);
      holds(reason.kind === 'aborted' && reason.error === error, 'closed tells the first reason');
      await bench.until(() => heard.end !== undefined, 'the peer to notice');
      same(heard.text, '');
    },
  },
  {
    rule: 4,
    name: 'error after complete still aborts',
    async run(bench) {
      const { server, client } = await bench.pair();
      bench.hear(server);
      const error = new Error('enough');
      client.complete();
      client.error(error);
      const reason = await bench.reasonOf(client);
      holds(reason.kind === 'aborted' && reason.error === error, 'closed tells the reason');
    },
  },
  {
    rule: 4,
    name: 'the peer sees an abort as a loss',
    needs: ['reset'],
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(server);
      client.error(new Error('enough'));
      const reason = await bench.reasonOf(server);
      same(reason.kind, 'lost');
      isA(reason.kind === 'lost' && reason.error, ConnectionLost);
      isA(heard.end?.error, ConnectionLost);
    },
  },
  {
    rule: 6,
    name: 'a connection is freed when both halves are over, and not before',
    needs: ['halfClose'],
    async run(bench) {
      const { server, client } = await bench.pair();
      const [atServer, atClient] = [bench.hear(server), bench.hear(client)];
      client.complete();
      await bench.until(() => atServer.end !== undefined, 'the end of one half');
      await bench.meanwhile();
      same([client.state.phase, server.state.phase], ['ending', 'open'], 'the phases');
      server.complete();
      same((await bench.reasonOf(client)).kind, 'done');
      same((await bench.reasonOf(server)).kind, 'done');
      same([atClient.end, client.state.phase, server.state.phase], [{}, 'closed', 'closed']);
    },
  },
  {
    rule: 6,
    name: 'last words reach a peer that still sends',
    needs: ['halfClose'],
    async run(bench) {
      const { server, client } = await bench.pair();
      client.next(pattern(300_000));
      await bench.until(() => server.state.bytesReceived > 0, 'something to arrive that nobody reads');
      server.next(bytes('last words'));
      server.complete();
      for (let times = 0; times < 10; times++) {
        client.next(pattern(50_000));
        await bench.pass();
      }
      const heard = bench.hear(client);
      await bench.until(() => heard.end !== undefined, 'the last words');
      same([heard.text, heard.end], ['last words', {}]);
      client.complete();
      same((await bench.reasonOf(server)).kind, 'done');
      same((await bench.reasonOf(client)).kind, 'done');
    },
  },
  {
    rule: 6,
    name: 'a peer that does not end is waited for five seconds at most',
    needs: ['halfClose'],
    timeout: 20_000,
    async run(bench) {
      const { server, client } = await bench.pair();
      const heard = bench.hear(client);
      server.complete();
      await bench.until(() => heard.end !== undefined, 'the end');
      same((await bench.reasonOf(server, 8_000)).kind, 'done');
      client.next(bytes('anybody?'));
    },
  },
  {
    rule: 6,
    name: 'who subscribes in the turn of complete misses nothing',
    needs: ['halfClose'],
    async run(bench) {
      const { server, client } = await bench.pair();
      server.next(bytes('greeting'));
      await bench.until(() => client.state.bytesReceived > 0, 'the greeting, or its beginning');
      client.next(bytes('question'));
      client.complete();
      const heard = bench.hear(client);
      server.complete();
      await bench.until(() => heard.end !== undefined, 'the end');
      same([heard.text, heard.end], ['greeting', {}]);
    },
  },
  {
    rule: 7,
    name: 'closed is a Deferred of its own for each who asks; one that is cancelled disturbs no other',
    async run(bench) {
      const { client } = await bench.pair();
      const seen: unknown[] = [];
      const [one, two, three] = [client.closed, client.closed, client.closed];
      holds(one !== two && two !== three, 'each access gives another Deferred');
      one.addCallback(({ kind }) => {
        seen.push(`one ${kind}`);
        return 'changed';
      });
      two.subscribe({ error: () => seen.push('cancelled') });
      two.cancel();
      three.addCallback(({ kind }) => {
        seen.push(`three ${kind}`);
      });
      client.error(new Error('enough'));
      await bench.reasonOf(client);
      same(
        seen.filter((what) => what !== 'cancelled'),
        ['one aborted', 'three aborted'],
      );
    },
  },
  {
    rule: 7,
    name: 'closed is a value also when the connection was lost, and is there at once for who asks late',
    needs: ['reset'],
    async run(bench) {
      const { server, client } = await bench.pair();
      server.error(new Error('enough'));
      const reason = await bench.reasonOf(client);
      same(reason.kind, 'lost');
      const late: unknown[] = [];
      client.closed.addCallback(({ kind }) => {
        late.push(kind);
      });
      same(late, ['lost']);
    },
  },
  {
    rule: 10,
    name: 'nothing is emitted to who has unsubscribed',
    async run(bench) {
      const { server, client } = await bench.pair();
      const [leaving, staying] = [bench.hear(client), bench.hear(client)];
      server.next(bytes('one'));
      await bench.until(() => staying.text === 'one', 'the first words');
      leaving.unsubscribe();
      server.next(bytes('two'));
      server.complete();
      await bench.until(() => staying.end !== undefined, 'the end');
      same([leaving.text, leaving.end], ['one', undefined]);
    },
  },
  {
    rule: 10,
    name: 'after closed nothing has an effect, and nothing is emitted',
    async run(bench) {
      const { server, client } = await bench.pair();
      const states: ConnectionState['phase'][] = [];
      let statesCompleted = false;
      bench.keep(
        client.state$.subscribe({
          next: ({ phase }) => states.push(phase),
          complete: () => (statesCompleted = true),
        }),
      );
      const heard = bench.hear(client);
      server.next(bytes('words'));
      await bench.until(() => heard.text === 'words', 'the words');
      client.error(new Error('enough'));
      await bench.reasonOf(client);
      const ended = heard.end;
      client.next(bytes('after'));
      client.flush();
      client.complete();
      client.error(new Error('again'));
      server.next(bytes('after'));
      await bench.meanwhile();
      holds(heard.end === ended && heard.text === 'words', 'nothing came after the end');
      same([states, statesCompleted], [['open', 'closed'], true], 'the phases');
    },
  },
];
