/** What the compiler infers of datagram sockets. */
import { map, of } from 'rxjs';
import {
  bytes,
  sendTo,
  type Address,
  type Bytes,
  type Datagram,
  type DatagramError,
  type Datagrams,
  type OutgoingDatagram,
} from 'ropewalk';
import { memory } from 'ropewalk/memory';
import { datagrams } from 'ropewalk/node';
import { expectType } from './expectType.ts';

const socket = datagrams('udp:0');
expectType<Datagrams>()(socket);
expectType<Datagrams>()(memory().datagrams({ type: 'memory', name: 'place', reuse: true }));
datagrams({ type: 'udp6', port: 0, to: { host: '::1', port: 53 } });
// @ts-expect-error a peer has a port
datagrams({ type: 'udp', port: 0, to: { host: '127.0.0.1' } });

socket.subscribe((datagram) => expectType<Datagram>()(datagram));
socket.subscribe(({ data, remote }) => [expectType<Bytes>()(data), expectType<Address>()(remote)]);
socket.errors$.subscribe((error) => expectType<DatagramError>()(error));

// Whoever sent one can be answered; so can a plain address.
const answered = socket.pipe(map(({ data, remote }) => ({ data, remote }))).subscribe(socket);
socket.next({ data: bytes('?'), remote: { host: '192.0.2.1', port: 53 } });
socket.next({ data: bytes('?') });
// @ts-expect-error a datagram has bytes
socket.next({ data: 'text' });
// @ts-expect-error an address has a port
socket.next({ data: bytes('?'), remote: { host: '192.0.2.1' } });

const outgoing: OutgoingDatagram = { data: bytes('?') };
const sending = of(outgoing).pipe(sendTo(socket));
sending.subscribe((never) => expectType<never>()(never));
// @ts-expect-error text is no datagram
of('text').pipe(sendTo(socket));

answered.unsubscribe();
