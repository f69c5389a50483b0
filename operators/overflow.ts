/**
 * Between a source and whatever is slower: what waits, up to a limit, and what happens beyond it.
 * Knows: its own hold group, so that a full sink below holds the overflow and not the source; policies; counting losses.
 * Does not know: who is slow, what the values are.
 */
import { asapScheduler, asyncScheduler, Observable, Subscriber, type MonoTypeOperatorFunction } from 'rxjs';
import type { Subscription } from 'rxjs';
import { LimitExceeded } from '../src/errors.ts';
import { feed, HoldGroup, joinSink, subscribingFor, type Pausable } from '../src/flow.ts';
import { HeldQueue, weightOf } from '../src/HeldQueue.ts';

/**
 * What to do with a value that no longer fits.
 * `hold`: hold the source, lose nothing. `drop-oldest`, `drop-newest`: lose what has waited longest, or what comes.
 * `latest`: keep the newest value alone, whatever the limits say. `error`: fail with {@link LimitExceeded}.
 */
export type OverflowPolicy = 'hold' | 'drop-oldest' | 'drop-newest' | 'latest' | 'error';

export interface OverflowOptions<T> {
  readonly policy: OverflowPolicy;
  /** How many values may wait (16,384). */
  readonly items?: number;
  /** How many bytes, or characters, may wait (1 MiB). One value may always wait, however large it is. */
  readonly bytes?: number;
  /** How many of them a value has (the length of bytes and of text, else none). */
  readonly weigh?: (value: T) => number;
  /** Called at each loss. */
  readonly onDrop?: (dropped: Dropped<T>) => void;
}

/** What was lost since the subscription, the last loss included. */
export interface Dropped<T> {
  readonly items: number;
  /** As they were weighed. */
  readonly bytes: number;
  /** The value that was lost last. */
  readonly last: T;
}

/**
 * Lets values wait while what follows is full, and says what becomes of those that no longer fit.
 *
 * In plain words: whatever follows may hold this queue, and never the source: a guest with `overflow` lets the others
 * in the room go on. While nobody holds it, values pass at once. Only with `hold` is the source held, too, from the limit on
 * until half of it is free.
 *
 * ```marbles
 * -abcd|
 * overflow({ policy: 'latest' }), callback((slow) => of(slow).pipe(delay(5)))
 * ------a----b----(d|)
 * ```
 * (`callback` takes `a`, keeps `b` waiting and holds; `c` gives way to `d`.)
 *
 * Limits: `items` and `bytes`, whichever is reached first. Losses are never silent: they are counted from the subscription
 * on, told to `onDrop`, and part of this queue's name where holds are listed: `overflow (12 dropped)`.
 * Completion waits until what is stored is out. An error passes at once, and what waited is gone with it, as in RxJS's `delay`.
 * Errors: {@link LimitExceeded} with the policy `error`; what `weigh` or `onDrop` throw.
 *
 * ```ts
 * const feed: Protocol<string> = () =>
 *   room.pipe(overflow({ policy: 'drop-oldest', items: 100, onDrop: ({ items }) => console.log(`${items} lost`) }));
 * ```
 *
 * Neighbours: {@link alongside} drops the listener, not the values; {@link throttle} holds by the clock.
 */
export function overflow<T>(options: OverflowOptions<T>): MonoTypeOperatorFunction<T> {
  const limits = limitsOf(options);
  return (source) =>
    new Observable((subscriber) => {
      let handingOn = false;
      let ended = false;
      let turn: Subscription | undefined;

      /** A loop, and in a turn of its own: whoever let go is not in the middle of something then. */
      const handOn = (): void => {
        turn = undefined;
        handingOn = true;
        for (let { head } = store; head !== undefined && !group.held; { head } = store) {
          store.drop();
          feed(group, subscriber, head.value);
        }
        handingOn = false;
        if (ended && store.head === undefined) subscriber.complete();
      };
      const store = new Store(limits, () => {
        if (store.head !== undefined && !handingOn) turn ??= asapScheduler.schedule(handOn);
      });
      const { group } = store;

      // A Subscriber that belongs to its destination, so that a source that emits while subscribing can be stopped.
      const outer = new Subscriber<T>({
        next(value: T) {
          if (store.head === undefined && !group.held && !handingOn) {
            feed(group, subscriber, value);
            return;
          }
          try {
            store.take(value);
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error: unknown) => subscriber.error(error),
        complete() {
          ended = true;
          if (store.head === undefined && !handingOn) subscriber.complete();
        },
      });
      const sink = joinSink(group);
      subscriber.add(() => {
        turn?.unsubscribe();
        sink?.leave(group);
        store.dismiss();
      });
      subscriber.add(outer);
      subscribingFor(limits.policy === 'hold' ? store : undefined, () => source.subscribe(outer));
    });
}

type Limits<T> = Required<Omit<OverflowOptions<T>, 'onDrop'>> & Pick<OverflowOptions<T>, 'onDrop'>;

function limitsOf<T>(options: OverflowOptions<T>): Limits<T> {
  const { policy, bytes = 1 << 20, weigh = weightOf, onDrop } = options;
  const { items = 16_384 } = options;
  if (!policies.includes(policy)) throw new TypeError(`expected a policy (${policies.join(', ')}), got ${policy}`);
  if (!(items >= 1 && bytes >= 1)) {
    throw new RangeError(`expected a limit of 1 item and 1 byte or more, got ${items} items and ${bytes} bytes`);
  }
  return policy === 'latest'
    ? { policy, items: 1, bytes: Infinity, weigh, onDrop }
    : { policy, items, bytes, weigh, onDrop };
}

const policies: readonly OverflowPolicy[] = ['hold', 'drop-oldest', 'drop-newest', 'latest', 'error'];

/** What waits in one subscription. Its group is what a full sink below holds; that is why it holds its source, if it does. */
class Store<T> extends HeldQueue<T> implements Pausable {
  readonly group: HoldGroup = new HoldGroup(this);
  private readonly limits: Limits<T>;
  private readonly goOn: () => void;
  private lostItems = 0;
  private lostBytes = 0;

  constructor(limits: Limits<T>, goOn: () => void) {
    // Only 'hold' holds: with the other policies the queue is never full.
    super('overflow', 'it is full', limits.policy === 'hold' ? limits : { items: Infinity, weigh: limits.weigh });
    this.limits = limits;
    this.goOn = goOn;
  }

  get waitsFor(): HoldGroup {
    return this.group;
  }

  override toString(): string {
    return this.lostItems === 0 ? 'overflow' : `overflow (${this.lostItems} dropped)`;
  }

  pause(): void {}

  resume(): void {
    this.goOn();
  }

  now(): number {
    return asyncScheduler.now();
  }

  /** Keeps the value, or does what the policy says. */
  take(value: T): void {
    const { policy, weigh } = this.limits;
    if (policy !== 'hold') {
      const weight = weigh(value);
      if (policy === 'drop-newest' && !this.hasRoom(weight)) {
        this.lose(value, weight);
        return;
      }
      if (policy === 'error' && !this.hasRoom(weight)) throw this.exceeded(weight);
      for (let { head } = this; head !== undefined && !this.hasRoom(weight); { head } = this) {
        this.drop();
        this.lose(head.value, head.weight);
      }
    }
    this.push(value);
  }

  private hasRoom(weight: number): boolean {
    const { items, bytes } = this.limits;
    return this.backlog === 0 || (this.backlog < items && this.weight + weight <= bytes);
  }

  private lose(last: T, weight: number): void {
    this.lostItems++;
    this.lostBytes += weight;
    this.limits.onDrop?.({ items: this.lostItems, bytes: this.lostBytes, last });
  }

  private exceeded(weight: number): LimitExceeded {
    const { items, bytes } = this.limits;
    const [holder = 'what follows'] = this.group.holds.map(({ holder }) => String(holder));
    return this.backlog >= items
      ? new LimitExceeded(
          `${holder} falls behind: ${this.backlog + 1} values wait, the limit is ${items} values`,
          items,
        )
      : new LimitExceeded(
          `${holder} falls behind: ${this.weight + weight} bytes wait, the limit is ${bytes} bytes`,
          bytes,
        );
  }
}
