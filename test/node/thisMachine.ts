/**
 * What this machine has, for tests that cannot do without it. Knows: its addresses. Does not know: what they are for.
 */
import { networkInterfaces } from 'node:os';

/** Every address of this machine, with the name of its interface. */
export const addresses = Object.entries(networkInterfaces()).flatMap(([name, all = []]) =>
  all.map(({ address, internal }) => ({ name, address, internal })),
);

export const hasIpv6 = addresses.some(({ address }) => address === '::1');

/** A `describe` for tests that need this; where it is missing they are skipped, and it is said why. */
export function where(there: boolean, reason: string): (name: string, tests: () => void) => void {
  if (there) return describe;
  return (name, tests) => {
    process.stderr.write(`skipped: ${name}, ${reason}\n`);
    describe.skip(name, tests);
  };
}
