/**
 * A Transform of Node as an operator.
 * Knows: that what goes in and what comes out are one pipeline, whose pressure and whose end pass through; when to let out what was
 * made. Does not know: what the stream does.
 */
import type { Duplex } from 'node:stream';
import { Observable, type OperatorFunction } from 'rxjs';
import type { Bytes } from '../../bytes.ts';
import { streamFailure, type Failure } from './errors.ts';
import { reading } from './fromReadable.ts';
import { writing } from './toWritable.ts';

export interface ThroughStreamOptions {
  /**
   * Whether what was made leaves as soon as nothing waits to be made (no): many small chunks at once are made into one, a lone one is
   * not kept back. For streams with a `flush()`: those of zlib.
   */
  readonly flush?: boolean;
  /** What the stream's failures are told as ({@link StreamError}, {@link StreamClosed}). */
  readonly failure?: Failure;
}

/**
 * Sends the source through a stream that `make` makes for each subscription, and emits what comes out of it.
 *
 * In plain words: `zlib`, `crypto` and whatever else transforms bytes in Node, in the middle of a pipeline. Whoever is full down
 * there holds the stream, and the stream holds the source; an end goes through, an error of the source destroys the stream, and
 * unsubscribing destroys it, too.
 *
 * Errors: the source's; {@link StreamError} with the stream's own error as its `cause`, {@link StreamClosed} when it is closed
 * before its end. Throws `TypeError` with `flush` for a stream that cannot.
 *
 * ```ts
 * import { createGzip, createGunzip } from 'node:zlib';
 *
 * of(bytes('hello')).pipe(
 *   throughStream(() => createGzip()),
 *   throughStream(() => createGunzip()),
 * ).subscribe((chunk) => console.log(utf8(chunk)));   // => hello
 * ```
 *
 * Neighbours: {@link fromReadable}, {@link toWritable}, of which it is made.
 */
export function throughStream<In = Bytes, Out = Bytes>(
  make: () => Duplex,
  { flush = false, failure }: ThroughStreamOptions = {},
): OperatorFunction<In, Out> {
  return (source) =>
    new Observable((subscriber) => {
      const stream = make();
      const name = stream.constructor.name;
      if (flush && !canFlush(stream)) throw new TypeError(`expected a stream with flush(), got a ${name}`);
      const failed = failure ?? streamFailure(`going through a ${name}`);
      const written = flush ? (): void => (stream as Flushing).flush() : undefined;
      const error = (problem: unknown): void => subscriber.error(problem);
      subscriber.add(reading<Out>(stream, failed).subscribe(subscriber));
      subscriber.add(source.pipe(writing(stream, {}, failed, written)).subscribe({ error }));
    });
}

type Flushing = Duplex & { flush(): void };

function canFlush(stream: Duplex): stream is Flushing {
  return 'flush' in stream && typeof stream.flush === 'function';
}
