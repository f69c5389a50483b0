import { firstValueFrom, map } from 'rxjs';
import { bytes, utf8 } from 'ropewalk';
import { datagrams } from 'ropewalk/node';
import type { Scenario } from './program.ts';

const multicast: Scenario = async (start) => {
  const ann = start({ argv: ['ann'] });
  const port = await ann.port(5007);
  await ann.prints(/^ann is at 0\.0\.0\.0:\d+$/m);

  // Whether this machine has a network with groups nobody knows: asked by one, she answers as she would answer the group.
  const asking = datagrams(`udp:0:to=127.0.0.1\\:${port}`);
  const answer = firstValueFrom(asking.pipe(map(({ data }) => utf8(data))));
  asking.next({ data: bytes('who is there?\n') });
  expect(await answer).toBe('ann\n');
  await ann.prints(/^127\.0\.0\.1:\d+ says who is there\?$/m);
  asking.complete();
  expect(await asking.closed).toEqual({ kind: 'done' });

  ann.signal('SIGINT');
  await ann.prints(/^closed: done$/m);
  expect(await ann.exit).toBe(0);
};
export default multicast;
