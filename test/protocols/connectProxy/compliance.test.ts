import { VirtualTimeScheduler } from 'rxjs';
import { runtime, serve, type PathAddress } from 'ropewalk';
import { connectProxy, connectProxyClient } from 'ropewalk/connect-proxy';
import { complianceOf } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';

describe('a connection through our own HTTP proxy, connect:, keeps the contract of a Duplex', () => {
  const scheduler = new VirtualTimeScheduler();
  const here = memory(scheduler);
  here
    .listen('memory:proxy')
    .pipe(serve(connectProxy({ connect: ({ host }) => here.connect(`memory:${host}`) })))
    .subscribe();
  let places = 0;
  const cases = complianceOf({
    ...runtime({ servers: { memory: here.server }, clients: { memory: here.client, connect: connectProxyClient } }),
    endpoint: () => `memory:place${++places}`,
    reach: (address) => `connect:proxy:3128:to=tcp\\:${(address as PathAddress).path}\\:1:endpoint=memory\\:proxy`,
    can: { reset: true, halfClose: true },
    advance() {
      const now = scheduler.frame + 10;
      scheduler.maxFrames = now;
      scheduler.flush();
      scheduler.frame = now;
    },
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});
