/**
 * What goes wrong with Node's streams and files, by family.
 * Knows: names, what a message must tell. Does not know: connections; over a stream they have errors of their own (ConnectionLost).
 */
import { brand } from '../../brand.ts';
import { RopewalkError, type ErrorDetails } from '../../errors.ts';

/** A Node stream failed; `cause` is what it said, with its `code`. */
export class StreamError extends RopewalkError {}
/** A Node stream was closed before its end. */
export class StreamClosed extends StreamError {}

/** Reading or writing a file failed. Family: {@link FileNotFound}, {@link FilePermissionDenied}. */
export class FileError extends RopewalkError {}
/** There is no such file, or no such folder. */
export class FileNotFound extends FileError {}
/** The system forbids it. */
export class FilePermissionDenied extends FileError {}

const families = { StreamError, StreamClosed, FileError, FileNotFound, FilePermissionDenied };
for (const [name, type] of Object.entries(families)) {
  brand(type, name);
  // On the prototype, and written out, so that a minifier cannot change it.
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}

/** What a stream has said, or `undefined` if it was closed without a word, as an error of ours. */
export type Failure = (cause: Error | null | undefined) => Error;

/** `doing` is what was being done: `reading a Gunzip`. */
export function streamFailure(doing: string): Failure {
  return (cause) =>
    cause
      ? new StreamError(`${doing}: ${cause.message}`, detailsOf(cause))
      : new StreamClosed(`${doing}: it was closed before its end`);
}

/** `doing` is what was being done: `reading /etc/hosts`. */
export function fileFailure(doing: string): Failure {
  return (cause) => {
    if (!cause) return new FileError(`${doing}: it was closed before its end`);
    const details = detailsOf(cause);
    const [type, words] = whatItMeans[details.code ?? ''] ?? [FileError, cause.message];
    return new type(`${doing}: ${words}${details.code === undefined ? '' : ` (${details.code})`}`, details);
  };
}

const whatItMeans: Record<string, [new (message: string, details: ErrorDetails) => FileError, string]> = {
  ENOENT: [FileNotFound, 'there is no such file'],
  ENOTDIR: [FileNotFound, 'part of the path is not a folder'],
  EACCES: [FilePermissionDenied, 'the system forbids it'],
  EPERM: [FilePermissionDenied, 'the system forbids it'],
  EROFS: [FilePermissionDenied, 'nothing may be written there'],
  EISDIR: [FileError, 'that is a folder'],
  EEXIST: [FileError, 'it is there already'],
  ENOSPC: [FileError, 'there is no room'],
};

function detailsOf(cause: Error): ErrorDetails {
  return 'code' in cause && typeof cause.code === 'string' ? { cause, code: cause.code } : { cause };
}
