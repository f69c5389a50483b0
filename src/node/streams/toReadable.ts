/**
 * An Observable as a Readable.
 * Knows: when the stream wants more, whom to hold while it does not. Does not know: what it carries.
 */
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { Subscription, type Observable } from 'rxjs';
import { subscribingFor } from '../../flow.ts';
import { StreamError } from './errors.ts';
import { StreamSink } from './StreamSink.ts';

export interface ToReadableOptions {
  /** Whether the values are handed on one by one, whatever they are; otherwise they must be bytes, or text (no). */
  readonly objectMode?: boolean;
  /** From how many bytes (64 KiB), or values (16) in object mode, the sources are held. */
  readonly highWaterMark?: number;
}

/**
 * The Readable of what `observable` emits. While more than its mark waits in the stream, the sources are held.
 *
 * In plain words: an Observable for whatever reads a stream: `pipe`, `pipeline`, `for await`, the body of a request.
 * It subscribes when the stream is first read, and unsubscribes when the stream is destroyed.
 *
 * Limits: what cannot be held (a timer) is warned about at 1 MiB; at 64 MiB (or 1,048,576 values) the stream is destroyed with
 * {@link LimitExceeded}. Errors of the Observable destroy the stream.
 *
 * ```ts
 * const stream = toReadable(from(['one', 'two']), { objectMode: true });
 * for await (const word of stream) console.log(word);   // => one, two
 * ```
 *
 * Neighbours: {@link fromReadable} is the way back; {@link toDuplex} for connections.
 */
export function toReadable<T>(observable: Observable<T>, options: ToReadableOptions = {}): Readable {
  const { objectMode = false, highWaterMark = objectMode ? 16 : 65536 } = options;
  const reading = new Subscription();
  let begun = false;
  const stream = new Readable({
    objectMode,
    highWaterMark,
    read() {
      sink.releaseAll();
      if (begun) return;
      begun = true;
      subscribingFor(sink, () => reading.add(observable.subscribe(reader)));
    },
    destroy(error, done) {
      reading.unsubscribe();
      sink.dismiss();
      done(error);
    },
  });
  const sink = new StreamSink('a stream that is read', () => stream.readableLength, objectMode);
  const reader = {
    next(value: T): void {
      if (value === null) {
        // To a stream it would be the end.
        stream.destroy(new StreamError('a stream cannot carry null'));
        return;
      }
      if (stream.push(value)) return;
      const tooMuch = sink.crowded('its stream is not read');
      if (tooMuch !== undefined) stream.destroy(tooMuch);
    },
    error: (error: unknown): void => void stream.destroy(asError(error)),
    complete: (): void => void stream.push(null),
  };
  return stream;
}

/** A stream takes an Error; what an Observable fails with may be anything. */
export function asError(reason: unknown): Error {
  // Also one of another realm: a sandbox, a test runner.
  return reason instanceof Error || types.isNativeError(reason)
    ? reason
    : new StreamError(String(reason), { cause: reason });
}
