/**
 * How big a message may be, and what to say of one that is bigger.
 * Knows: that a limit is a count of bytes. Does not know: any framing.
 */
import { show, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded, ProtocolError } from '../../src/errors.ts';

/** `max` itself when it is a count of bytes, at most `top`; otherwise a `RangeError`. */
export function checkedMax(max: number, top = Infinity): number {
  if (!(max === Infinity || Number.isInteger(max)) || max < 0 || max > top) {
    throw new RangeError(`max is a number of bytes from 0 to ${top}, not ${max}`);
  }
  return max;
}

/** What to say when more came than may come. `came` is what there is of the message. */
export function tooLong(noun: string, came: Bytes, max: number): LimitExceeded {
  return new LimitExceeded(`receiving ${noun}: expected at most ${max} bytes, got ${show(came)}`, max);
}

/** What to say when a length was announced that may not come. */
export function announcedTooLong(noun: string, length: number | string, max: number): LimitExceeded {
  return new LimitExceeded(`receiving ${noun}: ${length} bytes were announced, and the limit is ${max} bytes`, max);
}

/** Throws when `message`, about to be sent, is longer than `max`. */
export function checkSent(noun: string, message: Bytes, max: number): void {
  if (message.length <= max) return;
  throw new LimitExceeded(`sending ${noun} of ${message.length} bytes: the limit is ${max} bytes`, max);
}

/** What to say when the stream ended in the middle of a message. */
export function endedInside(noun: string, expected: string, came: Bytes): ProtocolError {
  const what = came.length === 0 ? 'the end' : `${show(came)} and the end`;
  return new ProtocolError(`receiving ${noun}: expected ${expected}, got ${what}`, { side: 'remote' });
}
