/**
 * Forms that come as one line (application/x-www-form-urlencoded, WHATWG URL section 5).
 * Knows: the media type, the limit. Does not know: forms with files (multipart.ts).
 */
import type { Deferred } from '../../../src/Deferred.ts';
import { HttpError } from '../HttpError.ts';
import type { ReadOptions } from '../Message.ts';
import type { Request } from '../Request.ts';
import { parseParameterized } from './parameters.ts';

/**
 * The fields of a form, read whole.
 *
 * ```ts
 * const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
 * const request = new Request({ method: 'POST', headers, body: 'name=J%C3%B6rg+M&age=7' });
 * form(request).addCallback((fields) => console.log(fields.get('name')));   // => Jörg M
 * ```
 * Errors: {@link HttpError} with status 415 for another media type, 413 for more than `max` bytes (1 MiB).
 * Neighbours: {@link multipart} for files.
 */
export function form(request: Request, options?: ReadOptions): Deferred<URLSearchParams> {
  const { value } = parseParameterized(request.headers.get('content-type') ?? '');
  const expected = 'application/x-www-form-urlencoded';
  if (value !== expected) throw new HttpError(415, `expected ${expected}`);
  return request.text(options).addCallback((text) => new URLSearchParams(text));
}
