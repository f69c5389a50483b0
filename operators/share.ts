/**
 * RxJS's `share`, with its contexts kept. Knows: who listens, and where values came from. Does not know: when to reset.
 */
import { Observable, share as plain, tap, type MonoTypeOperatorFunction, type ShareConfig } from 'rxjs';
import { currentGroup, currentSink, feed, subscribingFor } from '../src/flow.ts';
import { Audience } from './flowing/Audience.ts';
import { linked } from './flowing/linked.ts';
import { Origins } from './flowing/Origins.ts';

/**
 * Subscribes the source once for all who subscribe, while there are any.
 *
 * In plain words: RxJS's `share`. Each subscriber's sink joins all sources that are shared, whoever came first: the slowest
 * holds. It stores nothing, unless the `connector` does.
 *
 * ```marbles
 * -a----b----|
 * share(), (shared) => merge(shared, shared)
 * -(aa)-(bb)-|
 * ```
 * Values that a connector with a memory (`ReplaySubject`, `BehaviorSubject`) tells late subscribers are emitted in the name of
 * whom they came from; for text and numbers, which have no identity, of whoever fed last. What such a connector keeps is
 * bounded by its own arguments, and by nothing else.
 *
 * ```ts
 * const ticks = interval(1_000).pipe(share());
 * listen('tcp:8007').pipe(serve(() => ticks.pipe(map((n) => bytes(`${n}\n`))))).subscribe();
 * ```
 * Where one slow listener must not hold the others, see `alongside`. Neighbours: `shareReplay`, `groupBy`, `alongside`.
 */
export function share<T>(): MonoTypeOperatorFunction<T>;
export function share<T>(options: ShareConfig<T>): MonoTypeOperatorFunction<T>;
export function share<T>(options: ShareConfig<T> = {}): MonoTypeOperatorFunction<T> {
  return (source) => {
    const audience = new Audience();
    const origins = options.connector === undefined ? undefined : new Origins();
    const noted = origins === undefined ? source : source.pipe(tap((value) => origins.note(value)));
    const connecting = new Observable<T>((connection) => subscribingFor(audience, () => noted.subscribe(connection)));
    const shared = connecting.pipe(plain(options));
    return new Observable((subscriber) => {
      subscriber.add(audience.admit(currentSink()));
      let replaying = true;
      const link = linked<T>(subscriber, (value) => {
        const group = replaying ? (origins?.of(value) ?? currentGroup()) : (currentGroup() ?? origins?.of(value));
        feed(group, subscriber, value);
      });
      shared.subscribe(link);
      replaying = false;
    });
  };
}
