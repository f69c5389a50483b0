/**
 * The door `ropewalk/marbles/jest`: what is checked and compared in tests that Jest runs, without asking.
 * Knows: Jest. Does not know: who made the test; those of `rxjs-marbles` and those without a diagram are served like our own.
 *
 * Load it for all tests, in the configuration of Jest, `setupFilesAfterEnv: ['ropewalk/marbles/jest']`, or for those of one
 * file:
 *
 * ```ts
 * import 'ropewalk/marbles/jest';
 * ```
 * From then on
 * - after each test nothing may be held any more: a hold that outlives its holder fails the test that left it, and is told with
 *   who holds whom, and why;
 * - bytes are equal when they say the same, in `toEqual`, in `toStrictEqual` and so in `toBeObservable` of `rxjs-marbles`,
 *   whether they are a `Uint8Array` or a `Buffer`.
 *
 * Outside of Jest it cannot be imported: there are no tests to look after.
 */
import { afterEach, expect } from '@jest/globals';
import { equal } from '../src/bytes.ts';
import { heldGroups, type HoldGroup } from '../src/flow.ts';
import { stillHeld } from './held.ts';

/** What was told already: it is the fault of one test, not of those that follow. */
let before: readonly HoldGroup[] = [];

afterEach(() => {
  const left = stillHeld(before);
  before = heldGroups();
  if (left.length > 0) throw new Error(['the test has left something held:', ...left].join('\n  '));
});

expect.addEqualityTesters([
  // `undefined` leaves it to Jest.
  (a, b) => (a instanceof Uint8Array && b instanceof Uint8Array ? equal(a, b) : undefined),
]);
