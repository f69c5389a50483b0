/**
 * What every framing has in common: chunks in, whole messages out, one state for each subscription.
 * Knows: when it begins and ends, that a thrown error is the stream's error, what to do when a message brings more bytes.
 * Does not know: what a message looks like.
 */
import { Observable, Subscription, type OperatorFunction, type Subscriber } from 'rxjs';
import { currentGroup, feed, type HoldGroup } from '../../src/flow.ts';

/** Takes chunks as they come and hands messages to the subscriber it was made for. What it throws ends the stream. */
export interface Decoder<Wire> {
  /** Hands on every message that is whole now, and stops as soon as the subscriber is closed. */
  receive(chunk: Wire): void;
  /** No more will come. Throws when that is in the middle of a message. */
  end(): void;
}

/** An operator that makes a decoder for each subscription, and lets it go at the end of it. */
export function decoding<Wire, Message>(
  start: (out: Subscriber<Message>) => Decoder<Wire>,
): OperatorFunction<Wire, Message> {
  return (source) =>
    new Observable<Message>((out) => {
      let decoder: Decoder<Wire> | undefined = start(out);
      let receiving = false;
      // Chunks that came while an earlier one was being handed on, each with the group that fed it: first things first.
      let late: { readonly chunk: Wire; readonly group: HoldGroup | undefined }[] = [];
      let ended = false;

      const receive = { next: (chunk: Wire): void => decoder?.receive(chunk) };
      const drain = (): void => {
        for (let next = late.shift(); next !== undefined; next = late.shift()) feed(next.group, receive, next.chunk);
      };

      // A Subscription that observes counts as a subscriber: it can be stopped before `subscribe` has returned, so that
      // leaving in the middle of a chunk also stops a source that emits as it is subscribed to.
      const reading = Object.assign(
        new Subscription(() => {
          decoder = undefined;
          late = [];
        }),
        {
          next(chunk: Wire): void {
            if (receiving) {
              late.push({ chunk, group: currentGroup() });
              return;
            }
            receiving = true;
            try {
              decoder?.receive(chunk);
              if (late.length > 0) drain();
            } catch (error: unknown) {
              out.error(error);
            }
            receiving = false;
            if (ended) reading.complete();
          },
          error: (error: unknown): void => out.error(error),
          complete(): void {
            ended = true;
            if (receiving) return;
            try {
              decoder?.end();
              out.complete();
            } catch (error: unknown) {
              out.error(error);
            }
          },
        },
      );
      out.add(reading);
      source.subscribe(reading);
    });
}
