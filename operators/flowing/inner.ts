/**
 * An Observable that an operator subscribes later, because a value came: on whose behalf, and in whose name it emits.
 * Knows: the two contexts of src/flow.ts. Does not know: which inner Observable comes when.
 */
import { from, Observable, type ObservableInput } from 'rxjs';
import { currentGroup, feed, subscribingFor, type HoldGroup, type Sink } from '../../src/flow.ts';
import { linked } from './linked.ts';

/** `input`, subscribed on behalf of `sink`; what it emits in nobody's name it emits in the name of `group`. */
export function inner<T>(
  sink: Sink | undefined,
  group: HoldGroup | undefined,
  input: ObservableInput<T>,
): Observable<T> {
  const source = from(input);
  return new Observable((subscriber) => {
    const link = linked<T>(subscriber, (value) => feed(currentGroup() ?? group, subscriber, value));
    subscribingFor(sink, () => source.subscribe(link));
  });
}

/** `input`, subscribed on behalf of `sink`: for what comes after something else. */
export function onBehalf<T>(sink: Sink | undefined, input: ObservableInput<T>): Observable<T> {
  const source = from(input);
  return new Observable((subscriber) => subscribingFor(sink, () => source.subscribe(subscriber)));
}
