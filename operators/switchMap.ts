/**
 * RxJS's `switchMap`, with its contexts kept. Knows: on whose behalf, and in whose name. Does not know: how switching works.
 */
import {
  Observable,
  switchMap as plain,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
} from 'rxjs';
import { currentGroup, currentSink } from '../src/flow.ts';
import { inner } from './flowing/inner.ts';

/**
 * Turns each value into an inner Observable, and emits what the latest of them emits; the one before it is left.
 *
 * In plain words: RxJS's `switchMap`, which stores nothing. What it subscribes later joins the sink that this pipeline was
 * subscribed for, and what comes late (from a promise) is emitted in the name of the value that it belongs to; so a sink
 * that is full finds whom to hold.
 *
 * ```marbles
 * a--bc---|
 * switchMap((letter) => of(letter.toUpperCase()).pipe(delay(2)))
 * --A---C-|
 * ```
 * Errors of the source, of `project` and of the inner Observables pass. The `resultSelector` that RxJS has deprecated is not
 * there.
 *
 * ```ts
 * connect('tcp:127.0.0.1:80').pipe(switchMap((server) => server), sendTo(connection)).subscribe();
 * ```
 * Neighbours: `exhaustMap`, `concatMap`, `mergeMap`.
 */
export function switchMap<T, O extends ObservableInput<unknown>>(
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
