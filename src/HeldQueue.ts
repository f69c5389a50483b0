/**
 * Values that wait, each with the group it came from; while it is full, those who feed it are held.
 * Knows: order, holds, how full it is. Does not know: what the values wait for. For operators that store.
 */
import { Feeders } from './Feeders.ts';
import { currentGroup, type Holder, type HoldGroup } from './flow.ts';

/** A value that waits. Hand it on with `feed(group, ...)`: in the name of whoever it came from. */
export interface Waiting<T> {
  value: T;
  readonly group: HoldGroup | undefined;
  /** What it counted for when it came. */
  readonly weight: number;
}

/** When a queue is full. At half of it, those who were held may go on. */
export interface HeldQueueLimits<T> {
  /** How many values (1). */
  readonly items?: number;
  /** How many bytes, or characters (no limit). */
  readonly bytes?: number;
  /** How many of them a value has (the length of bytes and of text, else none). */
  readonly weigh?: (value: T) => number;
}

export class HeldQueue<T> extends Feeders implements Holder {
  private readonly name: string;
  private readonly reason: string;
  private readonly items: number;
  private readonly bytes: number;
  private readonly weigh: (value: T) => number;
  private waiting: Waiting<T>[] = [];
  /** How many of `waiting` were dropped already. */
  private dropped = 0;
  /** What waits weighs so much together. */
  weight = 0;

  /** `name` is the operator's, `reason` why values wait: for those who ask who holds. */
  constructor(name: string, reason: string, limits: HeldQueueLimits<T> = {}) {
    super();
    this.name = name;
    this.reason = reason;
    this.items = limits.items ?? 1;
    this.bytes = limits.bytes ?? Infinity;
    this.weigh = limits.weigh ?? weightOf;
  }

  /** How many values wait. */
  get backlog(): number {
    return this.waiting.length - this.dropped;
  }

  /** Whoever has waited longest. */
  get head(): Waiting<T> | undefined {
    return this.waiting[this.dropped];
  }

  override toString(): string {
    return this.name;
  }

  /** Puts a value at the end; if the queue is full then, holds whoever feeds it. */
  push(value: T): void {
    const weight = this.weigh(value);
    this.waiting.push({ value, group: currentGroup(), weight });
    this.weight += weight;
    if (this.backlog >= this.items || this.weight >= this.bytes) this.hold(this, this.reason);
  }

  /** Forgets the head; lets everyone go once there is room. */
  drop(): void {
    const { head } = this;
    if (head === undefined) return;
    this.weight -= head.weight;
    this.dropped++;
    if (this.backlog === 0) this.forget();
    else if (this.dropped > worthMoving && this.dropped > this.backlog) {
      this.waiting = this.waiting.slice(this.dropped);
      this.dropped = 0;
    }
    if (this.backlog <= this.items / 2 && this.weight <= this.bytes / 2) this.releaseAll();
  }

  /** Forgets everything, and lets everyone go. */
  clear(): void {
    this.forget();
    this.releaseAll();
  }

  /** Forgets everything and everybody: the end. */
  override dismiss(): void {
    this.forget();
    super.dismiss();
  }

  private forget(): void {
    this.waiting = [];
    this.dropped = this.weight = 0;
  }
}

const worthMoving = 1024;

/** What a value weighs if nobody says otherwise: the length of bytes and of text. */
export function weightOf(value: unknown): number {
  return value instanceof Uint8Array || typeof value === 'string' ? value.length : 0;
}
