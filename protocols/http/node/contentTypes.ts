/**
 * Media types by file name.
 * Source: the registry of IANA, and what browsers expect (RFC 9239 for JavaScript). What is not here is `application/octet-stream`.
 */

const table: Readonly<Record<string, string>> = {
  'text/html; charset=utf-8': 'html htm',
  'text/css; charset=utf-8': 'css',
  'text/javascript; charset=utf-8': 'js mjs cjs',
  'text/plain; charset=utf-8': 'txt log ini conf',
  'text/markdown; charset=utf-8': 'md markdown',
  'text/csv; charset=utf-8': 'csv',
  'text/calendar; charset=utf-8': 'ics',
  'text/vcard; charset=utf-8': 'vcf',
  'text/vtt; charset=utf-8': 'vtt',
  'application/json': 'json map',
  'application/ld+json': 'jsonld',
  'application/manifest+json': 'webmanifest',
  'application/xml': 'xml xsl',
  'application/rss+xml': 'rss',
  'application/atom+xml': 'atom',
  'application/xhtml+xml': 'xhtml',
  'application/pdf': 'pdf',
  'application/rtf': 'rtf',
  'application/epub+zip': 'epub',
  'application/wasm': 'wasm',
  'application/zip': 'zip',
  'application/gzip': 'gz tgz',
  'application/x-tar': 'tar',
  'application/x-bzip2': 'bz2',
  'application/x-xz': 'xz',
  'application/zstd': 'zst',
  'application/x-7z-compressed': '7z',
  'application/sql': 'sql',
  'application/yaml': 'yaml yml',
  'application/toml': 'toml',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.oasis.opendocument.text': 'odt',
  'application/vnd.oasis.opendocument.spreadsheet': 'ods',
  'image/svg+xml': 'svg',
  'image/png': 'png',
  'image/jpeg': 'jpg jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/tiff': 'tif tiff',
  'image/vnd.microsoft.icon': 'ico',
  'font/woff': 'woff',
  'font/woff2': 'woff2',
  'font/ttf': 'ttf',
  'font/otf': 'otf',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg oga opus',
  'audio/wav': 'wav',
  'audio/flac': 'flac',
  'audio/mp4': 'm4a',
  'audio/aac': 'aac',
  'video/mp4': 'mp4 m4v',
  'video/webm': 'webm',
  'video/ogg': 'ogv',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/mp2t': 'ts',
};

const byEnding = new Map(
  Object.entries(table).flatMap(([type, endings]) => endings.split(' ').map((ending) => [ending, type] as const)),
);

/** The media type of a file with this name; `more` has the endings of a program's own, in small letters. */
export function contentType(name: string, more: Readonly<Record<string, string>> = {}): string {
  const ending = /\.([^.]+)$/.exec(name)?.[1].toLowerCase() ?? '';
  return (Object.hasOwn(more, ending) ? more[ending] : byEnding.get(ending)) ?? 'application/octet-stream';
}
