/**
 * An Observable as an async iterator: where promises begin.
 * Knows: who waits for a value, which values wait, whom to hold meanwhile. Does not know: what the loop does, nor for how long.
 */
import { Subscriber, type Observable } from 'rxjs';
import { bothSinks, currentSink, subscribingFor } from '../src/flow.ts';
import { HeldQueue } from '../src/HeldQueue.ts';

export interface IterateOptions {
  /** From this many values on the source is held; at half of it, it may go on (16). */
  readonly highWaterMark?: number;
  /** The same, in bytes or characters (1 MiB). */
  readonly bytes?: number;
}

/**
 * Iterates over what `source` emits, and holds it while the loop does not keep up.
 *
 * In plain words: `for await` over an Observable, without filling memory. Nothing is subscribed before the first `next()`;
 * the completion ends the loop, after every value that came before it; an error is thrown into the loop, likewise;
 * `break`, `return` and an error in the loop unsubscribe at once. Several calls of `next()` are served in their order.
 *
 * Limits: `highWaterMark` and `bytes`, whichever is reached first, and the one read that may still arrive. A source that
 * cannot be held (a Subject, a timer) piles up here all the same: `overflow` before it says what to drop.
 * The iterator is one subscription, for one loop. What the loop writes after an `await` is written in nobody's name: a
 * loop that answers its peer is bounded as an async generator, `serve((incoming) => from(answers(incoming)))`, because the
 * connection holds whatever is subscribed on its behalf.
 *
 * ```ts
 * for await (const n of iterate(of(1, 2))) console.log(n);   // => 1, 2
 * ```
 * ```ts
 * for await (const line of iterate(connection.over(lines()), { highWaterMark: 100 })) console.log(line);
 * ```
 *
 * Neighbours: {@link pull} is the way back, for iterables; {@link toWeb} for a `ReadableStream`.
 */
export function iterate<T>(source: Observable<T>, options: IterateOptions = {}): AsyncIterableIterator<T, undefined> {
  const { highWaterMark = 16, bytes = 1 << 20 } = options;
  if (!(highWaterMark >= 1 && bytes >= 1)) {
    throw new RangeError(
      `expected a mark of 1 value and 1 byte or more, got ${highWaterMark} values and ${bytes} bytes`,
    );
  }
  return new Iteration(source, new HeldQueue<T>('iterate', 'its loop is busy', { items: highWaterMark, bytes }));
}

/** Somebody who waits for a value. */
interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

class Iteration<T> implements AsyncIterableIterator<T, undefined> {
  private readonly source: Observable<T>;
  private readonly queue: HeldQueue<T>;
  private readonly waiters: Waiter<T>[] = [];
  private subscriber: Subscriber<T> | undefined;
  /** How the source ended; an error is told once. */
  private end: { readonly error?: unknown } | undefined;

  constructor(source: Observable<T>, queue: HeldQueue<T>) {
    this.source = source;
    this.queue = queue;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.subscriber === undefined && this.end === undefined) this.subscribe();
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.serve();
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.leave();
    return Promise.resolve(over);
  }

  throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
    this.leave();
    return Promise.resolve().then(() => {
      throw error;
    });
  }

  private subscribe(): void {
    const { queue, waiters } = this;
    // A Subscriber made beforehand, so that a source that emits while subscribing finds everything in its place.
    this.subscriber = new Subscriber<T>({
      next(value: T) {
        const waiter = waiters.shift();
        if (waiter === undefined) queue.push(value);
        else waiter.resolve({ done: false, value });
      },
      error: (error: unknown) => this.finish({ error }),
      complete: () => this.finish({}),
    });
    const { subscriber } = this;
    subscribingFor(bothSinks(currentSink(), queue), () => this.source.subscribe(subscriber));
  }

  private finish(end: { readonly error?: unknown }): void {
    this.end = end;
    // What waits is still to be fetched, and nothing comes any more.
    this.queue.releaseAll();
    this.serve();
  }

  private leave(): void {
    this.end = {};
    this.subscriber?.unsubscribe();
    this.queue.dismiss();
    this.serve();
  }

  /** Gives those who wait what there is for them: values first, then the end. */
  private serve(): void {
    const { queue, waiters } = this;
    for (let [waiter] = waiters; waiter !== undefined; [waiter] = waiters) {
      const { head } = queue;
      const { end } = this;
      if (head === undefined && end === undefined) return;
      waiters.shift();
      if (head !== undefined) {
        queue.drop();
        waiter.resolve({ done: false, value: head.value });
      } else if (end !== undefined && 'error' in end) {
        this.end = {};
        waiter.reject(end.error);
      } else waiter.resolve(over);
    }
  }
}

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };
