/**
 * Quote of the day (RFC 865): one short message, and goodbye.
 */
import { defer, of } from 'rxjs';
import { bytes, type Bytes } from '../../src/bytes.ts';
import { LimitExceeded } from '../../src/errors.ts';
import type { Protocol } from '../../src/Protocol.ts';

/** "It should be limited to ... less than 512 characters." */
const limit = 511;

/** Sends what `quote` gives at that moment, as UTF-8. A longer quote than 511 bytes is a {@link LimitExceeded}, and nothing is sent. */
export function qotd(quote: () => string): Protocol<Bytes> {
  return () =>
    defer(() => {
      const message = bytes(`${quote()}\r\n`);
      if (message.length > limit)
        throw new LimitExceeded(`a quote of ${message.length} bytes, the limit is ${limit} bytes`, limit);
      return of(message);
    });
}
