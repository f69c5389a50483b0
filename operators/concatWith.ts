/**
 * RxJS's `concatWith`, with its context kept. Knows: on whose behalf. Does not know: how concatenating works.
 */
import { concat, Observable, type ObservableInputTuple, type OperatorFunction } from 'rxjs';
import { currentSink } from '../src/flow.ts';
import { onBehalf } from './flowing/inner.ts';

/**
 * Emits the source, and when it completes, the others, one after the other.
 *
 * In plain words: RxJS's `concatWith`, which stores nothing. The others, which are subscribed later, join the sink that this
 * pipeline was subscribed for, as the source did.
 *
 * ```marbles
 * a-b|
 * concatWith(other)
 * a-b-c|
 *
 * other = cold('-c|')
 * ```
 * Errors pass, and end it.
 *
 * ```ts
 * of(bytes('header\n')).pipe(concatWith(pull([bytes('body')])), sendTo(connection)).subscribe();
 * ```
 * Neighbours: `concatMap`, `concatAll`. RxJS's `mergeWith` subscribes all at once, and needs no other.
 */
export function concatWith<T, A extends readonly unknown[]>(
  ...otherSources: [...ObservableInputTuple<A>]
): OperatorFunction<T, T | A[number]> {
  return (source) =>
    new Observable<T | A[number]>((subscriber) => {
      const sink = currentSink();
      concat(source, ...otherSources.map((other) => onBehalf<A[number]>(sink, other))).subscribe(subscriber);
    });
}
