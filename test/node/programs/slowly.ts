/**
 * Hands lines on to the port that its argument names, in capitals, each after some work that takes a turn of the event
 * loop: everything an ordinary pipeline has in it. Says its own port over IPC.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { map } from 'rxjs';
import { lines, type IpAddress } from 'ropewalk';
import { dial, listen } from 'ropewalk/node';
import { concatMap } from 'ropewalk/operators';

const [, , to] = process.argv;
const { decode, encode } = lines({ delimiter: '\n' });
const server = listen('tcp:0:interface=127.0.0.1');
server.address$.subscribe((address) => process.send?.({ bound: (address as IpAddress).port }));
server.subscribe((connection) => {
  dial(`tcp:127.0.0.1:${to}`).addCallback((other) => {
    connection
      .pipe(
        decode,
        map((line) => line.toUpperCase()),
        concatMap((line) => turn(line)),
        encode,
      )
      .subscribe(other);
    other.subscribe(connection);
  });
});
