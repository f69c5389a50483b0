/**
 * RxJS's `buffer`, which holds. Knows: how much is gathered, whom the notifier needs. Does not know: when to close.
 */
import { buffer as plain, from, map, Observable, type ObservableInput, type OperatorFunction } from 'rxjs';
import { bothSinks, currentGroup, currentSink, feed, subscribingFor } from '../src/flow.ts';
import { Awaited } from './flowing/Awaited.ts';
import { linked } from './flowing/linked.ts';
import { Store, type Kept } from './flowing/Store.ts';

/**
 * Gathers values, and emits them as an array whenever `closingNotifier` emits, and at the end.
 *
 * In plain words: RxJS's `buffer`. Once 1 MiB or 16,384 values are gathered, whoever feeds is held until the notifier emits.
 * Nobody is held for a notifier that has ended, for one that reads the same source, or for one of which nothing is known
 * (no source that can be held, and no word from it yet): by definition everything is stored then, and `StoredBytes` notices it.
 *
 * ```marbles
 * a-b---c--|
 * buffer(closing), map((letters) => letters.join(''))
 * ----p----(c|)
 *
 * closing = cold('----x')
 * p = 'ab'
 * ```
 * An array is emitted in the name of whom its last value came from. Errors of the source and of the notifier pass.
 *
 * ```ts
 * incoming.pipe(buffer(interval(1_000)), map((chunks) => bytes(`${chunks.length} chunks\n`)), sendTo(connection)).subscribe();
 * ```
 * Neighbours: `bufferTime`, `bufferCount`, `gather`.
 */
export function buffer<T>(closingNotifier: ObservableInput<unknown>): OperatorFunction<T, T[]> {
  return (source) =>
    new Observable<T[]>((subscriber) => {
      const sink = currentSink();
      const store: Store = new Store('buffer', 'its notifier is silent', () => closing.hopeful);
      const closing = new Awaited(store);
      const notifier = new Observable<unknown>((listener) => {
        const link = linked<unknown>(listener, (word) => {
          closing.heard();
          feed(currentGroup(), listener, word);
        });
        // Ended, for whatever reason: nothing more will be closed by it.
        link.add(() => closing.end());
        subscribingFor(bothSinks(sink, closing), () => from(closingNotifier).subscribe(link));
      });
      const link = linked<Kept<T>[]>(subscriber, (gathered) => {
        const values = gathered.map(({ value }) => value);
        feed(gathered.at(-1)?.group, subscriber, values);
        store.drop(gathered);
      });
      // After the source has been left: who is let go and feeds at once must not be held again.
      subscriber.add(() => store.dismiss());
      subscribingFor(bothSinks(sink, store), () =>
        source
          .pipe(
            map((value) => store.keep(value)),
            plain(notifier),
          )
          .subscribe(link),
      );
    });
}
