/**
 * What a pool needs of a platform: threads, and the end of a turn of its event loop.
 * Knows: shapes. Does not know: any platform.
 */
import type { Flushable } from '../Transport.ts';
import type { Answer, FromThread, ToThread } from './messages.ts';

/** What a thread tells its pool. */
export interface ThreadEvents {
  message(message: FromThread): void;
  /** It is gone; `reason` is what it died of, if it was not told to go. Nothing comes after this. */
  gone(reason: unknown): void;
}

/** A thread, seen from the main thread. It runs `inside`. */
export interface Thread {
  /** The memory shared with it, if the platform has such a thing. */
  readonly memory: Int32Array | undefined;
  /** Whether it can stop in the middle of its work, until it hears the bell. */
  readonly standsStill: boolean;
  /** Throws what the platform throws for values that cannot be cloned. */
  post(message: ToThread, move: readonly object[]): void;
  answer(answer: Answer): void;
  /** Ends it, whatever it does. It says `gone` when it is. */
  terminate(): void;
  /** Whether it keeps the program alive. It does from its start on. */
  keepAlive(on: boolean): void;
}

export interface ThreadPlatform {
  start(events: ThreadEvents): Thread;
  /** Calls `flushable.flush()` once, at the end of this turn. */
  atTurnEnd(flushable: Flushable): void;
}
