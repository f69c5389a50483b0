/**
 * A stream of values into a Writable.
 * Knows: when the stream is full, whom to hold, how an end is passed on. Does not know: what it carries, where it goes.
 */
import type { Writable } from 'node:stream';
import { Observable, type OperatorFunction } from 'rxjs';
import type { Bytes } from '../../bytes.ts';
import { subscribingFor } from '../../flow.ts';
import { streamFailure, type Failure } from './errors.ts';
import { StreamSink } from './StreamSink.ts';
import { asError } from './toReadable.ts';

export interface ToWritableOptions {
  /** Whether the stream ends with the source (yes). `false` leaves it open for others: `process.stdout`. */
  readonly end?: boolean;
}

/**
 * Writes what the source emits into `writable`, and emits nothing. Completes when everything is written.
 *
 * In plain words: `sendTo` for a stream of Node. While the stream is full, the sources of this pipeline are held. The source's end
 * ends the stream, and it completes at 'finish'; its error destroys the stream; so does unsubscribing before the end.
 * With `{ end: false }` the stream is left alone, and it completes when all that was written is out.
 *
 * Limits: what cannot be held (a timer) is warned about at 1 MiB; at 64 MiB (or 1,048,576 values) it fails with
 * {@link LimitExceeded}. Errors: the source's; {@link StreamError} with the stream's own error as its `cause`;
 * {@link StreamClosed} when it is closed before its end.
 *
 * ```ts
 * of('one\n', 'two\n').pipe(toWritable(process.stdout, { end: false })).subscribe();
 * ```
 *
 * Neighbours: {@link toFile}; `sendTo` for connections.
 */
export function toWritable<T = Bytes | string>(
  writable: Writable,
  options: ToWritableOptions = {},
): OperatorFunction<T, never> {
  return writing(writable, options, streamFailure(`writing to a ${writable.constructor.name}`));
}

/** The same, with errors of the caller's own; `written` is called whenever all that came so far was taken. */
export function writing<T>(
  writable: Writable,
  { end = true }: ToWritableOptions,
  failure: Failure,
  written?: () => void,
): OperatorFunction<T, never> {
  return (source) =>
    new Observable((subscriber) => {
      const sink = new StreamSink(
        `a ${writable.constructor.name}`,
        () => writable.writableLength,
        writable.writableObjectMode,
      );
      /** Writes that were not called back yet. */
      let pending = 0;
      let completed = false;
      const fail = (error: unknown): void => {
        if (end) writable.destroy(asError(error));
        subscriber.error(error);
      };
      const isOut = (): void => {
        if (completed && !end && pending === 0) subscriber.complete();
      };
      const onWritten = (error?: Error | null): void => {
        pending--;
        if (error) return;
        isOut();
        if (pending === 0 && !completed) written?.();
      };
      const onDrain = (): void => sink.releaseAll();
      const onFinish = (): void => subscriber.complete();
      const onError = (error: Error): void => subscriber.error(failure(error));
      const onClose = (): void => subscriber.error(failure(writable.errored));
      if (!writable.writable) return onClose();
      writable.on('drain', onDrain).on('error', onError).on('finish', onFinish).on('close', onClose);
      subscriber.add(() => {
        writable.off('drain', onDrain).off('error', onError).off('finish', onFinish).off('close', onClose);
        sink.dismiss();
        if (!end || writable.writableFinished) return;
        // It may still say that it was interrupted: we know, it was us.
        writable.on('error', () => {}).destroy();
      });
      const writer = {
        next(value: T): void {
          pending++;
          try {
            if (writable.write(value, onWritten)) return;
          } catch (error) {
            // Node throws for what the stream cannot carry.
            fail(failure(asError(error)));
            return;
          }
          const tooMuch = sink.crowded('its stream is full');
          if (tooMuch !== undefined) fail(tooMuch);
        },
        error: fail,
        complete(): void {
          completed = true;
          sink.dismiss();
          if (end) writable.end();
          else isOut();
        },
      };
      subscribingFor(sink, () => subscriber.add(source.subscribe(writer)));
    });
}
