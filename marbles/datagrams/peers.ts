/** Rule 9: a connected socket has one peer. Rule 10: groups. */
import { bytes } from '../../src/bytes.ts';
import type { DatagramSettings } from '../../src/datagrams/DatagramTransport.ts';
import { InvalidAddress, MulticastJoinError, MulticastLeaveError } from '../../src/errors.ts';
import { isA, same } from '../compliance/Bench.ts';
import type { DatagramGroup } from './DatagramBench.ts';
import type { DatagramCaseOf } from './DatagramCase.ts';

/** Where on this group's network. */
const place = ({ interface: where }: DatagramGroup): { interface?: string } => ({ interface: where });
/** Through it, and not beyond this machine. */
const through = ({ interface: where }: DatagramGroup): DatagramSettings => ({
  multicastInterface: where,
  multicastTtl: 0,
});

export const peerCases: readonly DatagramCaseOf[] = [
  {
    rule: 9,
    name: 'a connected socket needs no remote, and hears and reaches its peer alone',
    async run(bench) {
      const { socket: peer, address } = await bench.open();
      const { socket: stranger } = await bench.open();
      const { socket, address: own } = await bench.open(bench.runtime.connectedTo(address));
      const errors = bench.errorsOf(socket);
      const [atPeer, atStranger, heard] = [bench.hear(peer), bench.hear(stranger), bench.hear(socket)];
      stranger.next({ data: bytes('listen to me'), remote: own });
      socket.next({ data: bytes('hello') });
      socket.next({ data: bytes('hello again'), remote: address });
      socket.next({ data: bytes('and you'), remote: stranger.local });
      await bench.until(() => atPeer.texts.length === 2, 'the greetings');
      peer.next({ data: bytes('welcome'), remote: atPeer.datagrams[0].remote });
      await bench.until(() => heard.texts.length > 0, 'the answer');
      await bench.meanwhile();
      same([atPeer.texts, atStranger.texts, heard.texts], [['hello', 'hello again'], [], ['welcome']]);
      same(errors.length, 1, 'the number of errors');
      same(isA(errors[0], InvalidAddress).remote, stranger.local);
    },
  },
  {
    rule: 10,
    name: 'what is sent to a group is heard by its members, who may join before they are bound, and not by those who left',
    needs: ['groups'],
    async run(bench) {
      const group = bench.runtime.group!();
      const first = bench.opening(group.member());
      first.join(group.name, place(group));
      await bench.until(() => first.local !== undefined, 'the first member');
      const second = bench.opening(group.member(first.local));
      const errors = [bench.errorsOf(first), bench.errorsOf(second)];
      second.join(group.name, place(group));
      await bench.until(() => second.local !== undefined, 'the second member');
      const { socket: sender } = await bench.open();
      sender.set(through(group));
      const [one, two, own] = [bench.hear(first), bench.hear(second), bench.hear(sender)];
      const remote = group.destination(first.local!);
      sender.next({ data: bytes('to all'), remote });
      await bench.until(() => one.texts.length > 0 && two.texts.length > 0, 'both to hear it');
      second.leave(group.name, place(group));
      sender.next({ data: bytes('to the first'), remote });
      await bench.until(() => one.texts.length > 1, 'the first to hear it');
      first.leave(group.name, place(group));
      sender.next({ data: bytes('to nobody'), remote });
      await bench.meanwhile();
      same([own.texts, errors], [[], [[], []]]);
      same(one.texts, ['to all', 'to the first']);
      // A system may give a group's datagrams to every socket of the port, as long as one of its sockets is a member.
      same(two.texts[0], 'to all');
      same(two.texts.includes('to nobody'), false);
    },
  },
  {
    rule: 10,
    name: 'a member hears itself',
    needs: ['groups'],
    async run(bench) {
      const group = bench.runtime.group!();
      const { socket, address } = await bench.open(group.member());
      const errors = bench.errorsOf(socket);
      const heard = bench.hear(socket);
      socket.join(group.name, place(group));
      socket.set(through(group));
      socket.next({ data: bytes('echo'), remote: group.destination(address) });
      await bench.until(() => heard.texts.length > 0, 'the echo');
      same([heard.texts, errors], [['echo'], []]);
    },
  },
  {
    rule: 10,
    name: 'with loopback off, from then on, this machine does not hear what it sends to a group',
    needs: ['groups', 'loopbackOff'],
    async run(bench) {
      const group = bench.runtime.group!();
      const { socket, address } = await bench.open(group.member());
      const errors = bench.errorsOf(socket);
      const heard = bench.hear(socket);
      socket.join(group.name, place(group));
      const remote = group.destination(address);
      for (const loopback of [true, false, true]) {
        socket.set({ ...through(group), loopback });
        socket.next({ data: bytes(`loopback ${loopback}`), remote });
      }
      await bench.until(() => heard.texts.length > 1, 'the echoes');
      await bench.meanwhile();
      same([heard.texts, errors], [['loopback true', 'loopback true'], []]);
    },
  },
  {
    rule: 10,
    name: 'what cannot be joined or left is a value of errors$',
    needs: ['groups'],
    async run(bench) {
      const group = bench.runtime.group!();
      const { socket } = await bench.open(group.member());
      const errors = bench.errorsOf(socket);
      socket.leave(group.name, place(group));
      socket.join(group.name, place(group));
      socket.join(group.name, place(group));
      await bench.until(() => errors.length === 2, 'two errors');
      isA(errors[0], MulticastLeaveError);
      isA(errors[1], MulticastJoinError);
      same([socket.state.failed, socket.state.phase], [2, 'open']);
    },
  },
  {
    rule: 10,
    name: 'a member that names a source hears it alone',
    needs: ['groups', 'sources'],
    async run(bench) {
      const group = bench.runtime.group!();
      const [wanted, other] = group.senders!;
      const { socket, address } = await bench.open(group.member());
      const errors = bench.errorsOf(socket);
      const heard = bench.hear(socket);
      socket.join(group.name, { ...place(group), source: wanted.source });
      const remote = group.destination(address);
      const senders = [(await bench.open(other.endpoint)).socket, (await bench.open(wanted.endpoint)).socket];
      for (const sender of senders) {
        sender.set(through(group));
        sender.next({ data: bytes(String(sender === senders[1])), remote });
      }
      await bench.until(() => heard.texts.length > 0, 'the wanted one');
      await bench.meanwhile();
      socket.leave(group.name, { ...place(group), source: wanted.source });
      senders[1].next({ data: bytes('after leaving'), remote });
      await bench.meanwhile();
      same([heard.texts, errors], [['true'], []]);
    },
  },
];
