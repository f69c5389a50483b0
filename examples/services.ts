/**
 * Two services, started in order, drained on SIGTERM or Ctrl-C, aborted by a second one.
 * Run: npx ts-node examples/services.ts    then: nc 127.0.0.1 8007, and Ctrl-C here while nc is connected.
 * You will see "up" once both listen, and the program wait for nc, for ten seconds at most; exit code 0 if nc has left.
 */
import { identity, map, takeUntil, tap } from 'rxjs';
import { inOrder, lines, over, serve, type Service } from 'ropewalk';
import { listen, run } from 'ropewalk/node';

const echo: Service = (stopping) => listen('tcp:8007').pipe(takeUntil(stopping), serve(identity));
const upper: Service = (stopping) =>
  listen('tcp:8008').pipe(takeUntil(stopping), serve(over(lines(), map((line) => line.toUpperCase()))));
const announce: Service = (stopping) => stopping.pipe(tap({ subscribe: () => console.log('up') }), takeUntil(stopping));

run(inOrder(echo, upper, announce), { grace: 10_000 });
