/**
 * A group that anybody on the network may join: who asks "who is there?" hears everyone's name.
 * Run: npx ts-node examples/multicast.ts NAME    in several terminals, on one machine or on several.
 * You will see "NAME is at 0.0.0.0:5007", and then what the others answer. From outside, type "who is there?" into:
 * socat - UDP4-DATAGRAM:239.5.0.7:5007
 */
import { filter, map } from 'rxjs';
import { bytes, utf8 } from 'ropewalk';
import { datagrams } from 'ropewalk/node';

const [name = 'somebody'] = process.argv.slice(2);
const group = { host: '239.5.0.7', port: 5007 };

const socket = datagrams('udp:5007:reuse=true');
socket.join(group.host);
socket.errors$.subscribe((error) => console.error(error.message));
socket.address$.subscribe((address) => console.log(`${name} is at ${address}`));
socket.closed.addCallback((reason) => console.log(`closed: ${reason.kind}`));

const said = socket.pipe(map(({ data, remote }) => ({ text: utf8(data).trim(), remote })));
said.subscribe(({ text, remote }) => console.log(`${remote} says ${text}`));
said
  .pipe(
    filter(({ text }) => text === 'who is there?'),
    map(({ remote }) => ({ data: bytes(`${name}\n`), remote })),
  )
  .subscribe(socket);
socket.next({ data: bytes('who is there?'), remote: group });

process.once('SIGINT', () => socket.complete());
