/**
 * What every framing has in common: chunks in, whole messages out, one state for each subscription.
 * Knows: when it begins and ends, that a thrown error is the stream's error, what to do when a message brings more bytes.
 * Does not know: what a message looks like.
 */
import { Observable, Subscription, type OperatorFunction, type Subscriber } from 'rxjs';
import { currentGroup, feed, type HoldGroup } from '../../src/flow.ts';
import { PlaintextInjected } from '../../src/tlsErrors.ts';

/** Where a decoder hands messages to. */
export type Out<Message> = Pick<Subscriber<Message>, 'next' | 'closed'>;

/** Takes chunks as they come and hands messages to the subscriber it was made for. What it throws ends the stream. */
export interface Decoder<Wire> {
  /** Hands on every message that is whole now, and stops as soon as the subscriber is closed. */
  receive(chunk: Wire): void;
  /** No more will come. Throws when that is in the middle of a message. */
  end(): void;
}

/** An operator that makes a decoder for each subscription, and lets it go at the end of it. */
export function decoding<Wire, Message>(start: (out: Out<Message>) => Decoder<Wire>): OperatorFunction<Wire, Message> {
  return (source) =>
    new Observable<Message>((out) => {
      const gate = new Gate(out);
      let decoder: Decoder<Wire> | undefined = start(gate);
      let receiving = false;
      // Chunks that came while an earlier one was being handed on, each with the group that fed it: first things first.
      let late: { readonly chunk: Wire; readonly group: HoldGroup | undefined }[] = [];
      let ended = false;

      const receive = {
        next(chunk: Wire): void {
          // Nothing of what came before TLS began may be part of what comes under it.
          if (gate.isNewTo(currentGroup())) begin();
          decoder?.receive(chunk);
          if (gate.isPast) begin();
        },
      };
      const begin = (): void => {
        endBefore(decoder);
        if (decoder !== undefined) decoder = start(gate);
        gate.begin();
      };
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
              receive.next(chunk);
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

/** Lets messages pass as long as the peer's bytes are of the era that they were received in: see `HoldGroup.era`. */
class Gate<Message> implements Out<Message> {
  private readonly out: Subscriber<Message>;
  private group: HoldGroup | undefined;
  private era = 0;

  constructor(out: Subscriber<Message>) {
    this.out = out;
  }

  get closed(): boolean {
    return this.out.closed;
  }

  get isPast(): boolean {
    return this.group !== undefined && this.group.era !== this.era;
  }

  next(message: Message): void {
    if (this.isPast) throw injected();
    this.out.next(message);
  }

  /** Takes note of who feeds; whether TLS has begun there since the last time. */
  isNewTo(group: HoldGroup | undefined): boolean {
    if (group === this.group) return this.isPast;
    this.group = group;
    this.begin();
    return false;
  }

  begin(): void {
    this.era = this.group?.era ?? 0;
  }
}

/** TLS has begun: what a decoder still holds back came in the clear, after what TLS was agreed on with. */
function endBefore<Wire>(decoder: Decoder<Wire> | undefined): void {
  try {
    decoder?.end();
  } catch (cause: unknown) {
    throw injected(cause);
  }
}

function injected(cause?: unknown): PlaintextInjected {
  return new PlaintextInjected('beginning TLS: more had come in the clear than was agreed on', { cause });
}
