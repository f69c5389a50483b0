/**
 * A file as an Observable that can be held.
 * Knows: which part of which file. Does not know: how streams are held (fromReadable.ts).
 */
import { createReadStream } from 'node:fs';
import { defer, type Observable } from 'rxjs';
import type { Bytes } from '../../bytes.ts';
import { fileFailure } from './errors.ts';
import { reading } from './fromReadable.ts';

export interface FromFileOptions {
  /** The first byte to read (0). */
  readonly start?: number;
  /** The last byte to read, itself included (the file's last). */
  readonly end?: number;
  /** How many bytes are read at once (64 KiB). */
  readonly chunk?: number;
}

/**
 * Emits a file's bytes, and reads no further while whoever takes them is full.
 *
 * In plain words: each subscription opens the file, reads it, and closes it, at the end or when it is unsubscribed.
 *
 * Errors: {@link FileNotFound}, {@link FilePermissionDenied}, else {@link FileError}, each with Node's `code`.
 *
 * ```ts
 * listen('tcp:8007').pipe(serve(() => fromFile('/etc/motd'))).subscribe();
 * ```
 *
 * Neighbours: {@link toFile}, {@link fromReadable}.
 */
export function fromFile(path: string, options: FromFileOptions = {}): Observable<Bytes> {
  const { start, end, chunk = 65536 } = options;
  return defer(() =>
    reading<Bytes>(createReadStream(path, { start, end, highWaterMark: chunk }), fileFailure(`reading ${path}`)),
  );
}
