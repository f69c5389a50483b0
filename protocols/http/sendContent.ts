/**
 * A streamed content on its way to a connection.
 * Knows: its source is held while the connection is full, how it is framed, that a content that breaks off is not ended.
 * Does not know: whose content it is.
 */
import type { Subscription } from 'rxjs';
import type { Bytes } from '../../src/bytes.ts';
import { subscribingFor, type Sink } from '../../src/flow.ts';
import { ContentMachine } from './ContentMachine.ts';
import type { Message } from './Message.ts';
import type { Framing } from './messages.ts';

export interface ContentEvents {
  /** All of it is written. */
  done(): void;
  /** It broke off, or is not as long as its head has said: nobody may take it for whole. */
  failed(error: unknown): void;
}

/** Writes the content of `message` to `out`, on behalf of `sink`. */
export function sendContent(
  message: Message,
  framing: Framing,
  out: { next(chunk: Bytes): void },
  sink: Sink | undefined,
  { done, failed }: ContentEvents,
): Subscription {
  const machine = new ContentMachine(framing);
  const attempt = (work: () => readonly Bytes[]): boolean => {
    try {
      for (const part of work()) out.next(part);
      return true;
    } catch (error) {
      sending?.unsubscribe();
      over = true;
      failed(error);
      return false;
    }
  };
  // It may all come while it is being subscribed.
  let over = false;
  let sending: Subscription | undefined;
  const subscribed = subscribingFor(sink, () =>
    message.body.subscribe({
      next(chunk) {
        if (!over) attempt(() => machine.data(chunk));
      },
      error(error: unknown) {
        if (!over) failed(error);
      },
      complete() {
        if (!over && attempt(() => machine.end(message.trailers))) done();
      },
    }),
  );
  if (over) subscribed.unsubscribe();
  else sending = subscribed;
  return subscribed;
}
