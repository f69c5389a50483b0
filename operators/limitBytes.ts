/**
 * A budget of bytes.
 * Knows: how many came. Does not know: what they mean.
 */
import { Observable, type MonoTypeOperatorFunction } from 'rxjs';
import type { Bytes } from '../src/bytes.ts';
import { LimitExceeded } from '../src/errors.ts';

/**
 * Passes on at most `max` bytes in all; the chunk that goes beyond is not passed on, and the result errors with {@link LimitExceeded}.
 *
 * ```marbles
 * -a-b-c-|
 * limitBytes(5)
 * -a-b-#
 *
 * a = bytes('ab')
 * b = bytes('cde')
 * c = bytes('f')
 * ```
 * ```ts
 * connection.pipe(limitBytes(1 << 20));
 * ```
 */
export function limitBytes(max: number): MonoTypeOperatorFunction<Bytes> {
  return (source) =>
    new Observable((subscriber) => {
      let received = 0;
      return source.subscribe({
        next(chunk) {
          received += chunk.length;
          if (received <= max) subscriber.next(chunk);
          else subscriber.error(new LimitExceeded(`${received} bytes arrived, the limit is ${max} bytes`, max));
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}
