/** Nothing stands still for ever on TCP; the cases are those of test/pressure/deadlock.test.ts. */
import { lastValueFrom, timeout, toArray } from 'rxjs';
import { heldGroups, type IpAddress } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';
import { endings, sharing, traffic } from '../pressure/standstills.ts';
import { World } from '../pressure/World.ts';

test.each([...traffic, ...endings, ...sharing])(
  '$name',
  async ({ run, expected }) => {
    const world = new World(12_288, {
      listen,
      connect,
      endpoint: () => 'tcp:0:interface=127.0.0.1',
      reach: (address) => `tcp:127.0.0.1:${(address as IpAddress).port}`,
    });
    try {
      expect(await lastValueFrom(run(world).pipe(timeout(25_000), toArray()))).toEqual([expected(world.much)]);
    } finally {
      world.clear();
    }
    expect(heldGroups().map(String)).toEqual([]);
  },
  30_000,
);
