/** Datagrams in memory keep the contract of docs/datagrams.md. */
import { VirtualTimeScheduler } from 'rxjs';
import type { Address, PathAddress } from 'ropewalk';
import { datagramComplianceOf, type DatagramComplianceRuntime } from 'ropewalk/marbles';
import { memory, type Memory } from 'ropewalk/memory';

const named = (address: Address): string => (address as PathAddress).path;

function runtimeOf({ datagrams }: Memory): DatagramComplianceRuntime {
  let names = 0;
  return {
    datagrams,
    endpoint: () => 'memory:',
    at: (address) => `memory:${named(address)}`,
    connectedTo: (peer) => `memory:to=${named(peer)}`,
    group: () => {
      const name = `group${++names}`;
      return {
        name,
        member: () => 'memory:',
        destination: () => ({ path: name }),
        senders: ['wanted', 'other'].map((sender) => ({ endpoint: `memory:${sender}`, source: sender })),
      };
    },
    longest: 65507,
    can: { refused: true, groups: true, loopbackOff: true, sources: true },
  };
}

describe('datagrams in memory on the real event loop keep their contract', () => {
  for (const { rule, name, run, timeout } of datagramComplianceOf(runtimeOf(memory())))
    test(`rule ${rule}: ${name}`, run, timeout);
});

describe('datagrams in memory on virtual time keep their contract', () => {
  const scheduler = new VirtualTimeScheduler();
  const cases = datagramComplianceOf({
    ...runtimeOf(memory(scheduler)),
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
