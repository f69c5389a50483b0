/**
 * The groups that feed one sink: those subscribed on its behalf, and whoever is feeding it at this moment.
 * Knows: joining, holding them all, letting go. Does not know: how much is too much; what the sink is.
 */
import { currentGroup, type Hold, type Holder, type HoldGroup, type Sink } from './flow.ts';

export class Feeders implements Sink {
  // Nearly every sink has one feeder that joins: it has a field, the others, and those that join twice, a map.
  private first: HoldGroup | undefined;
  private more: Map<HoldGroup, number> | undefined;
  private spared: Map<HoldGroup, number> | undefined;
  private holds: Map<HoldGroup, Hold> | undefined;
  private dismissed = false;

  /** Whether anybody is held. */
  get holding(): boolean {
    return this.holds !== undefined;
  }

  join(group: HoldGroup): void {
    if (this.dismissed) return;
    if (this.first === undefined) this.first = group;
    else add((this.more ??= new Map<HoldGroup, number>()), group);
  }

  leave(group: HoldGroup): void {
    if (this.more?.has(group)) remove(this.more, group);
    else if (this.first === group) this.first = undefined;
    else return;
    // It feeds us no more: what we are full of is none of its business.
    if (this.first !== group && !this.more?.has(group)) this.release(group);
  }

  /** On whose behalf to subscribe what this sink waits for: what joins is not held, or nothing would ever come. */
  get awaited(): Sink {
    return {
      join: (group) => {
        add((this.spared ??= new Map<HoldGroup, number>()), group);
        this.release(group);
      },
      leave: (group) => {
        if (this.spared !== undefined) remove(this.spared, group);
      },
    };
  }

  /** Holds whoever feeds right now, and everyone who joined; each at most once. */
  hold(holder: Holder, reason: string): void {
    this.holdOne(currentGroup(), holder, reason);
    this.holdOne(this.first, holder, reason);
    for (const group of this.more?.keys() ?? []) this.holdOne(group, holder, reason);
  }

  /** Lets everyone go. */
  releaseAll(): void {
    const { holds } = this;
    this.holds = undefined;
    for (const hold of holds?.values() ?? []) hold.release();
  }

  /** Lets everyone go, and knows nobody any more: the end. Whoever is let go and feeds at once is not held again. */
  dismiss(): void {
    this.dismissed = true;
    this.first = this.more = this.spared = undefined;
    this.releaseAll();
  }

  private holdOne(group: HoldGroup | undefined, holder: Holder, reason: string): void {
    if (group === undefined || this.dismissed || this.holds?.has(group) || this.spared?.has(group)) return;
    (this.holds ??= new Map()).set(group, group.hold(holder, reason));
  }

  private release(group: HoldGroup): void {
    const hold = this.holds?.get(group);
    if (hold === undefined) return;
    this.holds!.delete(group);
    if (this.holds!.size === 0) this.holds = undefined;
    hold.release();
  }
}

function add(times: Map<HoldGroup, number>, group: HoldGroup): void {
  times.set(group, (times.get(group) ?? 0) + 1);
}

function remove(times: Map<HoldGroup, number>, group: HoldGroup): void {
  const left = (times.get(group) ?? 0) - 1;
  if (left > 0) times.set(group, left);
  else times.delete(group);
}
