/**
 * RxJS's `concatMap`, which holds. Knows: its name. Does not know: how waiting works; that is flowing/merged.ts.
 */
import type { ObservableInput, ObservedValueOf, OperatorFunction } from 'rxjs';
import { merged } from './flowing/merged.ts';

/**
 * Turns each value into an inner Observable, and emits what they emit, one inner Observable after the other.
 *
 * In plain words: RxJS's `concatMap`. While a value waits for the one before it, whoever feeds is held, so at most one read waits
 * here, however slow the work is.
 *
 * ```marbles
 * abc|
 * concatMap((letter) => of(letter.toUpperCase()).pipe(delay(2)))
 * --A-B-(C|)
 * ```
 * Results are emitted in the name of the value they belong to, or in their own if the inner Observable is a source that can
 * be held. What the inner Observable reads is never held for the values that wait; so if it reads the very source that feeds
 * this operator (two subscriptions to one connection), as many values wait as RxJS would let wait. An inner Observable
 * that hears that source through a Subject of your own cannot be known to: `share` and `groupBy` of `ropewalk/operators` tell.
 *
 * ```ts
 * const lookUp = (name: string) => Promise.resolve(`${name}!`);
 * listen('tcp:8007').pipe(serve(over(lines(), concatMap(lookUp)))).subscribe();
 * ```
 * Errors of the source, of `project` and of the inner Observables pass. The `resultSelector` that RxJS has deprecated is not
 * there. Neighbours: `mergeMap` (several at once), `callback` (results, not streams), `switchMap`, `exhaustMap`.
 */
export function concatMap<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
): OperatorFunction<T, ObservedValueOf<O>> {
  return merged<T, ObservedValueOf<O>>('concatMap', project as Project<T, O>, 1);
}

type Project<T, O extends ObservableInput<unknown>> = (value: T, index: number) => ObservableInput<ObservedValueOf<O>>;
