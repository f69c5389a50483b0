/**
 * Values on their way from whoever puts to whoever gets (rule 46).
 * Knows: what waits on either side, and how much may. Does not know: what the values are.
 */
import { Deferred } from '../Deferred.ts';
import { QueueOverflow, QueueUnderflow } from '../errors.ts';
import { refuseAwaitable } from './awaitable.ts';
import { succeed } from './constructors.ts';

export interface DeferredQueueOptions {
  /** How many values may wait for a `get`; 10,000 unless told. */
  readonly size?: number;
  /** How many `get`s may wait for a value; 10,000 unless told. */
  readonly backlog?: number;
}

/**
 * A queue between two sides that need not keep step: `get()` is a Deferred of the next value, first come first served.
 * Both sides are bounded, so that neither a forgotten reader nor a forgotten writer fills the memory.
 *
 * ```ts
 * const queue = new DeferredQueue<string>();
 * queue.get().addCallback((job) => console.log(job)); // dig
 * queue.put('dig');
 * ```
 */
export class DeferredQueue<T> {
  private readonly size: number;
  private readonly backlog: number;
  private readonly values: T[] = [];
  private readonly getters = new Set<Deferred<T>>();

  constructor({ size = 10_000, backlog = 10_000 }: DeferredQueueOptions = {}) {
    this.size = size;
    this.backlog = backlog;
  }

  /** Hands the value to the oldest `get`, or keeps it. Throws `QueueOverflow` when `size` values wait already. */
  put(value: T): void {
    refuseAwaitable(value);
    const [getter] = this.getters;
    if (getter !== undefined) {
      this.getters.delete(getter);
      getter.callback(value);
    } else {
      if (this.values.length >= this.size) throw new QueueOverflow(`more than ${this.size} values wait`, this.size);
      this.values.push(value);
    }
  }

  /** The next value. Cancelling it leaves no hole. Throws `QueueUnderflow` when `backlog` of these wait already. */
  get(): Deferred<T> {
    if (this.values.length > 0) return succeed(this.values.shift()!);
    if (this.getters.size >= this.backlog)
      throw new QueueUnderflow(`more than ${this.backlog} wait for a value`, this.backlog);
    const getter = new Deferred<T>({ canceller: () => this.getters.delete(getter) });
    this.getters.add(getter);
    return getter;
  }
}
