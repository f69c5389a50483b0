/**
 * The groups that feed one sink: those subscribed on its behalf, and whoever is feeding it at this moment.
 * Knows: joining, holding them all, letting go. Does not know: how much is too much; what the sink is.
 */
import { currentGroup, type Hold, type Holder, type HoldGroup, type Sink } from './flow.ts';

export class Feeders implements Sink {
  private readonly joined = new Map<HoldGroup, number>();
  private holds: Map<HoldGroup, Hold> | undefined;

  /** Whether anybody is held. */
  get holding(): boolean {
    return this.holds !== undefined;
  }

  join(group: HoldGroup): void {
    this.joined.set(group, (this.joined.get(group) ?? 0) + 1);
  }

  leave(group: HoldGroup): void {
    const left = (this.joined.get(group) ?? 0) - 1;
    if (left > 0) this.joined.set(group, left);
    else this.joined.delete(group);
  }

  /** Holds whoever feeds right now, and everyone who joined; each at most once. */
  hold(holder: Holder, reason: string): void {
    for (const group of [currentGroup(), ...this.joined.keys()]) {
      if (group === undefined || this.holds?.has(group)) continue;
      (this.holds ??= new Map()).set(group, group.hold(holder, reason));
    }
  }

  /** Lets everyone go. */
  releaseAll(): void {
    const { holds } = this;
    this.holds = undefined;
    for (const hold of holds?.values() ?? []) hold.release();
  }

  /** Lets everyone go, and knows nobody any more. */
  dismiss(): void {
    this.joined.clear();
    this.releaseAll();
  }
}
