/**
 * An operator of RxJS that emits later, run so that each value it emits is emitted in the name of whom it came from.
 * Knows: the group of each value, beside the value. Does not know: which values the operator emits, and when.
 */
import { map, Observable, type MonoTypeOperatorFunction } from 'rxjs';
import {
  bothSinks,
  currentGroup,
  currentSink,
  feed,
  subscribingFor,
  type HoldGroup,
  type Sink,
} from '../../src/flow.ts';
import { linked } from './linked.ts';
import { Store, type Kept } from './Store.ts';

/** A value, and whom it came from. */
export interface Carried<T> {
  readonly value: T;
  readonly group: HoldGroup | undefined;
}

/** For operators that keep one value at most, and drop the others: nobody is held. */
export function carried<T>(operator: MonoTypeOperatorFunction<Carried<T>>): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const link = linked<Carried<T>>(subscriber, ({ group, value }) => feed(group, subscriber, value));
      source
        .pipe(
          map((value) => ({ value, group: currentGroup() })),
          operator,
        )
        .subscribe(link);
    });
}

/** What an operator that stores is made of: the store, and on whose behalf to subscribe what its values wait for. */
export interface Storing {
  readonly store: Store;
  readonly awaited: Sink;
}

/** For operators that keep every value until its time has come: past a mark, whoever feeds them is held. */
export function stored<T>(
  name: string,
  reason: string,
  operator: (storing: Storing) => MonoTypeOperatorFunction<Kept<T>>,
): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const store = new Store(name, reason);
      const sink = currentSink();
      const link = linked<Kept<T>>(subscriber, (kept) => {
        store.drop([kept]);
        feed(kept.group, subscriber, kept.value);
      });
      // After the source has been left: who is let go and feeds at once must not be held again.
      subscriber.add(() => store.dismiss());
      const storing = { store, awaited: bothSinks(sink, store.awaited) };
      subscribingFor(bothSinks(sink, store), () =>
        source
          .pipe(
            map((value) => store.keep(value)),
            operator(storing),
          )
          .subscribe(link),
      );
    });
}
