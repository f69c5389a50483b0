/**
 * A Readable as an Observable that can be held.
 * Knows: flowing and paused, how a stream ends. Does not know: what it carries, where it comes from.
 */
import type { Readable } from 'node:stream';
import { Observable } from 'rxjs';
import type { Bytes } from '../../bytes.ts';
import { feed, HoldGroup, joinSink } from '../../flow.ts';
import { streamFailure, type Failure } from './errors.ts';

/**
 * Emits what `readable` gives, and pauses it while whoever takes it is full. Completes at its end.
 *
 * In plain words: any stream of Node as a source of a pipeline: a file, what `zlib` unpacks, the body of a response. The stream
 * flows while somebody is subscribed and nobody holds; it is destroyed when the last subscriber leaves before the end.
 * In object mode, or with an encoding, say what it gives: `fromReadable<string>(stream)`.
 *
 * Limits: a stream gives everything once: who subscribes later hears what is left.
 * Errors: {@link StreamError} with the stream's own error as its `cause`; {@link StreamClosed} when it is closed before its end.
 *
 * ```ts
 * import { Readable } from 'node:stream';
 *
 * fromReadable<string>(Readable.from(['one', 'two'])).subscribe(console.log);   // => one, two
 * ```
 *
 * Neighbours: {@link fromFile}; {@link toReadable} is the way back; {@link fromDuplex} for streams that are written, too.
 */
export function fromReadable<T = Bytes>(readable: Readable): Observable<T> {
  return reading(readable, streamFailure(`reading a ${readable.constructor.name}`));
}

/** The same, with errors of the caller's own. */
export function reading<T>(readable: Readable, failure: Failure): Observable<T> {
  // One group for all subscribers: a stream is paused for all of them, or for none.
  const group = new HoldGroup({
    pause: () => void readable.pause(),
    resume: () => void readable.resume(),
    now: () => Date.now(),
    toString: () => `a ${readable.constructor.name}`,
  });
  let subscribers = 0;
  return new Observable((subscriber) => {
    let ended = false;
    const onData = (chunk: T): void => feed(group, subscriber, chunk);
    const onEnd = (): void => {
      ended = true;
      subscriber.complete();
    };
    const onError = (error: Error): void => subscriber.error(failure(error));
    const onClose = (): void => subscriber.error(failure(readable.errored));
    if (readable.readableEnded) return onEnd();
    if (readable.destroyed) return onClose();
    const sink = joinSink(group);
    subscribers++;
    readable.on('end', onEnd).on('error', onError).on('close', onClose).on('data', onData);
    return () => {
      readable.off('end', onEnd).off('error', onError).off('close', onClose).off('data', onData);
      sink?.leave(group);
      if (--subscribers > 0 || ended) return;
      // It may still say that it was interrupted: we know, it was us.
      readable.on('error', () => {}).destroy();
    };
  });
}
