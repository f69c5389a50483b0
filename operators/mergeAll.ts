/**
 * RxJS's `mergeAll`, which holds. Knows: its name. Does not know: how waiting works; that is flowing/merged.ts.
 */
import { identity, type ObservableInput, type ObservedValueOf, type OperatorFunction } from 'rxjs';
import { merged } from './flowing/merged.ts';

/**
 * Emits what the inner Observables emit that the source emits, as it comes; `concurrent` of them at once (no limit).
 *
 * In plain words: RxJS's `mergeAll`. With a limit, the first inner Observable that waits holds whoever feeds; without one
 * nobody is held here.
 *
 * ```marbles
 * xyz|
 * mergeAll(2)
 * ---ab--(c|)
 *
 * x = of('a').pipe(delay(3))
 * y = of('b').pipe(delay(3))
 * z = of('c').pipe(delay(4))
 * ```
 * What the inner Observables read is not held. Errors of the source and of the inner Observables pass.
 *
 * ```ts
 * const downloads = ['tcp:a.example:80', 'tcp:b.example:80', 'tcp:c.example:80'].map((from) => connect(from));
 * of(...downloads).pipe(mergeAll(2), switchMap((download) => download)).subscribe();
 * ```
 * Neighbours: `mergeMap`, `concatAll`.
 */
export function mergeAll<O extends ObservableInput<unknown>>(
  concurrent = Infinity,
): OperatorFunction<O, ObservedValueOf<O>> {
  return merged<O, ObservedValueOf<O>>(
    'mergeAll',
    identity as (value: O) => ObservableInput<ObservedValueOf<O>>,
    concurrent,
  );
}
