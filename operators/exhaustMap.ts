/**
 * RxJS's `exhaustMap`, with its contexts kept. Knows: on whose behalf, and in whose name. Does not know: what is dropped.
 */
import {
  exhaustMap as plain,
  Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
} from 'rxjs';
import { currentGroup, currentSink } from '../src/flow.ts';
import { inner } from './flowing/inner.ts';

/**
 * Turns a value into an inner Observable, and emits what it emits; values that come meanwhile are dropped.
 *
 * In plain words: RxJS's `exhaustMap`, which stores nothing. What it subscribes later joins the sink that this pipeline was
 * subscribed for, and what comes late (from a promise) is emitted in the name of the value that it belongs to.
 *
 * ```marbles
 * ab---c-|
 * exhaustMap((letter) => of(letter).pipe(delay(3)))
 * ---a----(c|)
 * ```
 * Errors of the source, of `project` and of the inner Observables pass. The `resultSelector` that RxJS has deprecated is not
 * there.
 *
 * ```ts
 * const refresh = () => connect('tcp:127.0.0.1:80').pipe(switchMap((server) => server));
 * incoming.pipe(exhaustMap(refresh), sendTo(connection)).subscribe();
 * ```
 * Neighbours: `switchMap`, `concatMap`, `mergeMap`.
 */
export function exhaustMap<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
): OperatorFunction<T, ObservedValueOf<O>> {
  return (source) =>
    new Observable<ObservedValueOf<O>>((subscriber) => {
      const sink = currentSink();
      const later = (value: T, index: number) => {
        const input = project(value, index) as ObservableInput<ObservedValueOf<O>>;
        return inner(sink, currentGroup(), input);
      };
      source.pipe(plain(later)).subscribe(subscriber);
    });
}
