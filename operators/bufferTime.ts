/**
 * RxJS's `bufferTime`, which holds. Knows: the open buffers, how much is in them. Does not know: what the values are.
 */
import { asyncScheduler, Observable, Subscription, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { bothSinks, currentSink, feed, subscribingFor } from '../src/flow.ts';
import { linked } from './flowing/linked.ts';
import { Store, type Kept } from './flowing/Store.ts';
import { timeSpans, type TimeSpanArguments } from './flowing/timeSpans.ts';

/**
 * Gathers values for `bufferTimeSpan` milliseconds, and emits them as an array; and again, or every `bufferCreationInterval`.
 *
 * In plain words: RxJS's `bufferTime`. A buffer with `maxBufferSize` values is emitted at once. Once 1 MiB or 16,384 values are
 * gathered, whoever feeds is held until half of it has been emitted; so no more than that passes in each span.
 *
 * ```marbles
 * ab---c-|
 * bufferTime(3), map((letters) => letters.join(''))
 * ---p--c(n|)
 *
 * p = 'ab'
 * n = ''
 * ```
 * An array is emitted in the name of whom its last value came from. An error passes at once, and drops what was gathered.
 *
 * ```ts
 * source.pipe(bufferTime(100, null, 50), map((lines) => bytes(lines.join('\n'))), sendTo(connection)).subscribe();
 * ```
 * Neighbours: `buffer`, `bufferCount`, `windowTime`.
 */
export function bufferTime<T>(bufferTimeSpan: number, scheduler?: SchedulerLike): OperatorFunction<T, T[]>;
export function bufferTime<T>(
  bufferTimeSpan: number,
  bufferCreationInterval: number | null | undefined,
  scheduler?: SchedulerLike,
): OperatorFunction<T, T[]>;
export function bufferTime<T>(
  bufferTimeSpan: number,
  bufferCreationInterval: number | null | undefined,
  maxBufferSize: number,
  scheduler?: SchedulerLike,
): OperatorFunction<T, T[]>;
export function bufferTime<T>(bufferTimeSpan: number, ...others: TimeSpanArguments): OperatorFunction<T, T[]> {
  const { interval, maxSize, scheduler = asyncScheduler } = timeSpans(others);
  return (source) =>
    new Observable<T[]>((subscriber) => {
      const store = new Store('bufferTime', 'its time is not up');
      /** Oldest first. */
      let open: Gathering<T>[] = [];

      const emit = (gathering: Gathering<T>): void => {
        gathering.timer.unsubscribe();
        open = open.filter((other) => other !== gathering);
        handOver(gathering);
        if (interval === undefined) start();
        // Only now: who is let go may feed at once, and needs a buffer that is open.
        store.drop(gathering.kept.filter((entry) => --entry.copies === 0).map(({ kept }) => kept));
      };
      const handOver = ({ kept }: Gathering<T>): void => {
        feed(
          kept.at(-1)?.kept.group,
          subscriber,
          kept.map((entry) => entry.kept.value),
        );
      };
      const start = (): void => {
        if (subscriber.closed) return;
        const gathering: Gathering<T> = { kept: [], timer: new Subscription() };
        subscriber.add(gathering.timer);
        open.push(gathering);
        gathering.timer.add(scheduler.schedule(() => emit(gathering), bufferTimeSpan));
      };

      if (interval !== undefined) {
        subscriber.add(
          scheduler.schedule(function () {
            start();
            if (!subscriber.closed) this.schedule(undefined, interval);
          }, interval),
        );
      }
      start();

      const link = linked<T>(
        subscriber,
        (value) => {
          const present = [...open];
          const entry = { kept: store.keep(value), copies: present.length };
          if (present.length === 0) store.drop([entry.kept]);
          for (const gathering of present) {
            gathering.kept.push(entry);
            if (gathering.kept.length >= maxSize) emit(gathering);
          }
        },
        () => {
          while (open.length > 0) handOver(open.shift()!);
          subscriber.complete();
        },
      );
      // After the source has been left: who is let go and feeds at once must not be held again.
      subscriber.add(() => store.dismiss());
      subscribingFor(bothSinks(currentSink(), store), () => source.subscribe(link));
    });
}

interface Gathering<T> {
  readonly kept: Entry<T>[];
  readonly timer: Subscription;
}

/** One value, in so many open buffers. */
interface Entry<T> {
  readonly kept: Kept<T>;
  copies: number;
}
