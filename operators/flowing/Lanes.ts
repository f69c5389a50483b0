/**
 * Queues side by side, of which the heads leave together: what waits in each, and who is held for it.
 * Knows: that whoever feeds a lane which is not empty may be held, unless an empty one needs them too.
 * Does not know: where values go, and when it is over.
 */
import { currentGroup, type Hold, type Holder, type HoldGroup, type Sink } from '../../src/flow.ts';
import { HeldQueue } from '../../src/HeldQueue.ts';
import { storedBytes, storedItems } from './marks.ts';

export class Lanes implements Holder {
  readonly all: readonly Lane[];
  /** In whose name the last tuple goes on: whoever completed it or, if nobody can be held for that (a timer), whoever waited in it. */
  group: HoldGroup | undefined;
  private readonly holds = new Map<HoldGroup, Hold>();

  constructor(count: number) {
    this.all = Array.from({ length: count }, () => new Lane(this));
  }

  get backlog(): number {
    return Math.max(...this.all.map(({ items }) => items));
  }

  /** Whether there can be no more tuples. */
  get over(): boolean {
    return this.all.some((lane) => lane.completed && lane.items === 0);
  }

  toString(): string {
    return 'zip';
  }

  /** Puts a value into its lane. If none is empty then, takes the head of each; if one is, whoever feeds this lane is held. */
  put(lane: Lane, value: unknown): unknown[] | undefined {
    lane.push(value);
    const empty = this.all.filter(({ items }) => items === 0);
    if (empty.length === 0) {
      this.group = currentGroup() ?? this.all.find((each) => each.group !== undefined)?.group;
      return this.all.map((each) => each.shift());
    }
    // Of a lane that nothing is known of one cannot say whom it needs.
    if (lane.ahead || empty.every(({ known }) => known)) {
      for (const group of lane.feeders()) {
        if (this.holds.has(group) || empty.some((each) => each.needs(group))) continue;
        this.holds.set(group, group.hold(this, 'another input is awaited'));
      }
    }
    return undefined;
  }

  /** Lets those go whom an empty lane needs. */
  balance(): void {
    for (const lane of this.all) if (lane.items === 0) this.release((group) => lane.needs(group));
  }

  /** Nobody needs to be held for a lane that this group feeds no more. */
  left(left: HoldGroup): void {
    if (!this.all.some((lane) => lane.joinedBy(left))) this.release((group) => group === left);
  }

  /** Lets everyone go. */
  dismiss(): void {
    this.release(() => true);
  }

  private release(which: (group: HoldGroup) => boolean): void {
    for (const [group, hold] of this.holds) {
      if (!which(group)) continue;
      this.holds.delete(group);
      hold.release();
    }
  }
}

/** One input: subscribe it on behalf of its lane. */
export class Lane implements Sink {
  completed = false;
  private readonly lanes: Lanes;
  private readonly queue = new HeldQueue<unknown>('zip', 'another input is awaited', { items: Infinity });
  private readonly joined: HoldGroup[] = [];
  /** Whoever has ever fed it: by way of a Subject a group comes without joining. */
  private readonly fedBy = new WeakSet<HoldGroup>();
  private fed = false;

  constructor(lanes: Lanes) {
    this.lanes = lanes;
  }

  get items(): number {
    return this.queue.backlog;
  }

  /** Whether so much waits that it does not matter what the others need. */
  get ahead(): boolean {
    return this.items >= storedItems || this.queue.weight >= storedBytes;
  }

  /** Whether it is known who feeds it. */
  get known(): boolean {
    return this.fed || this.joined.length > 0;
  }

  /** Whom the head came from. */
  get group(): HoldGroup | undefined {
    return this.queue.head?.group;
  }

  join(group: HoldGroup): void {
    this.joined.push(group);
    if (this.items === 0) this.lanes.balance();
  }

  leave(group: HoldGroup): void {
    const at = this.joined.indexOf(group);
    if (at >= 0) this.joined.splice(at, 1);
    this.lanes.left(group);
  }

  push(value: unknown): void {
    const group = currentGroup();
    this.fed = true;
    if (group !== undefined) this.fedBy.add(group);
    this.queue.push(value);
  }

  shift(): unknown {
    const { head } = this.queue;
    this.queue.drop();
    return head!.value;
  }

  needs(group: HoldGroup): boolean {
    return this.joined.includes(group) || this.fedBy.has(group);
  }

  joinedBy(group: HoldGroup): boolean {
    return this.joined.includes(group);
  }

  /** Whom to hold for what waits: whoever feeds now, and whoever joined. */
  feeders(): HoldGroup[] {
    const group = currentGroup();
    return group === undefined ? this.joined : [group, ...this.joined];
  }
}
