/**
 * RxJS's `zipAll`, which holds. Knows: its name. Does not know: how zipping works; that is zip.ts.
 */
import { map, toArray, type ObservableInput, type OperatorFunction } from 'rxjs';
import { concatMap } from './concatMap.ts';
import { zip } from './zip.ts';

/**
 * Waits until the source has completed, then zips the Observables that it emitted.
 *
 * In plain words: RxJS's `zipAll`. Who is ahead is held, as `zip` says; the source is not: all of it is gathered first, by
 * definition.
 *
 * ```marbles
 * x-y|
 * zipAll((letter: string, number: string) => letter + number)
 * ----p-(q|)
 *
 * x = of('a', 'b', 'c')
 * y = cold('-1-(2|)')
 * p = 'a1'
 * q = 'b2'
 * ```
 * Errors of the source, of the Observables and of `project` pass.
 *
 * ```ts
 * of(pull(['a', 'b']), pull(['1', '2'])).pipe(zipAll(), map(([letter]) => bytes(letter)), sendTo(connection)).subscribe();
 * ```
 * Neighbours: `zip`, `zipWith`.
 */
export function zipAll<T>(): OperatorFunction<ObservableInput<T>, T[]>;
export function zipAll<T, R>(project: (...values: T[]) => R): OperatorFunction<ObservableInput<T>, R>;
export function zipAll<T, R>(project?: (...values: T[]) => R): OperatorFunction<ObservableInput<T>, T[] | R> {
  return (source) => {
    const tuples = source.pipe(
      toArray(),
      concatMap((inputs) => zip(inputs)),
    );
    return project === undefined ? tuples : tuples.pipe(map((tuple) => project(...tuple)));
  };
}
