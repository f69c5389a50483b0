import { VirtualTimeScheduler } from 'rxjs';
import { runtime, serve, type PathAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';
import { socks, socks4Client, socks5Client } from 'ropewalk/socks';

describe.each(['socks5', 'socks4'])(
  'a connection through our own server, %s:, keeps the contract of a Duplex',
  (type) => {
    const scheduler = new VirtualTimeScheduler();
    const here = memory(scheduler);
    here
      .listen('memory:proxy')
      .pipe(serve(socks({ connect: ({ host }) => here.connect(`memory:${host}`) })))
      .subscribe();
    let places = 0;
    const cases = complianceOf({
      ...runtime({
        servers: { memory: here.server },
        clients: { memory: here.client, socks5: socks5Client, socks4: socks4Client },
      }),
      endpoint: () => `memory:place${++places}`,
      reach: (address) => `${type}:proxy:1080:to=tcp\\:${(address as PathAddress).path}\\:1:endpoint=memory\\:proxy`,
      can: { reset: true, halfClose: true },
      advance() {
        const now = scheduler.frame + 10;
        scheduler.maxFrames = now;
        scheduler.flush();
        scheduler.frame = now;
      },
    });
    for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
  },
);
