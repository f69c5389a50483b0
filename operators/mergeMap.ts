/**
 * RxJS's `mergeMap`, which holds. Knows: its name. Does not know: how waiting works; that is flowing/merged.ts.
 */
import type { ObservableInput, ObservedValueOf, OperatorFunction } from 'rxjs';
import { merged } from './flowing/merged.ts';

/**
 * Turns each value into an inner Observable, and emits what they emit as it comes; `concurrent` of them at once (no limit).
 *
 * In plain words: RxJS's `mergeMap`. With a limit, the first value that waits holds whoever feeds. Without one no value ever
 * waits and nobody is held: what is under way is stored, `StoredBytes` notices it if it is very much.
 *
 * ```marbles
 * abc|
 * mergeMap((letter) => of(letter).pipe(delay(4)), 2)
 * ----ab--(c|)
 * ```
 * Results are emitted in the name of the value they belong to, or in their own if the inner Observable is a source that can
 * be held. What the inner Observables read is not held for the values that wait (see `concatMap`).
 *
 * ```ts
 * const lookUp = (name: string) => Promise.resolve(`${name}!`);
 * listen('tcp:8007').pipe(serve(over(lines(), mergeMap(lookUp, 10)))).subscribe();
 * ```
 * Errors of the source, of `project` and of the inner Observables pass. The `resultSelector` that RxJS has deprecated is not
 * there. Neighbours: `concatMap`, `mergeAll`, `gather`.
 */
export function mergeMap<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
  concurrent = Infinity,
): OperatorFunction<T, ObservedValueOf<O>> {
  return merged<T, ObservedValueOf<O>>('mergeMap', project as Project<T, O>, concurrent);
}

type Project<T, O extends ObservableInput<unknown>> = (value: T, index: number) => ObservableInput<ObservedValueOf<O>>;
