/**
 * Lines in, the same lines in capitals out, on a port that the system picks.
 * Run: npx ts-node examples/upper.ts    then: nc 127.0.0.1 PORT, and type.
 * You will see "listening on 127.0.0.1:PORT", and in nc each line come back in capitals.
 */
import { map } from 'rxjs';
import { lines, over, serve } from 'ropewalk';
import { listen } from 'ropewalk/node';

const server = listen('tcp:0:interface=127.0.0.1');
server.address$.subscribe((address) => console.log(`listening on ${address}`));
server.pipe(serve(over(lines(), map((line) => line.toUpperCase())))).subscribe();
