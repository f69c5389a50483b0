/**
 * Values that wait, each with the group it came from; while one waits, those groups are held.
 * Knows: order, holds. Does not know: what the values wait for. For operators that store.
 */
import { currentGroup, type Hold, type Holder, type HoldGroup } from './flow.ts';

/** A value that waits. Hand it on with `feed(group, ...)`: in the name of whoever it came from. */
export interface Waiting<T> {
  value: T;
  readonly group: HoldGroup | undefined;
}

export class HeldQueue<T> implements Holder {
  private readonly name: string;
  private readonly reason: string;
  private waiting: Waiting<T>[] = [];
  /** How many of `waiting` were dropped already. */
  private dropped = 0;
  private readonly holds = new Map<HoldGroup, Hold>();

  /** `name` is the operator's, `reason` why values wait: for those who ask who holds. */
  constructor(name: string, reason: string) {
    this.name = name;
    this.reason = reason;
  }

  /** How many values wait. */
  get backlog(): number {
    return this.waiting.length - this.dropped;
  }

  /** Whoever has waited longest. */
  get head(): Waiting<T> | undefined {
    return this.waiting[this.dropped];
  }

  toString(): string {
    return this.name;
  }

  /** Puts a value at the end, and holds the group that is feeding it. */
  push(value: T): void {
    const group = currentGroup();
    this.waiting.push({ value, group });
    if (group !== undefined && !this.holds.has(group)) this.holds.set(group, group.hold(this, this.reason));
  }

  /** Forgets the head; once nothing waits, lets everyone go. */
  drop(): void {
    this.dropped++;
    if (this.backlog === 0) this.clear();
  }

  /** Forgets everything, and lets everyone go. */
  clear(): void {
    this.waiting = [];
    this.dropped = 0;
    const holds = [...this.holds.values()];
    this.holds.clear();
    for (const hold of holds) hold.release();
  }
}
