/**
 * Which group each of the values came from that somebody else stores: a Subject with a memory, for one.
 * Knows: objects, as long as they live, and who fed last. Does not know: who stores; values are not kept here.
 */
import { currentGroup, type HoldGroup } from '../../src/flow.ts';

export class Origins {
  private readonly known = new WeakMap<object, HoldGroup>();
  private last: HoldGroup | undefined;

  /** A value came just now. */
  note(value: unknown): void {
    const group = currentGroup();
    this.last = group;
    if (typeof value !== 'object' || value === null) return;
    if (group === undefined) this.known.delete(value);
    else this.known.set(value, group);
  }

  /** Whom it came from; of text and numbers nothing is known but who fed last. */
  of(value: unknown): HoldGroup | undefined {
    return typeof value === 'object' && value !== null ? this.known.get(value) : this.last;
  }

  /** Who fed last. */
  get latest(): HoldGroup | undefined {
    return this.last;
  }
}
