import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PathAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { connect, listen } from 'ropewalk/node';
import { openThings } from './openThings.ts';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('Unix sockets keep the contract of a Duplex', () => {
  let sockets = 0;
  const cases = complianceOf({
    listen,
    connect,
    endpoint: () => `unix:${join(folder, `${++sockets}.sock`)}`,
    reach: (address) => `unix:${(address as PathAddress).path}`,
    // A Unix socket has no reset: a peer that goes away looks like one that has ended.
    can: { reset: false, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});
