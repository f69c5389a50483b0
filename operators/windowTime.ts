/**
 * RxJS's `windowTime`, with its contexts kept. Knows: on whose behalf, and in whose name. Does not know: time; that is RxJS's.
 */
import { Observable, tap, windowTime as plain, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { bothSinks, currentSink, feed, subscribingFor } from '../src/flow.ts';
import { linked } from './flowing/linked.ts';
import { Opened } from './flowing/Opened.ts';
import type { TimeSpanArguments } from './flowing/timeSpans.ts';

/**
 * Cuts the source into windows of `windowTimeSpan` milliseconds, one after the other, or one every `windowCreationInterval`.
 *
 * In plain words: RxJS's `windowTime`. It stores nothing, and holds nobody: each value passes at once into the windows that are
 * open (a window with `maxWindowSize` values closes), and who gathers a window's values stores them. Windows open and close in
 * the name of whoever fed last, and who subscribes one is fed by whoever feeds the source: a sink that is full holds them.
 *
 * ```marbles
 * ab---c-|
 * windowTime(3), concatMap((letters) => letters.pipe(reduce((all, letter) => all + letter, '')))
 * ---p--c(n|)
 *
 * p = 'ab'
 * n = ''
 * ```
 * An error passes, into the windows too.
 *
 * ```ts
 * source.pipe(windowTime(1_000), concatMap((lines) => lines.pipe(count())), tap(console.log)).subscribe();
 * ```
 * Neighbours: `bufferTime`, `groupBy`.
 */
export function windowTime<T>(windowTimeSpan: number, scheduler?: SchedulerLike): OperatorFunction<T, Observable<T>>;
export function windowTime<T>(
  windowTimeSpan: number,
  windowCreationInterval: number,
  scheduler?: SchedulerLike,
): OperatorFunction<T, Observable<T>>;
export function windowTime<T>(
  windowTimeSpan: number,
  windowCreationInterval: number | null | void,
  maxWindowSize: number,
  scheduler?: SchedulerLike,
): OperatorFunction<T, Observable<T>>;
export function windowTime<T>(
  windowTimeSpan: number,
  ...others: TimeSpanArguments
): OperatorFunction<T, Observable<T>> {
  const operator = plain as (span: number, ...others: TimeSpanArguments) => OperatorFunction<T, Observable<T>>;
  return (source) =>
    new Observable<Observable<T>>((subscriber) => {
      const opened = new Opened();
      const link = linked<Observable<T>>(subscriber, (window) => feed(opened.latest, subscriber, opened.open(window)));
      subscribingFor(bothSinks(currentSink(), opened.audience), () =>
        source
          .pipe(
            tap((value) => opened.note(value)),
            operator(windowTimeSpan, ...others),
          )
          .subscribe(link),
      );
    });
}
