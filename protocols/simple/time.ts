/**
 * Time (RFC 868): the date and time for machines to read, in four bytes.
 */
import { asyncScheduler, defer, map, of, pipe, take, type OperatorFunction, type TimestampProvider } from 'rxjs';
import { fixedLength } from '../../operators/fixedLength.ts';
import { bytes, type Bytes } from '../../src/bytes.ts';
import type { Protocol } from '../../src/Protocol.ts';

/** "The number of seconds since 00:00 (midnight) 1 January 1900 GMT": at 1 January 1970 that was 2,208,988,800. */
const epoch = 2_208_988_800;
/** Four bytes are full on 7 February 2036, and begin at 0 again. */
const era = 2 ** 32;

/** "Send the time as a 32 bit binary number", most significant byte first, and close. */
export function time(clock: TimestampProvider = asyncScheduler): Protocol<Bytes> {
  return () =>
    defer(() => {
      const seconds = Math.floor(clock.now() / 1000) + epoch;
      return of(bytes([24, 16, 8, 0].map((shift) => (seconds >>> shift) & 255)));
    });
}

/** The client's side: the four bytes that arrive as a `Date`, the one nearest to now. */
export function readTime(clock: TimestampProvider = asyncScheduler): OperatorFunction<Bytes, Date> {
  return pipe(
    fixedLength(4).decode,
    take(1),
    map((four) => {
      const seconds = four.reduce((sum, byte) => sum * 256 + byte, 0) - epoch;
      const eras = Math.round((clock.now() / 1000 - seconds) / era);
      return new Date((seconds + eras * era) * 1000);
    }),
  );
}
