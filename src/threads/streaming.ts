/**
 * How a stream leaves its thread: in batches, and only as many values as the other side has room for.
 * Knows: Observables, iterables, the window. Does not know: jobs other than the one it is given; the platform.
 *
 * Where a thread can stand still it does so while there is no room: an Observable, which cannot be told to wait, waits as
 * well. Its function is sent to the thread as text, so it uses nothing from outside of itself.
 */
import type { Post } from './departing.ts';
import type { Running, Surroundings } from './inside.ts';
import type { Packing } from './packing.ts';

export interface Streaming {
  /** Sends what this gives, and finishes the job. */
  stream(job: Running, result: unknown): void;
  /** So many values more have been taken on the other side. */
  taken(count: number): void;
}

export function streaming(around: Surroundings, { ours }: Packing, post: Post): Streaming {
  const { layout, memory, window } = around;
  /** So many values are sent together. */
  const together = 64;
  /** Values do not wait longer than this for others to leave with, in milliseconds. */
  const patience = 1;
  /** So many values of an Observable may pile up where the thread cannot stand still. */
  const limit = 16_384;

  /** How many values have been taken, ever; and what those weigh that have not, oldest first. */
  let takenEver = 0;
  let weights: number[] = [];
  let weight = 0;
  /** Values that have not been sent. */
  let gathered: unknown[] = [];
  let since = 0;
  let leaving = false;

  interface Subscribable {
    subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): {
      unsubscribe(): void;
    };
  }
  const has = (value: unknown, name: PropertyKey): boolean =>
    typeof value === 'object' && value !== null && typeof (value as Record<PropertyKey, unknown>)[name] === 'function';

  const weigh = (value: unknown): number => {
    if (typeof value === 'string') return value.length;
    return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? value.byteLength : 0;
  };
  const taken = (count: number): void => {
    takenEver += count;
    for (let each = 0; each < count; each++) weight -= weights[each];
    weights = weights.slice(count);
  };
  const hasRoom = (): boolean => {
    if (weights.length < window.values && weight < window.bytes) return true;
    if (memory === undefined) return false;
    const news = (Atomics.load(memory, layout.taken) - takenEver) | 0;
    if (news > 0) taken(news);
    return weights.length < window.values && weight < window.bytes;
  };
  const send = (): void => {
    leaving = false;
    if (gathered.length === 0) return;
    const batch = gathered;
    gathered = [];
    post(['values', batch], batch, 'values');
  };
  const emit = (job: Running, value: unknown): void => {
    if (gathered.length === 0) since = around.now();
    const heavy = weigh(value);
    weights.push(heavy);
    weight += heavy;
    gathered.push(value);
    if (gathered.length >= together || around.now() - since > patience) send();
    else if (!leaving) {
      leaving = true;
      around.soon(() => trying(job, send));
    }
  };
  /** What goes wrong in a stream is its error. */
  const trying = (job: Running, work: () => void): void => {
    try {
      work();
    } catch (error) {
      void job.leave?.();
      fail(job, error);
    }
  };
  const end = (job: Running): void => {
    send();
    job.finish('done');
  };
  /** What came before the error arrives before it, unless it cannot leave. */
  const fail = (job: Running, error: unknown): void => {
    try {
      send();
      job.fail(error);
    } catch (refusal) {
      job.fail(refusal);
    }
  };
  /** Whether there is room. Stands still until there is, if that is possible, and the job is not called off. */
  const roomFor = (job: Running): boolean => {
    if (hasRoom()) return true;
    send();
    const { wait } = around;
    if (wait === undefined || memory === undefined) return false;
    for (;;) {
      const bell = Atomics.load(memory, layout.bell);
      if (hasRoom()) return true;
      if (job.aborted) return false;
      wait(bell);
    }
  };

  const stream = (job: Running, result: unknown): void => {
    if (has(result, 'subscribe')) push(job, result as Subscribable);
    else if (has(result, 'then')) {
      (result as PromiseLike<unknown>).then(
        (value) => trying(job, () => stream(job, value)),
        (error: unknown) => job.fail(error),
      );
    } else if (has(result, Symbol.asyncIterator)) {
      pullLater(job, (result as AsyncIterable<unknown>)[Symbol.asyncIterator]());
    } else if (has(result, Symbol.iterator) && !ArrayBuffer.isView(result)) {
      pull(job, (result as Iterable<unknown>)[Symbol.iterator]());
    } else {
      emit(job, result);
      end(job);
    }
  };

  const push = (job: Running, source: Subscribable): void => {
    // It may say something while it is being subscribed.
    let subscription: { unsubscribe(): void } | undefined = undefined;
    const waiting: unknown[] = [];
    let over = false;
    let completed = false;
    const leave = (): void => {
      over = true;
      subscription?.unsubscribe();
    };
    const pass = (): void => {
      while (!over && waiting.length > 0 && roomFor(job)) emit(job, waiting.shift());
      if (over || !completed || waiting.length > 0) return;
      over = true;
      end(job);
    };
    job.leave = leave;
    job.more = () => trying(job, pass);
    subscription = source.subscribe({
      next: (value) => {
        if (over || job.aborted) return;
        waiting.push(value);
        trying(job, pass);
        if (waiting.length <= limit) return;
        leave();
        const problem = `${limit} values wait to leave their thread, and an Observable cannot be told to wait there`;
        fail(job, ours('LimitExceeded', problem, { limit }));
      },
      error: (error) => {
        if (over) return;
        over = true;
        fail(job, error);
      },
      complete: () => {
        completed = true;
        trying(job, pass);
      },
    });
    // It may have been told to end while it was being subscribed.
    if (over) subscription.unsubscribe();
  };

  const pull = (job: Running, iterator: Iterator<unknown>): void => {
    let over = false;
    const draw = (): void => {
      while (!over && !job.aborted && roomFor(job)) {
        const { done, value } = iterator.next();
        if (done === true) {
          over = true;
          end(job);
        } else emit(job, value);
      }
    };
    job.leave = () => {
      if (over) return;
      over = true;
      iterator.return?.();
    };
    job.more = () => trying(job, draw);
    trying(job, draw);
  };

  const pullLater = (job: Running, iterator: AsyncIterator<unknown>): void => {
    let over = false;
    let drawing = false;
    const failed = (error: unknown): void => {
      if (over) return;
      over = true;
      fail(job, error);
    };
    const draw = (): void => {
      if (over || drawing || job.aborted || !roomFor(job)) return;
      drawing = true;
      iterator.next().then(({ done, value }) => {
        drawing = false;
        if (over) return;
        trying(job, () => {
          if (done === true) {
            over = true;
            end(job);
            return;
          }
          emit(job, value);
          draw();
        });
      }, failed);
    };
    // Its work is over when it has cleaned up behind itself.
    job.leave = () => {
      if (over) return;
      over = true;
      return iterator.return?.();
    };
    job.more = () => trying(job, draw);
    trying(job, draw);
  };

  return { stream, taken };
}
