/**
 * The door `ropewalk/http/node`: what of HTTP needs Node. Names only.
 */
export { contentType } from './node/contentTypes.ts';
export { files, type FilesOptions } from './node/files.ts';
