/**
 * A client that comes back, and leaves a server that says nothing for half a minute.
 * Run: npx ts-node examples/reconnect.ts    beside, now and then: ncat -lk 127.0.0.1 8883
 * You will see each line that the server sends, and how the connection ended whenever it is made anew.
 */
import { ignoreElements, tap } from 'rxjs';
import { backoff, idleTimeout, limitBytes, lines, reconnect, serve, type Bytes, type Protocol } from 'ropewalk';
import { connect } from 'ropewalk/node';

const session: Protocol<Bytes> = (incoming) => incoming.pipe(
  idleTimeout(30_000), limitBytes(1 << 20), lines({ max: 8192 }).decode, tap((line) => console.log(line)), ignoreElements());

connect('tcp:127.0.0.1:8883').pipe(
  serve(session),                                        // a protocol is a protocol, whoever dialled
  reconnect({ delay: backoff({ first: 1_000, factor: 1.5, max: 60_000, jitter: true }) }),
).subscribe((reason) => console.log(`again, after ${reason.kind}`));
