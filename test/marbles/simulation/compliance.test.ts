/** The simulated network keeps the contract of a Duplex (docs/duplex.md), so that the model cannot drift from the real thing. */
import { complianceOf, simulatedRuntime } from 'ropewalk/marbles';

jest.setTimeout(30_000);

/** It counts pieces, and pieces are what rechunking changes. */
const countsPieces = 'what one turn writes arrives together';

describe('a simulated link without latency keeps the contract of a Duplex', () => {
  for (const { rule, name, run } of complianceOf(simulatedRuntime({ seed: 1 }))) test(`rule ${rule}: ${name}`, run);
});

describe('a simulated link with 30 ms each way keeps the contract of a Duplex', () => {
  for (const { rule, name, run } of complianceOf(simulatedRuntime({ seed: 2, latency: '30ms' })))
    test(`rule ${rule}: ${name}`, run);
});

describe.each([1, 2, 3])('a simulated link that cuts reads as seed %i says keeps the contract of a Duplex', (seed) => {
  const cases = complianceOf(simulatedRuntime({ seed, rechunk: true }));
  for (const { rule, name, run } of cases.filter((one) => one.name !== countsPieces))
    test(`rule ${rule}: ${name}`, run);
});

test('the one case that counts pieces notices that reads are cut', async () => {
  const outcomes = [];
  for (let seed = 1; seed <= 10; seed++) {
    const counting = complianceOf(simulatedRuntime({ seed, rechunk: true })).find(({ name }) => name === countsPieces);
    outcomes.push(await counting?.run().catch(String));
  }
  expect(outcomes).toContainEqual(expect.stringContaining('the number of pieces'));
});
