/**
 * What is held and was not before: the hold that outlives its holder is the leak that pressure can have.
 * Knows: saying who holds whom, and why. Does not know: when it is too late to hold.
 */
import { heldGroups, type HoldGroup } from '../src/flow.ts';

/** One line for each hold on a group that is not in `before`. */
export function stillHeld(before: readonly HoldGroup[]): string[] {
  return heldGroups()
    .filter((group) => !before.includes(group))
    .flatMap((group) => group.holds.map(({ holder, reason }) => `${group} is still held by ${holder}: ${reason}`));
}
