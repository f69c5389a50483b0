/**
 * Taking turns (rule 45).
 * Knows: tokens, and who waits for one, first come first served. Does not know: what is done meanwhile.
 */
// `Disposable`, for those whose TypeScript knows no newer library than ES2022.
/// <reference lib="esnext.disposable" preserve="true" />
import { Deferred } from '../Deferred.ts';
import type { Settled } from './awaitable.ts';
import { maybeDeferred } from './constructors.ts';

/**
 * At most `tokens` at a time; the others wait in the order they came. Throws `RangeError` for fewer than one token.
 *
 * In plain words: take a token with `acquire()` and give it back with `release()`; better, let `run(fn)` do both.
 *
 * ```ts
 * const two = new DeferredSemaphore(2);
 * const work = ['a', 'b', 'c'].map((name) => two.run(() => deferLater(10, () => name))); // never more than two at once
 * gatherResults(work).subscribe((names) => console.log(names.join())); // a,b,c
 * ```
 */
export class DeferredSemaphore implements Disposable {
  /** How many may be held at once. */
  readonly limit: number;
  private free: number;
  private readonly waiters = new Set<Deferred<this>>();
  private granting = false;

  constructor(tokens: number) {
    if (!(tokens >= 1)) throw new RangeError(`a semaphore needs at least one token, not ${tokens}`);
    this.limit = this.free = tokens;
  }

  /** How many could be taken without waiting. */
  get tokens(): number {
    return this.free;
  }

  /** How many wait. */
  get waiting(): number {
    return this.waiters.size;
  }

  /**
   * Fires with this semaphore when a token is yours. Cancelling it leaves the queue.
   * `using held = await semaphore.acquire()` releases at the end of the block.
   */
  acquire(): Deferred<this> {
    const waiter = new Deferred<this>({ canceller: () => this.waiters.delete(waiter) });
    this.waiters.add(waiter);
    this.grant();
    return waiter;
  }

  /** Gives a token back, and the next one waiting has it before this returns. Throws `RangeError` when none is held. */
  release(): void {
    if (this.free === this.limit) throw new RangeError('release() of what is not held');
    this.free++;
    this.grant();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Calls the function when a token is there, and releases it when the result is, be it a value or a failure. */
  run<Args extends unknown[], Out>(fn: (...args: Args) => Out, ...args: Args): Deferred<Settled<Out>> {
    return this.acquire().addCallback(() =>
      maybeDeferred(fn, ...args).addBoth((result) => {
        this.release();
        return result;
      }),
    ) as Deferred<never>;
  }

  /** A loop, not a recursion: a holder that releases at once hands over to any number of waiters. */
  private grant(): void {
    if (this.granting) return;
    this.granting = true;
    for (const waiter of this.waiters) {
      if (this.free === 0) break;
      this.free--;
      this.waiters.delete(waiter);
      waiter.callback(this);
    }
    this.granting = false;
  }
}

/**
 * One at a time: a semaphore of one token.
 *
 * ```ts
 * const lock = new DeferredLock();
 * lock.run(() => deferLater(10, () => console.log('first'))); // first
 * lock.run(() => console.log('second')); // second
 * ```
 */
export class DeferredLock extends DeferredSemaphore {
  constructor() {
    super(1);
  }

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.tokens === 0;
  }
}
