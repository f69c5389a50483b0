import { VirtualTimeScheduler } from 'rxjs';
import { runtime, type PathAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';
import { proxyClient, proxyServer } from 'ropewalk/proxy-protocol';

describe.each([1, 2])('proxy: in memory keeps the contract of a Duplex, version %i', (version) => {
  const scheduler = new VirtualTimeScheduler();
  const here = memory(scheduler);
  let places = 0;
  const cases = complianceOf({
    ...runtime({
      servers: { memory: here.server, proxy: proxyServer },
      clients: { memory: here.client, proxy: proxyClient },
    }),
    endpoint: () => `proxy:memory:place${++places}`,
    reach: (address) => `proxy:memory\\:${(address as PathAddress).path}:version=${version}`,
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
