/**
 * What `callback`, `errback` and `both` share: a function called with each value, or with the error, and its result,
 * which may still be to come, put in the value's place.
 * Knows: order, one result awaited at a time, no inner Observable for a plain result. Does not know: types of errors.
 */
import { from, Observable, Subscriber } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import { isAwaitable } from '../src/deferred/awaitable.ts';
import { bothSinks, currentGroup, currentSink, feed, subscribingFor, type HoldGroup } from '../src/flow.ts';
import { HeldQueue } from '../src/HeldQueue.ts';

/** Called with what came; throws to fail the stream. `undefined` lets values, or the error, pass. */
export interface Handlers<In> {
  readonly onValue?: (value: In) => unknown;
  readonly onError?: (reason: unknown) => unknown;
}

interface Arrival {
  readonly handle: (came: never) => unknown;
  readonly came: unknown;
}

export function chained<In, Out>({ onValue, onError }: Handlers<In>): OperatorFunction<In, Out> {
  return (source) =>
    new Observable<Out>((destination) => {
      /** What came while a result was awaited, each with the function that will handle it. */
      const waiting = new HeldQueue<Arrival>('callback', 'it awaits a result');
      const sink = currentSink();
      let awaiting = false;
      let draining = false;
      let ended = false;

      /** Calls, and emits what comes of it: now, or when it is there. */
      const settle = ({ handle, came }: Arrival): void => {
        let result: unknown;
        try {
          result = handle(came as never);
        } catch (error) {
          return destination.error(error);
        }
        if (isAwaitable(result)) follow(result, currentGroup());
        else destination.next(result as Out);
      };
      const follow = (result: Parameters<typeof from>[0], group: HoldGroup | undefined): void => {
        awaiting = true;
        const inner = new Subscriber<unknown>({
          next: (value) => feed(group, destination, value as Out),
          error: (error: unknown) => destination.error(error),
          complete: () => {
            awaiting = false;
            drain();
          },
        });
        destination.add(inner);
        subscribingFor(bothSinks(sink, waiting.awaited), () => from(result).subscribe(inner));
      };
      /** A loop, not a recursion: any number of results that are there at once leave the stack as it was. */
      const drain = (): void => {
        if (draining || awaiting) return;
        draining = true;
        for (let { head } = waiting; head !== undefined; { head } = waiting) {
          const { value, group } = head;
          waiting.drop();
          feed(group, { next: settle }, value);
          if (awaiting || destination.closed) break;
        }
        draining = false;
        if (ended && !awaiting) destination.complete();
      };

      // A Subscriber that belongs to its destination, so that a source that emits while subscribing can be stopped.
      const outer = new Subscriber<In>({
        next: (value: unknown) => {
          if (onValue === undefined) destination.next(value as Out);
          // While the ones before are handed on, too: whoever is let go may feed at once, and comes after.
          else if (awaiting || draining) waiting.push({ handle: onValue, came: value });
          else settle({ handle: onValue, came: value });
        },
        error: (reason: unknown) => {
          if (onError === undefined) return destination.error(reason);
          ended = true;
          waiting.push({ handle: onError, came: reason });
          drain();
        },
        complete: () => {
          ended = true;
          drain();
        },
      });
      destination.add(outer);
      // After the source has been left: who is let go and feeds at once must not be held again.
      destination.add(() => waiting.dismiss());
      subscribingFor(bothSinks(sink, waiting), () => source.subscribe(outer));
    });
}
