/**
 * A function of a thread pool, called with each value.
 * Knows: order, how many are under way, whom to hold while one waits. Does not know: threads; it calls a pool.
 */
import { Observable, type OperatorFunction } from 'rxjs';
import type { Deferred } from '../src/Deferred.ts';
import { bothSinks, currentGroup, currentSink, feed, subscribingFor, type HoldGroup } from '../src/flow.ts';
import { HeldQueue } from '../src/HeldQueue.ts';
import type { ArgumentsOf, FunctionsOf, ResultOf, ThreadPool } from '../src/threads/ThreadPool.ts';
import { linked } from './flowing/linked.ts';

export interface InThreadOptions {
  /** How many values may be with the pool at once (twice its size). Many small ones travel together. */
  readonly concurrent?: number;
}

type FirstOf<Fn> = ArgumentsOf<Fn> extends [(infer First)?, ...unknown[]] ? First : never;

/** A value that is with the pool, or the result of one before it is. */
interface Place {
  readonly group: HoldGroup | undefined;
  result: { readonly value: unknown } | { readonly error: unknown } | undefined;
}

/**
 * Calls a function of `pool` with each value, and emits the results in the order of the values.
 *
 * In plain words: `map`, in threads. At most `concurrent` values are with the pool; while one more waits, whoever feeds is
 * held. Unsubscribing calls off what is under way.
 *
 * ```ts
 * const pool = threads({ fn: (n: number) => n ** 2 });
 * of(1, 2, 3).pipe(inThread(pool, 'fn')).subscribe((square) => console.log(square));
 * // => 1
 * // => 4
 * // => 9
 * ```
 * Results are emitted in the name of the value they belong to. An error of the source passes at once, one of the function
 * after the results of the values before it: what `pool.call` fails with. Throws `RangeError` for fewer than one at a time.
 * Neighbours: `callback((value) => pool.call(...))` for one at a time, `concatMap((value) => pool.stream(...))` for many
 * results from each value.
 */
export function inThread<Module, Name extends FunctionsOf<Module>>(
  pool: ThreadPool<Module>,
  name: Name,
  { concurrent = 2 * pool.size }: InThreadOptions = {},
): OperatorFunction<FirstOf<Module[Name]>, ResultOf<Module[Name]>> {
  if (!(concurrent >= 1)) throw new RangeError(`expected at least one value at a time, got ${concurrent}`);
  type In = FirstOf<Module[Name]>;
  const call = (value: In): Deferred<unknown> => pool.call(name, ...([value] as never));
  return (source) =>
    new Observable((destination) => {
      const waiting = new HeldQueue<In>('inThread', 'its threads are busy');
      const sink = currentSink();
      /** What is with the pool, or waits for one that is: in order. */
      let places: Place[] = [];
      const underWay = new Set<Deferred<unknown>>();
      let ended = false;
      let proceeding = false;

      const begin = (value: In): void => {
        const place: Place = { group: currentGroup(), result: undefined };
        places.push(place);
        const deferred = call(value);
        underWay.add(deferred);
        const settle = (result: Place['result']): void => {
          underWay.delete(deferred);
          place.result = result;
          proceed();
        };
        deferred.addCallbacks(
          (value) => settle({ value }),
          (error) => settle({ error }),
        );
      };
      /** A loop, not a recursion: results in a batch leave the stack as it was. */
      const proceed = (): void => {
        if (proceeding) return;
        proceeding = true;
        for (let result = places[0]?.result; result !== undefined && !destination.closed; result = places[0]?.result) {
          const { group } = places[0];
          places.shift();
          if ('error' in result) destination.error(result.error);
          else feed(group, destination, result.value as ResultOf<Module[Name]>);
          next();
        }
        proceeding = false;
        if (ended && places.length === 0 && waiting.head === undefined) destination.complete();
      };
      const next = (): void => {
        const { head } = waiting;
        if (head === undefined || destination.closed) return;
        waiting.drop();
        feed(head.group, { next: begin }, head.value);
      };

      const outer = linked<In>(
        destination,
        (value) => {
          // While results are handed on, too: whoever is let go may feed at once, and comes after.
          if (places.length < concurrent && waiting.head === undefined) begin(value);
          else waiting.push(value);
        },
        () => {
          ended = true;
          proceed();
        },
      );
      // After the source has been left: who is let go and feeds at once must not be held again.
      destination.add(() => {
        waiting.dismiss();
        places = [];
        for (const deferred of underWay) deferred.cancel();
      });
      subscribingFor(bothSinks(sink, waiting), () => source.subscribe(outer));
    });
}
