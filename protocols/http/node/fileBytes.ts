/**
 * The bytes of a file that was looked at before.
 * Knows: that it must be the same one still. Does not know: how a stream is held (src/node/streams/).
 */
import { constants, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Observable } from 'rxjs';
import type { Bytes } from '../../../src/bytes.ts';
import { currentSink, subscribingFor } from '../../../src/flow.ts';
import { FileError, fileFailure } from '../../../src/node/streams/errors.ts';
import { reading } from '../../../src/node/streams/fromReadable.ts';
import type { ByteRange } from '../handling/ranges.ts';

/** Part of the file at `path`, opened when somebody subscribes. Errors if it is not as `info` says any more, or ends early. */
export function fileBytes(path: string, info: BigIntStats, { first, last }: ByteRange): Observable<Bytes> {
  return new Observable((subscriber) => {
    if (last < first) {
      subscriber.complete();
      return;
    }
    const failure = fileFailure(`reading ${path}`);
    /** On whose behalf this is subscribed: what is opened later feeds it. */
    const sink = currentSink();
    let left = last - first + 1;
    const send = (file: FileHandle): void => {
      const bytes$ = reading<Bytes>(file.createReadStream({ start: first, end: last, highWaterMark: 65536 }), failure);
      subscriber.add(
        subscribingFor(sink, () =>
          bytes$.subscribe({
            next(chunk) {
              left -= chunk.length;
              subscriber.next(chunk);
            },
            error: (error: unknown) => subscriber.error(error),
            complete() {
              if (left === 0) subscriber.complete();
              else subscriber.error(new FileError(`reading ${path}: expected ${left} bytes more, it was cut short`));
            },
          }),
        ),
      );
    };
    const begin = async (): Promise<void> => {
      // Neither a link nor a pipe that has taken its place since.
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      let sending = false;
      try {
        const now = await file.stat({ bigint: true });
        if (now.ino !== info.ino || now.size !== info.size || now.mtimeNs !== info.mtimeNs) {
          throw new FileError(`reading ${path}: it has changed since it was asked for`);
        }
        sending = !subscriber.closed;
        if (sending) send(file);
      } finally {
        // What is sent is closed at its end.
        if (!sending) await file.close();
      }
    };
    begin().catch((error: Error) => subscriber.error(error instanceof FileError ? error : failure(error)));
  });
}
