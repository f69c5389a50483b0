/**
 * RxJS's `shareReplay`, with its contexts kept. Knows: who listens, where values came from. Does not know: how much to keep.
 */
import {
  map,
  Observable,
  shareReplay as plain,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
  type ShareReplayConfig,
} from 'rxjs';
import { currentGroup, currentSink, feed, subscribingFor } from '../src/flow.ts';
import { Audience } from './flowing/Audience.ts';
import type { Carried } from './flowing/carried.ts';
import { linked } from './flowing/linked.ts';

/**
 * Subscribes the source once for all who subscribe, and tells who comes late the last `bufferSize` values (all of them).
 *
 * In plain words: RxJS's `shareReplay`. Each subscriber's sink joins all sources that are shared, whoever came first: the
 * slowest holds. What is kept for late subscribers is bounded by `bufferSize` and `windowTime` alone: without them it is
 * everything, by definition, and holding would not help; `StoredBytes` notices it. Unless `refCount` is true, the source stays
 * subscribed when nobody listens any more; nobody holds it then.
 *
 * ```marbles
 * -a-b-|
 * shareReplay(1), (shared) => merge(shared, timer(4).pipe(switchMap(() => shared)))
 * -a-bb|
 * ```
 * Each value is emitted in the name of whom it came from, late or not. An error resets it.
 *
 * ```ts
 * const news = pull(['first\n', 'second\n']).pipe(map((line) => bytes(line)), shareReplay({ bufferSize: 1, refCount: true }));
 * listen('tcp:8007').pipe(serve(() => news)).subscribe();
 * ```
 * Neighbours: `share`.
 */
export function shareReplay<T>(config: ShareReplayConfig): MonoTypeOperatorFunction<T>;
export function shareReplay<T>(
  bufferSize?: number,
  windowTime?: number,
  scheduler?: SchedulerLike,
): MonoTypeOperatorFunction<T>;
export function shareReplay<T>(
  configOrBufferSize?: ShareReplayConfig | number,
  ...others: [windowTime?: number, scheduler?: SchedulerLike]
): MonoTypeOperatorFunction<T> {
  return (source) => {
    const audience = new Audience();
    const carrying = source.pipe(map((value): Carried<T> => ({ value, group: currentGroup() })));
    const connecting = new Observable<Carried<T>>((connection) =>
      subscribingFor(audience, () => carrying.subscribe(connection)),
    );
    const shared = connecting.pipe(
      typeof configOrBufferSize === 'object' ? plain(configOrBufferSize) : plain(configOrBufferSize, ...others),
    );
    return new Observable((subscriber) => {
      subscriber.add(audience.admit(currentSink()));
      const link = linked<Carried<T>>(subscriber, ({ group, value }) => feed(group, subscriber, value));
      shared.subscribe(link);
    });
  };
}
