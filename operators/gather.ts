/**
 * All of it, once it is all there.
 * Knows: joining, and how much is too much. Does not know: what the bytes mean.
 */
import { Observable, type MonoTypeOperatorFunction } from 'rxjs';
import { ByteQueue } from '../src/ByteQueue.ts';
import type { Bytes } from '../src/bytes.ts';
import { LimitExceeded } from '../src/errors.ts';

/**
 * Emits everything that arrived as one piece, when the source completes: for peers that answer by closing.
 * Errors with {@link LimitExceeded} as soon as more than `max` bytes (1 MiB unless said) have come.
 *
 * ```marbles
 * -a-b-|
 * gather()
 * -----(c|)
 *
 * a = bytes('one ')
 * b = bytes('two')
 * c = bytes('one two')
 * ```
 * ```ts
 * connection.pipe(gather({ max: 512 }), map((all) => utf8(all)));
 * ```
 */
export function gather({ max = 1 << 20 }: { readonly max?: number } = {}): MonoTypeOperatorFunction<Bytes> {
  return (source) =>
    new Observable((subscriber) => {
      const queue = new ByteQueue();
      return source.subscribe({
        next(chunk) {
          if (queue.length + chunk.length <= max) queue.push(chunk);
          else
            subscriber.error(
              new LimitExceeded(`more than ${max} bytes arrived where at most ${max} were expected`, max),
            );
        },
        error: (error: unknown) => subscriber.error(error),
        complete() {
          subscriber.next(queue.take(queue.length));
          subscriber.complete();
        },
      });
    });
}
