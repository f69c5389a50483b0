import type { IpAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { connect, listen } from 'ropewalk/node';
import { openThings } from './openThings.ts';

describe('TCP keeps the contract of a Duplex', () => {
  const cases = complianceOf({
    listen,
    connect,
    endpoint: () => 'tcp:0:interface=127.0.0.1',
    reach: (address) => `tcp:127.0.0.1:${(address as IpAddress).port}`,
    can: { reset: true, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});
