/**
 * After every test nothing is held any more: no hold outlives its holder. (Loaded by jest.config.js.)
 * Knows: who holds whom, and why. Does not know: the tests.
 */
import { heldGroups, type HoldGroup } from '../src/flow.ts';

/** Told once: it is the fault of one test, not of those that follow. */
const told = new WeakSet<HoldGroup>();

afterEach(() => {
  const left = heldGroups().filter((group) => !told.has(group));
  for (const group of left) told.add(group);
  const lines = left.flatMap(({ holds, source }) =>
    holds.map(({ holder, reason }) => `${source} is still held by ${holder}: ${reason}`),
  );
  if (lines.length > 0) throw new Error(`after the test, ${lines.join('\n')}`);
});
