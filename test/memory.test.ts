import { VirtualTimeScheduler } from 'rxjs';
import { PathAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';

const can = { reset: true, halfClose: true };
const reach = (address: unknown): string => `memory:${(address as PathAddress).path}`;

describe('memory on the real event loop keeps the contract of a Duplex', () => {
  const world = memory();
  let places = 0;
  const cases = complianceOf({ ...world, endpoint: () => `memory:place${++places}`, reach, can });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

describe('memory on virtual time keeps the contract of a Duplex', () => {
  const scheduler = new VirtualTimeScheduler();
  const world = memory(scheduler);
  let places = 0;
  const cases = complianceOf({
    ...world,
    endpoint: () => `memory:place${++places}`,
    reach,
    can,
    advance() {
      const now = scheduler.frame + 10;
      scheduler.maxFrames = now;
      scheduler.flush();
      scheduler.frame = now;
    },
    open: () => scheduler.actions.map(() => 'a planned action'),
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});
