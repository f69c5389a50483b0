/** The servers that hostile peers meet, in a process of their own: told over IPC, they say their ports and their memory. */
import { identity, ignoreElements, map, Subject, tap } from 'rxjs';
import { alongside, idleTimeout, lines, over, serve, type Bytes, type IpAddress, type Protocol } from 'ropewalk';
import { listen } from 'ropewalk/node';

const room = new Subject<string>();
const chat: Protocol<string> = (said) =>
  said.pipe(
    tap((line) => room.next(line)),
    ignoreElements(),
    alongside(room),
  );
const protocols: Record<string, Protocol<Bytes>> = {
  echo: identity,
  upper: over(
    lines(),
    map((line) => line.toUpperCase()),
  ),
  chat: over(lines(), chat),
  impatient: (incoming) => incoming.pipe(idleTimeout(300)),
};

const ended: string[] = [];
const ports: Record<string, number> = {};
for (const [name, protocol] of Object.entries(protocols)) {
  const server = listen('tcp:0:interface=127.0.0.1:backlog=4096');
  server.address$.subscribe((address) => {
    ports[name] = (address as IpAddress).port;
    if (Object.keys(ports).length === Object.keys(protocols).length) process.send?.(ports);
  });
  server.pipe(serve(protocol)).subscribe((reason) => {
    ended.push(reason.kind === 'done' ? 'done' : `${reason.kind} ${(reason.error as Error).name}`);
  });
}

process.on('message', () => {
  globalThis.gc?.();
  process.send?.({ rss: process.memoryUsage.rss(), ended: ended.splice(0) });
});
process.on('disconnect', () => process.exit());
