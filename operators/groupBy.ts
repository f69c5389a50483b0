/**
 * RxJS's `groupBy`, with its contexts kept. Knows: on whose behalf, and in whose name. Does not know: keys and groups.
 */
import {
  groupBy as plain,
  Observable,
  type BasicGroupByOptions,
  type GroupByOptionsWithElement,
  type GroupedObservable,
  type OperatorFunction,
} from 'rxjs';
import { bothSinks, currentGroup, currentSink, feed, subscribingFor } from '../src/flow.ts';
import { linked } from './flowing/linked.ts';
import { Opened } from './flowing/Opened.ts';

/**
 * Emits an Observable for each key that comes up, with the values that have this key.
 *
 * In plain words: RxJS's `groupBy`, which stores nothing but the keys (unless the `connector` does), and holds nobody. Who
 * subscribes a group is fed by whoever feeds the source: a sink that is full holds them, and `concatMap` over groups knows that
 * the group it waits for needs them. Groups end, by `duration`, in the name of whoever fed last.
 *
 * ```marbles
 * abab|
 * groupBy((letter) => letter), mergeMap((group) => group.pipe(map((_, index) => group.key + index)))
 * pqrs|
 *
 * p = 'a0'
 * q = 'b0'
 * r = 'a1'
 * s = 'b1'
 * ```
 * Errors of the source, of `key` and of `element` go to all groups, and end them. Of each group the key stays stored until
 * `duration`, or the source, ends it: a peer that makes up keys fills memory, unless there is a `duration`. The forms that RxJS
 * has deprecated are not there.
 *
 * ```ts
 * const perUser = groupBy((line: string) => line.split(' ')[0], { duration: () => timer(60_000) });
 * source.pipe(perUser, mergeMap((lines) => lines.pipe(bufferTime(1_000)))).subscribe();
 * ```
 * Neighbours: `share`, `windowTime`, `mergeMap`.
 */
export function groupBy<T, K>(
  key: (value: T) => K,
  options: BasicGroupByOptions<K, T>,
): OperatorFunction<T, GroupedObservable<K, T>>;
export function groupBy<T, K, E>(
  key: (value: T) => K,
  options: GroupByOptionsWithElement<K, E, T>,
): OperatorFunction<T, GroupedObservable<K, E>>;
export function groupBy<T, K extends T>(
  key: (value: T) => value is K,
): OperatorFunction<T, GroupedObservable<true, K> | GroupedObservable<false, Exclude<T, K>>>;
export function groupBy<T, K>(key: (value: T) => K): OperatorFunction<T, GroupedObservable<K, T>>;
export function groupBy<T, K, E>(
  key: (value: T) => K,
  options: BasicGroupByOptions<K, T> | GroupByOptionsWithElement<K, E, T> = {},
): OperatorFunction<T, GroupedObservable<K, E>> {
  const { element = (value: T) => value as unknown as E, connector, duration } = options as Options<K, E, T>;
  return (source) =>
    new Observable<GroupedObservable<K, E>>((subscriber) => {
      const opened = new Opened(connector !== undefined);
      const link = linked<GroupedObservable<K, E>>(subscriber, (group) => {
        const handed = Object.assign(opened.open(group), { key: group.key });
        feed(currentGroup(), subscriber, handed);
      });
      const noted = (value: T): E => {
        const came = element(value);
        opened.note(came);
        return came;
      };
      subscribingFor(bothSinks(currentSink(), opened.audience), () =>
        source.pipe(plain(key, { element: noted, connector, duration })).subscribe(link),
      );
    });
}

type Options<K, E, T> = Partial<GroupByOptionsWithElement<K, E, T>>;
