/**
 * Serves in several processes, and says who answers. A client may make its worker crash, or take its time.
 * Arguments: how many processes, the grace in milliseconds; a file that makes new workers die before they listen.
 */
import { existsSync } from 'node:fs';
import { delay, identity, mergeMap, of, takeUntil } from 'rxjs';
import { lines, over, serve, type Protocol, type Service } from 'ropewalk';
import { listen, run } from 'ropewalk/node';

const [processes, grace, broken] = process.argv.slice(2);
if (broken !== undefined && process.env['ROPEWALK_WORKER'] === '1' && existsSync(broken)) process.exit(3);

const answers: Protocol<string> = mergeMap((line) => {
  if (line === 'crash') process.kill(process.pid, 'SIGKILL');
  return of(`${line} ${process.pid}`).pipe(line === 'slow' ? delay(300) : identity);
});
const service: Service = (stopping) => {
  // All of them get the same one.
  const server = listen('tcp:0:interface=127.0.0.1');
  server.address$.subscribe((address) => console.log(`${process.pid} listens on ${address}`));
  return server.pipe(takeUntil(stopping), serve(over(lines(), answers)));
};
run(service, { processes: Number(processes), grace: Number(grace) }).addCallback((code) =>
  console.log(`${process.env['ROPEWALK_WORKER'] === '1' ? 'worker' : 'parent'} over: ${code}`),
);
