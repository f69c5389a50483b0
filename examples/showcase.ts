/**
 * A little of everything, to try from a browser and from another terminal.
 * Run: npm start    (or: npx ts-node examples/showcase.ts [INTERFACE], 127.0.0.1 unless said)
 * You will see the commands to try; Ctrl-C lets those who are connected finish, a second one does not.
 */
import { ignoreElements, map, Subject, takeUntil, tap } from 'rxjs';
import { all, alongside, lines, over, relay, serve, type Bytes, type Protocol, type Service } from 'ropewalk';
import { http } from 'ropewalk/http';
import { connect, listen, run } from 'ropewalk/node';
import { chargen, daytime, echo, finger, qotd } from 'ropewalk/simple';
import { live } from './live/site.ts';

const host = process.argv[2] ?? '127.0.0.1';
const on = (port: number, protocol: Protocol<Bytes>): Service => (stopping) =>
  listen({ type: 'tcp', port, interface: host }).pipe(takeUntil(stopping), serve(protocol));

const room = new Subject<string>();
const chat: Protocol<string> = (said, me) =>
  said.pipe(tap((line) => room.next(`${me.remote}: ${line}`)), ignoreElements(), alongside(room));
const quotes = ['A rope is twisted from strands.', 'Hold, and nothing is lost.', 'First the bytes, then the meaning.'];

console.log(`Ropewalk listens on ${host}. Open http://${host}:8088/ in two windows of a browser: a clock, a room, uploads.
In another terminal, try:
  nc ${host} 8007      echo: what you type comes back
  nc ${host} 8008      the same, in capitals
  nc ${host} 1025      chat: open it twice, or more
  nc ${host} 8013      the time of day
  nc ${host} 8017      a quote
  nc ${host} 8019      characters without end, no faster than you read
  nc ${host} 8079      finger: type a name
  nc ${host} 8080      the chat again, through a proxy
Ctrl-C here ends it.`);
run(all(
  on(8007, echo), on(8008, over(lines(), map((line) => line.toUpperCase()))), on(1025, over(lines(), chat)),
  on(8013, daytime()), on(8017, qotd(() => quotes[Date.now() % quotes.length])), on(8019, chargen),
  on(8079, finger(({ user = 'everyone' }) => `${user} is at sea`)), on(8080, relay(connect(`tcp:${host}:1025`))),
  on(8088, over(http(), live)),
));
