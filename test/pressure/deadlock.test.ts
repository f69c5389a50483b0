/** Nothing stands still for ever, in memory and in virtual time; test/node/deadlock.test.ts is the same on TCP. */
import { heldGroups } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { endings, sharing, traffic } from './standstills.ts';
import { World } from './World.ts';

describe.each([
  ['traffic both ways', traffic],
  ['ends in the midst of a hold', endings],
  ['several sources, several sinks', sharing],
])('%s', (_, standstills) => {
  test.each(standstills)('$name', ({ run, expected }) => {
    marbles((m) => {
      let places = 0;
      const world = new World(1024, {
        ...m.memory(),
        endpoint: () => `memory:place${places++}`,
        reach: (address) => `memory:${address}`,
      });
      const emitted: unknown[] = [];
      run(world).subscribe((value) => emitted.push(value));
      m.flush();
      expect(emitted).toEqual([expected(world.much)]);
      world.clear();
      m.flush();
      expect(heldGroups().map(String)).toEqual([]);
      m.expectNothingOpen();
    })();
  });
});
