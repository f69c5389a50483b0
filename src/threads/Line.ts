/**
 * A line of those who wait, which anybody may leave from the middle.
 * Knows: neighbours. Does not know: what is waited for.
 */

/** Something that can stand in one line at a time. */
export interface Queued {
  before: Queued | undefined;
  after: Queued | undefined;
  queued: boolean;
}

export class Line<T extends Queued> {
  private first: Queued | undefined;
  private last: Queued | undefined;
  length = 0;

  /** At the end. */
  push(item: T): void {
    item.before = this.last;
    if (this.last === undefined) this.first = item;
    else this.last.after = item;
    this.last = item;
    this.count(item);
  }

  /** At the front: for who was there before. */
  unshift(item: T): void {
    item.after = this.first;
    if (this.first === undefined) this.last = item;
    else this.first.before = item;
    this.first = item;
    this.count(item);
  }

  get head(): T | undefined {
    return this.first as T | undefined;
  }

  remove(item: T): void {
    if (!item.queued) return;
    const { before, after } = item;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    item.before = item.after = undefined;
    item.queued = false;
    this.length--;
  }

  private count(item: T): void {
    item.queued = true;
    this.length++;
  }
}
