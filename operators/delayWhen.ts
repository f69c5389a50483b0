/**
 * RxJS's `delayWhen`, which holds. Knows: how much is under way. Does not know: what the notifiers are.
 */
import { delayWhen as plain, from, Observable, type MonoTypeOperatorFunction, type ObservableInput } from 'rxjs';
import { subscribingFor } from '../src/flow.ts';
import { stored } from './flowing/carried.ts';

/**
 * Emits each value when the notifier made for it emits; if that completes without a word, the value is dropped.
 *
 * In plain words: RxJS's `delayWhen`. Once 1 MiB or 16,384 values are under way, whoever feeds is held until half of it is
 * through; whoever feeds the notifiers is not. A notifier that never ends keeps its value, and its place in this count, for
 * ever.
 *
 * ```marbles
 * ab-|
 * delayWhen((letter) => timer(letter === 'a' ? 4 : 2))
 * ---b(a|)
 * ```
 * Each value is emitted in the name of whom it came from. Errors of the source, of the function and of the notifiers pass.
 * The `subscriptionDelay` that RxJS has deprecated is not there.
 *
 * ```ts
 * listen('tcp:8007').pipe(serve(delayWhen((chunk) => timer(chunk.length)))).subscribe();
 * ```
 * Neighbours: `delay`, `concatMap` (one after the other).
 */
export function delayWhen<T>(
  delayDurationSelector: (value: T, index: number) => ObservableInput<unknown>,
): MonoTypeOperatorFunction<T> {
  return stored('delayWhen', 'its notifiers are silent', ({ store, awaited }) =>
    plain((kept, index) => {
      const notifier = from(delayDurationSelector(kept.value, index));
      return new Observable((subscriber) => {
        subscribingFor(awaited, () => notifier.subscribe(subscriber));
        // A notifier that ended without a word has dropped its value.
        subscriber.add(() => store.drop([kept]));
      });
    }),
  );
}
