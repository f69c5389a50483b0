/**
 * Bytes through a transform of zlib.
 * Knows: pressure both ways, when to let out what was packed. Does not know: which transform.
 */
import type { Transform } from 'node:stream';
import { Observable } from 'rxjs';
import type { Bytes } from '../../../src/bytes.ts';
import { bothSinks, currentSink, subscribingFor, type Holder } from '../../../src/flow.ts';
import { Feeders } from '../../../src/Feeders.ts';
import { fromReadable } from '../../../src/node/streams/fromReadable.ts';

/** zlib's transforms have it; it lets out what was written so far. */
type Flushing = Transform & { flush(done?: () => void): void };

/**
 * What a transform makes of `source`. It is made when somebody subscribes, and destroyed when he leaves.
 *
 * What was packed leaves once nothing waits to be packed: many small chunks at once are packed together, a lone one is not
 * kept back.
 */
export function packed(source: Observable<Bytes>, make: () => Transform): Observable<Bytes> {
  return new Observable((subscriber) => {
    const transform = make() as Flushing;
    const feeders = new Feeders();
    const holder: Holder = {
      get backlog() {
        return transform.writableLength;
      },
      toString: () => `a ${transform.constructor.name}`,
    };
    const sink = currentSink();
    let ended = false;
    transform.on('drain', () => feeders.releaseAll());
    // Left first: what the transform says of being destroyed is nobody's business any more.
    subscriber.add(fromReadable(transform).subscribe(subscriber));
    subscriber.add(() => feeders.dismiss());
    const written = (): void => {
      if (!ended && transform.writableLength === 0 && !transform.destroyed) transform.flush();
    };
    subscriber.add(
      subscribingFor(bothSinks(sink, feeders), () =>
        source.subscribe({
          next(chunk) {
            if (!transform.write(chunk, written)) feeders.hold(holder, 'it is packing');
          },
          error: (error: unknown) => subscriber.error(error),
          complete() {
            ended = true;
            feeders.dismiss();
            transform.end();
          },
        }),
      ),
    );
  });
}
