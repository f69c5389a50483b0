/** Rule 3: `next` never throws. Rule 4: what fails is a value. Rule 5: memory is bounded. */
import type { Destination } from '../../src/Address.ts';
import { bytes } from '../../src/bytes.ts';
import { mostUnsent } from '../../src/datagrams/Departures.ts';
import type { OutgoingDatagram } from '../../src/Datagrams.ts';
import { DatagramRefused, DatagramTooLong, InvalidAddress } from '../../src/errors.ts';
import { feed, HoldGroup } from '../../src/flow.ts';
import { highWaterMark } from '../../src/Outbox.ts';
import { holds, isA, same } from '../compliance/Bench.ts';
import type { DatagramBench } from './DatagramBench.ts';
import type { DatagramCaseOf } from './DatagramCase.ts';

/** What the socket says of itself once it was given this. */
async function mistake(bench: DatagramBench, given: unknown): Promise<string> {
  const { socket } = await bench.open();
  socket.next(given as OutgoingDatagram);
  const reason = await bench.reasonOf(socket);
  same(reason.kind, 'aborted');
  return isA(reason.kind === 'aborted' && reason.error, TypeError).message;
}

export const sendingCases: readonly DatagramCaseOf[] = [
  {
    rule: 3,
    name: 'after the end what is written and wished is ignored and counted',
    async run(bench) {
      const { server, client, address } = await bench.pair();
      const heard = bench.hear(server);
      client.next({ data: bytes('words'), remote: address });
      client.complete();
      client.next({ data: bytes('late'), remote: address });
      client.join('anything');
      await bench.reasonOf(client);
      client.next({ data: bytes('latest'), remote: address });
      client.set({ ttl: 5 });
      same(client.state.dropped, 4, 'what was dropped');
      await bench.until(() => heard.texts.length === 1, 'what was sent before');
      await bench.meanwhile();
      same(heard.texts, ['words']);
    },
  },
  {
    rule: 3,
    name: 'what is no datagram is a mistake of the program: the socket is aborted with a TypeError that says what to do',
    async run(bench) {
      const remote = (await bench.open()).address;
      holds((await mistake(bench, { data: 'text', remote })).includes('{ data, remote }'), 'it says what is taken');
      holds((await mistake(bench, bytes('text'))).includes('{ data, remote }'), 'it says what is taken');
      holds((await mistake(bench, undefined)).includes('not undefined'), 'it says what came');
      holds(
        (await mistake(bench, { data: bytes('to nobody') })).includes('remote'),
        'it says that a remote is missing',
      );
    },
  },
  {
    rule: 4,
    name: 'a datagram that is too long is a value of errors$, and the next one is sent',
    async run(bench) {
      const { server, client, address } = await bench.pair();
      const heard = bench.hear(server);
      const errors = bench.errorsOf(client);
      client.next({ data: new Uint8Array(70_000), remote: address });
      client.next({ data: bytes('short'), remote: address });
      await bench.until(() => heard.texts.length > 0 && errors.length > 0, 'the error and the next one');
      same(heard.texts, ['short']);
      const error = isA(errors[0], DatagramTooLong);
      holds(error.message.includes('70000'), `the message tells the size: ${error.message}`);
      same([errors.length, client.state.failed, client.state.phase, error.code], [1, 1, 'open', 'EMSGSIZE']);
    },
  },
  {
    rule: 4,
    name: 'what is no address there is a value of errors$, with the address in it',
    async run(bench) {
      const { server, client, address } = await bench.pair();
      const heard = bench.hear(server);
      const errors = bench.errorsOf(client);
      const nowhere: Destination[] = [{ path: '' }, { host: 'not an address', port: 53 }, { host: '', port: -1 }];
      for (const remote of nowhere) client.next({ data: bytes('?'), remote });
      client.next({ data: bytes('!'), remote: address });
      await bench.until(() => heard.texts.length > 0, 'the one that can be sent');
      same(
        errors.map((error) => isA(error, InvalidAddress).remote),
        nowhere,
      );
    },
  },
  {
    rule: 4,
    name: 'a connected socket is told that nobody listens, as a value, and goes on',
    needs: ['refused'],
    async run(bench) {
      const { socket: gone, address } = await bench.open();
      gone.complete();
      await bench.reasonOf(gone);
      const { socket } = await bench.open(bench.runtime.connectedTo(address));
      const errors = bench.errorsOf(socket);
      const heard = bench.hear(socket);
      socket.next({ data: bytes('anybody?') });
      await bench.until(() => errors.length > 0, 'the refusal');
      isA(errors[0], DatagramRefused);
      same([heard.end, socket.state.phase], [undefined, 'open']);
      const { socket: back } = await bench.open(bench.runtime.at(address));
      const arrived = bench.hear(back);
      await bench.until(() => {
        socket.next({ data: bytes('you!') });
        return arrived.texts.length > 0;
      }, 'somebody to hear it');
    },
  },
  {
    rule: 4,
    name: 'where nobody listens to errors$ there is a warning, once for each kind',
    async run(bench) {
      const { client, address } = await bench.pair();
      for (let n = 0; n < 3; n++) {
        client.next({ data: new Uint8Array(70_000), remote: address });
        client.next({ data: bytes('?'), remote: { path: '' } });
      }
      await bench.until(() => client.state.failed === 6, 'all failures to be counted');
      same(
        bench.warnings.map(({ name, cause }) => [name, (cause as Error).name]).toSorted(),
        [
          ['UnheardDatagramError', 'DatagramTooLong'],
          ['UnheardDatagramError', 'InvalidAddress'],
        ],
        'the warnings',
      );
    },
  },
  {
    rule: 5,
    name: `from ${highWaterMark} unsent bytes on whoever feeds the socket is held, until they are out`,
    async run(bench) {
      const { socket: server, address } = await bench.open();
      const heard = bench.hear(server);
      const client = bench.opening();
      const told: string[] = [];
      const source = new HoldGroup({
        pause: () => told.push('held'),
        resume: () => told.push('released'),
        now: () => 0,
      });
      const length = 8192;
      const count = highWaterMark / length;
      for (let n = 1; n <= count; n++) {
        same(told, [], `what is held below the mark, at ${client.state.unsent} bytes`);
        feed(source, client, { data: new Uint8Array(length), remote: address });
      }
      same([told, client.state.unsent], [['held'], highWaterMark]);
      same(
        source.holds.map(({ holder }) => holder.backlog),
        [highWaterMark],
        'who holds',
      );
      await bench.until(() => told.length === 2 && heard.datagrams.length === count, 'the release');
      same([told, client.state.unsent, client.state.dropped], [['held', 'released'], 0, 0]);
    },
  },
  {
    rule: 5,
    name: `what would make more than ${mostUnsent} bytes wait is dropped and counted, with one warning if nobody can be held`,
    async run(bench) {
      const { socket: server, address } = await bench.open();
      server.error(new Error('not needed'));
      const client = bench.opening();
      const length = 60_000;
      const fit = Math.floor(mostUnsent / length);
      for (let n = 0; n < fit + 5; n++) client.next({ data: new Uint8Array(length), remote: address });
      same([client.state.dropped, client.state.unsent], [5, fit * length]);
      same(
        bench.warnings.map(({ name }) => name),
        ['UnpressuredSink'],
      );
      await bench.until(() => client.state.sent === fit && client.state.unsent === 0, 'the rest to be sent');
      client.next({ data: bytes('goes on'), remote: address });
      same(client.state.dropped, 5);
    },
  },
  {
    rule: 5,
    name: 'an end lets go of whoever was held',
    async run(bench) {
      const { address } = await bench.open();
      for (const end of ['complete', 'error'] as const) {
        const client = bench.opening();
        const source = new HoldGroup({ pause() {}, resume() {}, now: () => 0 });
        for (let n = 0; n < 2; n++) feed(source, client, { data: new Uint8Array(60_000), remote: address });
        holds(source.held, 'it is held before');
        if (end === 'complete') client.complete();
        else client.error(new Error('enough'));
        holds(!source.held, `nobody is held after ${end}`);
      }
    },
  },
];
