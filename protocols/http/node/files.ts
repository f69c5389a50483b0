/**
 * Files of a folder, as a handler.
 * Knows: which paths are safe, indexes, validators of files. Does not know: conditions and ranges (../handling/).
 */
import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Handler } from '../Handler.ts';
import { conditioned } from '../handling/conditions.ts';
import { formatDate } from '../handling/dates.ts';
import { ranged, type ByteRange } from '../handling/ranges.ts';
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import { Response } from '../Response.ts';
import { html } from '../responses.ts';
import { escaped } from '../routing/errorResponse.ts';
import { contentType } from './contentTypes.ts';
import { fileBytes } from './fileBytes.ts';

export interface FilesOptions {
  /** The file that stands for its folder (`index.html`); `false` for none. */
  readonly index?: string | false;
  /** Whether a folder without an index is shown as a list of what is in it (no: 404). */
  readonly listing?: boolean;
  /** Whether names that begin with a dot are served (no: 404). */
  readonly dotfiles?: boolean;
  /** Whether links may lead out of the folder (no: 404). Those that stay inside are always followed. */
  readonly symlinks?: boolean;
  /** Cache-Control of every file: `max-age=3600`. */
  readonly cacheControl?: string;
  /** Media types by ending, for those that are missing or are to be others: `{ foo: 'text/x-foo' }`. */
  readonly types?: Readonly<Record<string, string>>;
}

/**
 * A handler that serves the files of `folder`: what is left of the path behind `/*` is the file's.
 *
 * In plain words: `GET` and `HEAD`, with media types, `ETag` and `Last-Modified`, conditional requests, one range or several, an
 * index for folders. A file is read as it is sent: who takes it slowly holds the reading. The path of a folder ends in a
 * slash; without one 308 leads there.
 *
 * Nothing outside of the folder is served: not through `..` in any spelling, encoded slashes, NUL, or links, and nothing whose
 * name begins with a dot; all these are 404, as if they were not there. What is neither a file nor a folder (a pipe, a
 * device) is 404, too. A file that changes while it is being sent breaks the connection off: half of each is nothing anyone wants.
 * Source: RFC 9110 sections 8.8, 13 and 14.
 *
 * ```ts
 * const site = routes({ 'GET /': () => text('hello'), 'GET /files/*path': files('./public', { cacheControl: 'max-age=60' }) });
 * ```
 */
export function files(folder: string, options: FilesOptions = {}): Handler {
  const root = resolve(folder);
  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new HttpError(405, `${request.method} is not for files`, { headers: { Allow: 'GET, HEAD' } });
    }
    return find(root, namesIn(request.rest, options), request, options);
  };
}

/** The names that a path consists of; the last one is empty for a folder. */
function namesIn(path: string, { dotfiles = false }: FilesOptions): string[] {
  const names = path.slice(1).split('/').map(decoded);
  for (const [at, name] of names.entries()) {
    const empty = name === '' && at < names.length - 1;
    if (empty || /[/\0]/.test(name) || name === '.' || name === '..') throw new HttpError(404);
    if (!dotfiles && name.startsWith('.')) throw new HttpError(404);
    // There a backslash is a slash, a colon begins another file, and what ends in a dot or a blank is the same without it.
    if (sep === '\\' && /[\\:]|[. ]$/.test(name)) throw new HttpError(404);
  }
  return names;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new HttpError(400, 'expected percent signs that stand for UTF-8 in the path', { cause });
  }
}

async function find(
  root: string,
  names: readonly string[],
  request: Request,
  options: FilesOptions,
): Promise<Response> {
  const { index = 'index.html', listing = false, symlinks = false } = options;
  const inside = await existing(realpath(root));
  const path = await existing(realpath(join(inside, ...names)));
  if (!symlinks && path !== inside && !path.startsWith(inside.endsWith(sep) ? inside : inside + sep))
    throw new HttpError(404);
  const info = await existing(stat(path, { bigint: true }));
  const last = names[names.length - 1];
  if (info.isDirectory()) {
    if (last !== '') return slashed(request, last);
    const file = index === false ? undefined : [...names.slice(0, -1), index];
    if (file !== undefined && (await exists(join(inside, ...file)))) return find(root, file, request, options);
    if (!listing) throw new HttpError(404);
    return list(path, names.length === 1, options);
  }
  if (!info.isFile() || last === '') throw new HttpError(404);
  return serveFile(path, last, info, request, options);
}

function serveFile(path: string, name: string, info: BigIntStats, request: Request, options: FilesOptions): Response {
  const size = Number(info.size);
  const slice = (range: ByteRange) => fileBytes(path, info, range);
  const response = new Response({
    headers: {
      'Content-Type': contentType(name, options.types),
      'Content-Length': size,
      // Every change gets another time, to the nanosecond, or another file's number: so the tag is a strong one.
      ETag: `"${info.size.toString(36)}-${info.mtimeNs.toString(36)}-${info.ino.toString(36)}"`,
      'Last-Modified': formatDate(Number(info.mtimeMs)),
      'Cache-Control': options.cacheControl,
      'X-Content-Type-Options': 'nosniff',
    },
    body: fileBytes(path, info, { first: 0, last: size - 1 }),
  });
  const held = conditioned(request, response);
  if (held !== response) return held;
  return ranged(request, response, { size, slice, boundary: () => randomUUID() });
}

async function list(path: string, top: boolean, { dotfiles = false }: FilesOptions): Promise<Response> {
  const entries = await existing(readdir(path, { withFileTypes: true }));
  const names = entries
    .filter(({ name }) => dotfiles || !name.startsWith('.'))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .toSorted();
  const lines = (top ? names : ['../', ...names]).map((name) => {
    // `./`, because a colon in a name would make it a scheme.
    const href = `./${name.split('/').map(encodeURIComponent).join('/')}`;
    return `<li><a href="${escaped(href)}">${escaped(name)}</a></li>`;
  });
  return html(`<!doctype html>\n<meta charset="utf-8">\n<title>Files</title>\n<ul>\n${lines.join('\n')}\n</ul>\n`);
}

function slashed({ target }: Request, last: string): Response {
  const query = target.includes('?') ? target.slice(target.indexOf('?')) : '';
  return new Response({ status: 308, headers: { Location: `./${encodeURIComponent(last)}/${query}` } });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** What the system does not give is not there, whatever its reason: nobody learns the difference. A full system is an error of ours. */
async function existing<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (/^(ENOENT|ENOTDIR|ELOOP|ENAMETOOLONG|EACCES|EPERM|EINVAL)$/.test(code))
      throw new HttpError(404, undefined, { cause });
    throw cause;
  }
}
