/**
 * RxJS's `zipWith`, which holds. Knows: its name. Does not know: how zipping works; that is zip.ts.
 */
import type { Cons, ObservableInputTuple, OperatorFunction } from 'rxjs';
import { zip } from './zip.ts';

/**
 * Emits the first values of the source and of the others together, then the second ones, and so on, as arrays.
 *
 * In plain words: RxJS's `zipWith`. Who is ahead is held, as `zip` says.
 *
 * ```marbles
 * ab-c|
 * zipWith(numbers), map(([letter, number]) => letter + number)
 * --x--y|
 *
 * numbers = cold('--1--2|')
 * x = 'a1'
 * y = 'b2'
 * ```
 * Errors pass.
 *
 * ```ts
 * pull(['a', 'b']).pipe(zipWith(interval(1_000)), map(([letter]) => bytes(letter)), sendTo(connection)).subscribe();
 * ```
 * Neighbours: `zip`, `zipAll`.
 */
export function zipWith<T, A extends readonly unknown[]>(
  ...otherInputs: [...ObservableInputTuple<A>]
): OperatorFunction<T, Cons<T, A>> {
  return (source) => zip(source, ...otherInputs) as ReturnType<OperatorFunction<T, Cons<T, A>>>;
}
