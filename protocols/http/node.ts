/**
 * The door `ropewalk/http/node`: what of HTTP needs Node. Names only.
 */
export { compress, type CompressOptions, type ContentCoding } from './node/compress.ts';
export { codings } from './node/codings.ts';
export { contentType } from './node/contentTypes.ts';
export { cookieSigner, type CookieSigner } from './node/cookieSigner.ts';
export { digestAuth, type DigestAlgorithm, type DigestAuthOptions } from './node/digestAuth.ts';
export { files, type FilesOptions } from './node/files.ts';
export { fromNodeListener } from './node/fromNodeListener.ts';
export { toNodeListener, type NodeListener, type NodeUpgradeListener } from './node/toNodeListener.ts';
export { http, type AnyHttpOptions } from './node/http.ts';
export { http2Client, type Http2ClientOptions } from './node/http2/clientVersion.ts';
export { http2, type Http2Options } from './node/http2/http2.ts';
export { httpClient } from './node/httpClient.ts';
export { proxyFromEnvironment } from './node/proxyFromEnvironment.ts';
