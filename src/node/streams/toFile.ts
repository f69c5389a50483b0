/**
 * A stream of bytes into a file.
 * Knows: how the file is opened. Does not know: how streams are filled (toWritable.ts).
 */
import { createWriteStream } from 'node:fs';
import { defer, type OperatorFunction } from 'rxjs';
import type { Bytes } from '../../bytes.ts';
import { fileFailure } from './errors.ts';
import { writing } from './toWritable.ts';

export interface ToFileOptions {
  /** How it is opened, as `fs.open` says it: `w` begins anew, `a` appends, `wx` fails if it is there (`w`). */
  readonly flags?: string;
  /** Who may read and write a file that is made (0o666, less the process's umask). */
  readonly mode?: number;
}

/**
 * Writes what the source emits into a file, and emits nothing. Completes when everything is written.
 *
 * In plain words: each subscription opens the file and closes it; while the disk is slower than the source, the source is held.
 * What was written stays when the source fails, or when it is unsubscribed.
 *
 * Errors: the source's; {@link FileNotFound} (no such folder), {@link FilePermissionDenied}, else {@link FileError}, each with Node's `code`.
 *
 * ```ts
 * connection.pipe(toFile('upload.bin')).subscribe({ complete: () => connection.complete() });
 * ```
 *
 * Neighbours: {@link fromFile}, {@link toWritable}.
 */
export function toFile(path: string, options: ToFileOptions = {}): OperatorFunction<Bytes | string, never> {
  const { flags = 'w', mode } = options;
  return (source) =>
    defer(() => source.pipe(writing(createWriteStream(path, { flags, mode }), {}, fileFailure(`writing ${path}`))));
}
