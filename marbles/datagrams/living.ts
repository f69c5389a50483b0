/** Rule 1: a socket is open from the call on. Rules 6, 7: its end. Rule 8: `closed`, and nothing after it. */
import { bytes } from '../../src/bytes.ts';
import type { DatagramsState } from '../../src/Datagrams.ts';
import { AddressInUse, ConnectionAborted } from '../../src/errors.ts';
import { holds, isA, same } from '../compliance/Bench.ts';
import type { DatagramCaseOf } from './DatagramCase.ts';

const numbers = Array.from({ length: 100 }, (_, n) => String(n));

export const lifeCases: readonly DatagramCaseOf[] = [
  {
    rule: 1,
    name: 'a socket opens without being asked twice, and address$ tells where, early and late',
    async run(bench) {
      const socket = bench.opening();
      same([socket.state.phase, socket.local], ['opening', undefined]);
      const told: unknown[] = [];
      const tell = { next: (address: unknown) => told.push(String(address)), complete: () => told.push('|') };
      socket.address$.subscribe(tell);
      same(told, [], 'what is told before the bind');
      await bench.until(() => socket.state.phase === 'open', 'the socket to be open');
      socket.address$.subscribe(tell);
      const local = String(socket.local);
      same(told, [local, '|', local, '|']);
    },
  },
  {
    rule: 1,
    name: 'what is sent before the bind is sent then, in order',
    async run(bench) {
      const { socket: server, address } = await bench.open();
      const heard = bench.hear(server);
      const client = bench.opening();
      for (const n of numbers) client.next({ data: bytes(n), remote: address });
      same([client.state.phase, client.state.sent], ['opening', 0]);
      await bench.until(() => heard.texts.length === numbers.length, 'what was sent early');
      same(heard.texts, numbers);
      same([client.state.sent, client.state.unsent], [numbers.length, 0]);
    },
  },
  {
    rule: 1,
    name: 'where somebody is already it cannot be opened: closed and its subscribers tell AddressInUse',
    async run(bench) {
      const { address } = await bench.open();
      const second = bench.opening(bench.runtime.at(address));
      const heard = bench.hear(second);
      const told: unknown[] = [];
      second.address$.subscribe({ next: () => told.push('an address'), complete: () => told.push('|') });
      second.next({ data: bytes('never sent'), remote: address });
      const reason = await bench.reasonOf(second);
      same(reason.kind, 'lost');
      isA(reason.kind === 'lost' && reason.error, AddressInUse);
      isA(heard.end?.error, AddressInUse);
      same([told, second.local, second.state.sent], [['|'], undefined, 0]);
    },
  },
  {
    rule: 6,
    name: 'complete sends what waits, also before the bind, then closes: subscribers complete, and the place is free',
    async run(bench) {
      const { socket: server, address } = await bench.open();
      const heard = bench.hear(server);
      const client = bench.opening();
      const own = bench.hear(client);
      for (const n of numbers) client.next({ data: bytes(n), remote: address });
      client.complete();
      client.complete();
      same(client.state.phase, 'ending');
      same(await bench.reasonOf(client), { kind: 'done' });
      same(own.end, {});
      await bench.until(() => heard.texts.length === numbers.length, 'all that was sent');
      same(heard.texts, numbers);
      server.complete();
      same(await bench.reasonOf(server), { kind: 'done' });
      const { socket: again } = await bench.open(bench.runtime.at(address));
      same(String(again.local), String(address));
    },
  },
  {
    rule: 7,
    name: 'error closes now: what waits is not sent, the first reason is the value of closed',
    async run(bench) {
      const { socket: server, address } = await bench.open();
      const heard = bench.hear(server);
      const client = bench.opening();
      const own = bench.hear(client);
      const reason = new Error('enough');
      client.next({ data: bytes('never sent'), remote: address });
      client.error(reason);
      same(isA(own.end?.error, ConnectionAborted).cause === reason, true, 'the cause is the reason');
      client.error(new Error('more than enough'));
      client.next({ data: bytes('never sent either'), remote: address });
      const told = await bench.reasonOf(client);
      holds(told.kind === 'aborted' && told.error === reason, 'closed tells the first reason');
      await bench.meanwhile();
      same([heard.texts, client.state.dropped], [[], 1]);
    },
  },
  {
    rule: 7,
    name: 'error after complete still closes now',
    async run(bench) {
      const socket = bench.opening();
      const reason = new Error('enough');
      socket.complete();
      socket.error(reason);
      const told = await bench.reasonOf(socket);
      holds(told.kind === 'aborted' && told.error === reason, 'closed tells the reason');
    },
  },
  {
    rule: 8,
    name: 'closed is a fresh Deferred at each access, told once, also to those who ask late; giving one up changes nothing',
    async run(bench) {
      const { socket } = await bench.open();
      const told: unknown[] = [];
      socket.closed.addCallback(() => 'changed').addCallback((value) => void told.push(value));
      socket.closed.cancel();
      socket.closed.addCallback(({ kind }) => void told.push(kind));
      holds(socket.closed !== socket.closed, 'it is another one each time');
      socket.complete();
      await bench.reasonOf(socket);
      socket.closed.addCallback(({ kind }) => void told.push(`late: ${kind}`));
      same(told, ['changed', 'done', 'late: done']);
    },
  },
  {
    rule: 8,
    name: 'state$ tells each phase, and completes when the socket is closed; late subscribers hear the end',
    async run(bench) {
      const socket = bench.opening();
      const phases: string[] = [];
      const tell = {
        next: ({ phase }: DatagramsState) => phases.push(phase),
        complete: () => phases.push('|'),
      };
      socket.state$.subscribe(tell);
      await bench.until(() => socket.local !== undefined, 'the socket to be bound');
      socket.complete();
      await bench.reasonOf(socket);
      same(phases, ['opening', 'open', 'ending', 'closed', '|']);
      socket.state$.subscribe(tell);
      socket.errors$.subscribe({ complete: () => phases.push('no more errors') });
      same(phases.slice(5), ['closed', '|', 'no more errors']);
      same(bench.hear(socket).end, {});
    },
  },
  {
    rule: 8,
    name: 'nothing is emitted after the end, whatever still arrives',
    async run(bench) {
      const { server, client, address } = await bench.pair();
      const heard = bench.hear(server);
      client.next({ data: bytes('heard'), remote: address });
      await bench.until(() => heard.texts.length === 1, 'the first');
      client.next({ data: bytes('too late'), remote: address });
      server.error(new Error('enough'));
      await bench.reasonOf(server);
      client.next({ data: bytes('much too late'), remote: address });
      await bench.meanwhile();
      same(heard.texts, ['heard']);
    },
  },
];
