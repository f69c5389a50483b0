/**
 * What an operator stores that gives its values back when their time has come, in any order.
 * Knows: how much is stored, the marks, whom to hold. Does not know: the values' order, or what they wait for.
 */
import { Feeders } from '../../src/Feeders.ts';
import { currentGroup, type Holder, type HoldGroup } from '../../src/flow.ts';
import { weightOf } from '../../src/HeldQueue.ts';
import { storedBytes, storedItems } from './marks.ts';

/** A stored value. Hand it on with `feed(group, ...)`: in the name of whoever it came from. */
export interface Kept<T> {
  readonly value: T;
  readonly group: HoldGroup | undefined;
  readonly weight: number;
  /** Whether it still counts. */
  stored: boolean;
}

export class Store extends Feeders implements Holder {
  private readonly name: string;
  private readonly reason: string;
  private readonly useful: () => boolean;
  private items = 0;
  private bytes = 0;

  /** `name` is the operator's, `reason` why values wait; where a hold is not `useful`, nobody is held. */
  constructor(name: string, reason: string, useful = (): boolean => true) {
    super();
    this.name = name;
    this.reason = reason;
    this.useful = useful;
  }

  /** How many values are stored. */
  get backlog(): number {
    return this.items;
  }

  override toString(): string {
    return this.name;
  }

  /** Counts a value that came just now; over a mark, holds whoever feeds. */
  keep<T>(value: T): Kept<T> {
    const weight = weightOf(value);
    this.items++;
    this.bytes += weight;
    if ((this.items >= storedItems || this.bytes >= storedBytes) && this.useful()) this.hold(this, this.reason);
    return { value, group: currentGroup(), weight, stored: true };
  }

  /** Counts these no more; at half of the marks, those who were held may go on. */
  drop(gone: readonly Kept<unknown>[]): void {
    for (const kept of gone) {
      if (!kept.stored) continue;
      kept.stored = false;
      this.items--;
      this.bytes -= kept.weight;
    }
    if (this.items <= storedItems / 2 && this.bytes <= storedBytes / 2) this.releaseAll();
  }
}
