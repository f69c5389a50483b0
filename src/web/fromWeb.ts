/**
 * A `ReadableStream` of the platform as an Observable that can be held.
 * Knows: reading one after the other while nobody holds, cancelling. Does not know: what is in the stream.
 */
import { asyncScheduler, Observable, type SchedulerLike } from 'rxjs';
import { report } from '../deferred/unhandled.ts';
import { feed, HoldGroup, joinSink } from '../flow.ts';

/** A stream that always has something ready answers in microtasks: after so many values others have their turn. */
export const readsPerTurn = 1024;

/**
 * Emits what `stream` gives, and reads no more while whoever takes it is full.
 *
 * In plain words: the body of a `fetch`, a `Blob`, whatever came through a `DecompressionStream`, as an Observable with
 * pressure. RxJS's own `from(stream)` reads on, however full the other end is. Completes and errors with the stream, with its very
 * error. Unsubscribing cancels the stream; should that fail, the error is reported as unhandled.
 *
 * Limits: a `ReadableStream` is read once, so this is for one subscription: a second one errors with the stream's `TypeError`
 * while the first one reads, and finds nothing after it. At most one read arrives after a hold.
 *
 * ```ts
 * const stream = new Blob(['one\ntwo\n']).stream();
 * fromWeb(stream).pipe(lines().decode).subscribe((line) => console.log(line));   // => one, two
 * ```
 *
 * Neighbours: {@link toWeb} is the way back; {@link fromWebDuplex} for a pair of streams; {@link pull} for an iterable.
 */
export function fromWeb<T>(stream: ReadableStream<T>, scheduler: SchedulerLike = asyncScheduler): Observable<T> {
  return new Observable((subscriber) => {
    const reader = stream.getReader();
    let reading = false;
    let ended = false;
    let read = 0;

    const goOn = (): void => {
      if (reading || group.held || subscriber.closed) return;
      reading = true;
      if (++read % readsPerTurn > 0) readOne();
      else subscriber.add(scheduler.schedule(readOne));
    };
    const readOne = (): void => {
      reader.read().then(
        ({ done, value }) => {
          reading = false;
          if (done) {
            ended = true;
            subscriber.complete();
          } else feed(group, subscriber, value);
          goOn();
        },
        (error: unknown) => {
          ended = true;
          subscriber.error(error);
        },
      );
    };
    const group = new HoldGroup({
      pause() {},
      resume: goOn,
      now: () => scheduler.now(),
      toString: () => 'a web stream',
    });
    const sink = joinSink(group);
    subscriber.add(() => {
      sink?.leave(group);
      if (!ended) reader.cancel().catch((error: unknown) => report(error));
      reader.releaseLock();
    });
    goOn();
  });
}
