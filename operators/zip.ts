/**
 * RxJS's `zip`, which holds. Knows: tuples, and when there can be no more of them. Does not know: whom to hold; see flowing/.
 */
import { EMPTY, from, Observable, type ObservableInput, type ObservableInputTuple } from 'rxjs';
import { bothSinks, currentSink, feed, subscribingFor } from '../src/flow.ts';
import { Lanes } from './flowing/Lanes.ts';
import { linked } from './flowing/linked.ts';

/**
 * Emits the first values of all inputs together, then the second ones, and so on, as arrays, or what `resultSelector` makes of them.
 *
 * In plain words: RxJS's `zip`. An input with a value that waits for the others is held, so at most one read waits in each. But
 * nobody is held whom an input that is awaited needs: of two filters of one connection, which may find nothing for long, as many values
 * wait as RxJS would let wait, and `StoredBytes` notices it. As long as nothing is known of an input that is awaited (it
 * reads no source that can be held, and has said nothing yet), the others may get ahead by 1 MiB or 16,384 values.
 *
 * ```marbles
 * ab-c|
 * (letters) => zip(letters, numbers), map(([letter, number]) => letter + number)
 * --x--y|
 *
 * numbers = cold('--1--2|')
 * x = 'a1'
 * y = 'b2'
 * ```
 * It completes when an input has completed and none of its values waits. Errors of the inputs and of `resultSelector` pass.
 *
 * ```ts
 * const paced = zip(pull(['a', 'b', 'c']), interval(1_000)).pipe(map(([letter]) => bytes(letter)));
 * listen('tcp:8007').pipe(serve(() => paced)).subscribe();
 * ```
 * Neighbours: `zipWith`, `zipAll`.
 */
export function zip<A extends readonly unknown[]>(sources: [...ObservableInputTuple<A>]): Observable<A>;
export function zip<A extends readonly unknown[], R>(
  sources: [...ObservableInputTuple<A>],
  resultSelector: (...values: A) => R,
): Observable<R>;
export function zip<A extends readonly unknown[]>(...sources: [...ObservableInputTuple<A>]): Observable<A>;
export function zip<A extends readonly unknown[], R>(
  ...sourcesAndResultSelector: [...ObservableInputTuple<A>, (...values: A) => R]
): Observable<R>;
export function zip(...given: unknown[]): Observable<unknown> {
  const last = given.at(-1);
  const select = typeof last === 'function' ? (last as (...values: unknown[]) => unknown) : undefined;
  const listed = select === undefined ? given : given.slice(0, -1);
  const inputs = (listed.length === 1 && Array.isArray(listed[0]) ? listed[0] : listed) as ObservableInput<unknown>[];
  if (inputs.length === 0) return EMPTY;
  return new Observable((subscriber) => {
    const sink = currentSink();
    const lanes = new Lanes(inputs.length);
    for (const [index, input] of inputs.entries()) {
      if (subscriber.closed) break;
      const lane = lanes.all[index];
      const link = linked<unknown>(
        subscriber,
        (value) => {
          const tuple = lanes.put(lane, value);
          if (tuple === undefined) return;
          let result: unknown = tuple;
          try {
            if (select !== undefined) result = select(...tuple);
          } catch (error) {
            subscriber.error(error);
            return;
          }
          feed(lanes.group, subscriber, result);
          if (lanes.over) subscriber.complete();
          else lanes.balance();
        },
        () => {
          lane.completed = true;
          if (lanes.over) subscriber.complete();
        },
      );
      subscribingFor(bothSinks(sink, lane), () => from(input).subscribe(link));
    }
    // After the inputs have been left: who is let go and feeds at once must not be held again.
    subscriber.add(() => lanes.dismiss());
  });
}
