/**
 * So many bytes a second, and no more.
 * Knows: a token bucket, and whom to hold while it is empty. Does not know: what the bytes mean.
 */
import { asyncScheduler, Observable, type MonoTypeOperatorFunction, type SchedulerLike, type Subscription } from 'rxjs';
import type { Bytes } from '../src/bytes.ts';
import { bothSinks, currentSink, feed, subscribingFor } from '../src/flow.ts';
import { HeldQueue } from '../src/HeldQueue.ts';

export interface ThrottleOptions {
  /** How many bytes may pass at once after a silence (one second's worth). */
  readonly burst?: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Lets `bytesPerSecond` pass, evenly; nothing is lost, the source is held instead.
 *
 * In plain words: a token bucket. Chunks are cut where the bucket is empty. While bytes wait, the source that they came from is
 * held, so at most one read waits here. Not to be confused with RxJS's `throttle`, which drops.
 *
 * ```marbles
 * a|
 * throttle(20, { burst: 3 })
 * x 49ms d 49ms (e|)
 *
 * a = bytes('abcde')
 * x = bytes('abc')
 * d = bytes('d')
 * e = bytes('e')
 * ```
 * ```ts
 * serve((incoming) => incoming.pipe(throttle(64 * 1024)));
 * ```
 */
export function throttle(bytesPerSecond: number, options: ThrottleOptions = {}): MonoTypeOperatorFunction<Bytes> {
  const { burst = bytesPerSecond, scheduler = asyncScheduler } = options;
  if (!(bytesPerSecond > 0 && burst >= 1)) {
    throw new RangeError(
      `expected more than 0 bytes a second and a burst of 1 or more, got ${bytesPerSecond} and ${burst}`,
    );
  }
  return (source) =>
    new Observable((subscriber) => {
      const bucket = new Bucket(bytesPerSecond, burst, scheduler);
      const queue = new HeldQueue<Bytes>('throttle', 'its bucket is empty');
      let timer: Subscription | undefined;
      let completed = false;

      const pass = (): void => {
        timer = undefined;
        for (let { head } = queue; head !== undefined; { head } = queue) {
          const { value: chunk, group } = head;
          const allowed = bucket.take(chunk.length);
          if (allowed === 0) {
            timer ??= scheduler.schedule(pass, bucket.timeUntil(chunk.length));
            return;
          }
          feed(group, subscriber, chunk.subarray(0, allowed));
          if (subscriber.closed) return;
          // Handed on first: whoever is let go now may feed at once, and comes after.
          if (allowed === chunk.length) queue.drop();
          else head.value = chunk.subarray(allowed);
        }
        if (completed) subscriber.complete();
      };

      const work = subscribingFor(bothSinks(currentSink(), queue), () =>
        source.subscribe({
          next(chunk) {
            // What may pass at once holds nobody.
            const allowed = queue.head === undefined ? bucket.take(chunk.length) : 0;
            if (allowed > 0) subscriber.next(chunk.subarray(0, allowed));
            if (allowed === chunk.length) return;
            queue.push(chunk.subarray(allowed));
            timer ??= scheduler.schedule(pass, bucket.timeUntil(chunk.length - allowed));
          },
          error: (error: unknown) => subscriber.error(error),
          complete() {
            completed = true;
            if (queue.head === undefined) subscriber.complete();
          },
        }),
      );
      subscriber.add(work);
      // After the source has been left: who is let go and feeds at once must not be held again.
      subscriber.add(() => {
        timer?.unsubscribe();
        queue.dismiss();
      });
    });
}

/** Tokens that come with time, up to a burst. */
class Bucket {
  private readonly rate: number;
  private readonly burst: number;
  private readonly scheduler: SchedulerLike;
  private tokens: number;
  private at: number;

  constructor(bytesPerSecond: number, burst: number, scheduler: SchedulerLike) {
    this.rate = bytesPerSecond / 1000;
    this.burst = burst;
    this.scheduler = scheduler;
    this.tokens = burst;
    this.at = scheduler.now();
  }

  /** How many of `wanted` bytes may pass now; 0 while it is not worth a piece. */
  take(wanted: number): number {
    const now = this.scheduler.now();
    this.tokens = Math.min(this.burst, this.tokens + (now - this.at) * this.rate);
    this.at = now;
    if (this.tokens < this.piece(wanted)) return 0;
    const allowed = Math.min(wanted, Math.floor(this.tokens));
    this.tokens -= allowed;
    return allowed;
  }

  /** Milliseconds until `take` will allow something. */
  timeUntil(wanted: number): number {
    return Math.max(1, Math.ceil((this.piece(wanted) - this.tokens) / this.rate));
  }

  /** Pieces of a twentieth of a second are small enough to be even, and large enough not to be dust. */
  private piece(wanted: number): number {
    return Math.max(1, Math.floor(Math.min(wanted, this.burst, this.rate * 50)));
  }
}
