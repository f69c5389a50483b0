/**
 * A client that comes back, and sends away a server that says nothing for half a minute.
 * Run: npx ts-node examples/reconnect.ts    beside, now and then: ncat -lk 127.0.0.1 8883
 * You will see each line that the server sends, and "again" whenever the connection had to be made anew.
 */
import { finalize, switchMap } from 'rxjs';
import { backoff, idleTimeout, limitBytes, lines, reconnect } from 'ropewalk';
import { connect } from 'ropewalk/node';

connect('tcp:127.0.0.1:8883').pipe(
  switchMap((connection) => connection.pipe(idleTimeout(30_000), limitBytes(1 << 20), lines({ max: 8192 }).decode)),
  finalize(() => console.log('again')),
  reconnect({ delay: backoff({ first: 1_000, factor: 1.5, max: 60_000, jitter: true }) }),
).subscribe(console.log);
