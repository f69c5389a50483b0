/**
 * RxJS's `concatAll`, which holds. Knows: its name. Does not know: how waiting works; that is flowing/merged.ts.
 */
import { identity, type ObservableInput, type ObservedValueOf, type OperatorFunction } from 'rxjs';
import { merged } from './flowing/merged.ts';

/**
 * Emits what the inner Observables emit that the source emits, one after the other.
 *
 * In plain words: RxJS's `concatAll`. While an inner Observable waits for the one before it, whoever feeds is held.
 *
 * ```marbles
 * xy|
 * concatAll()
 * --a--(b|)
 *
 * x = of('a').pipe(delay(2))
 * y = of('b').pipe(delay(3))
 * ```
 * What the present inner Observable reads is not held. Errors of the source and of the inner Observables pass.
 *
 * ```ts
 * of('a.txt', 'b.txt').pipe(map((name) => pull([bytes(name)])), concatAll(), sendTo(connection)).subscribe();
 * ```
 * Neighbours: `concatMap`, `mergeAll`.
 */
export function concatAll<O extends ObservableInput<unknown>>(): OperatorFunction<O, ObservedValueOf<O>> {
  return merged<O, ObservedValueOf<O>>('concatAll', identity as (value: O) => ObservableInput<ObservedValueOf<O>>, 1);
}
