/**
 * Node's streams and files, both ways. Names only.
 */
export { FileError, FileNotFound, FilePermissionDenied, StreamClosed, StreamError } from './errors.ts';
export { fromDuplex, type FromDuplexOptions } from './fromDuplex.ts';
export { fromFile, type FromFileOptions } from './fromFile.ts';
export { fromReadable } from './fromReadable.ts';
export { throughStream, type ThroughStreamOptions } from './throughStream.ts';
export { toDuplex } from './toDuplex.ts';
export { toFile, type ToFileOptions } from './toFile.ts';
export { toReadable, type ToReadableOptions } from './toReadable.ts';
export { toWritable, type ToWritableOptions } from './toWritable.ts';
