/**
 * Parts of a content (RFC 9110 section 14).
 * Knows: ranges of bytes, one part and several. Does not know: where the bytes are.
 */
import { concat as inOrder, of, type Observable } from 'rxjs';
import { bytes, type Bytes } from '../../../src/bytes.ts';
import { HttpError } from '../HttpError.ts';
import type { Request } from '../Request.ts';
import type { Response } from '../Response.ts';
import { rangeHolds, validatorsOf } from './conditions.ts';

/** From the first to the last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Content of which parts can be had. */
export interface Sliceable {
  readonly size: number;
  slice(range: ByteRange): Observable<Bytes> | Bytes;
  /** What stands between several parts, and occurs in none of them. */
  boundary(): string;
}

/** More parts than this, or overlapping ones, are not asked for in earnest (section 17.15): all is sent then. */
const mostRanges = 16;

/**
 * The ranges that a Range field asks for, of a content of so many bytes; `undefined` if it is to be ignored: it cannot be read, its
 * unit is another, or it is an attack. None at all: it cannot be satisfied (416).
 */
export function parseRanges(field: string, size: number): readonly ByteRange[] | undefined {
  // ranges-specifier = range-unit "=" range-set
  const set = /^bytes\s*=(.*)$/i.exec(field)?.[1];
  if (set === undefined) return undefined;
  const ranges: ByteRange[] = [];
  const written = set
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  if (written.length === 0 || written.length > mostRanges) return undefined;
  for (const each of written) {
    // int-range = first-pos "-" [ last-pos ]; suffix-range = "-" suffix-length
    const [, from, to] = /^(\d*)-(\d*)$/.exec(each) ?? [];
    if (from === undefined || (from === '' && to === '')) return undefined;
    if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
    const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
    const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
    if (first <= last) ranges.push({ first, last });
  }
  const overlap = ranges.some((one, at) =>
    ranges.slice(at + 1).some((other) => one.first <= other.last && other.first <= one.last),
  );
  return overlap ? undefined : ranges;
}

/**
 * The response to a GET with a Range: 206 with the part, or with several in `multipart/byteranges` (section 14.6); else the
 * response itself. `response` is what would be sent without the Range, its Content-Length and validators included. What cannot be satisfied is an
 * {@link HttpError} with status 416.
 */
export function ranged(request: Request, response: Response, content: Sliceable): Response {
  const { size } = content;
  const able = response.with({ headers: response.headers.with('Accept-Ranges', 'bytes') });
  const field = request.headers.get('range');
  // Section 14.2: "A server MUST ignore a Range header field received with a request method that is unrecognized" or is not GET.
  if (request.method !== 'GET' || response.status !== 200 || field === undefined) return able;
  if (!rangeHolds(request, validatorsOf(response))) return able;
  const ranges = parseRanges(field, size);
  if (ranges === undefined) return able;
  const contentRange = ({ first, last }: ByteRange): string => `bytes ${first}-${last}/${size}`;
  if (ranges.length === 0) {
    throw new HttpError(416, `expected a part of ${size} bytes`, { headers: { 'Content-Range': `bytes */${size}` } });
  }
  if (ranges.length === 1) {
    const [range] = ranges;
    const headers = able.headers
      .with('Content-Range', contentRange(range))
      .with('Content-Length', range.last - range.first + 1);
    return able.with({ status: 206, headers, body: content.slice(range) });
  }
  const boundary = content.boundary();
  const type = response.headers.get('content-type');
  const parts = ranges.map((range) => {
    const named = type === undefined ? '' : `Content-Type: ${type}\r\n`;
    const head = bytes(`\r\n--${boundary}\r\n${named}Content-Range: ${contentRange(range)}\r\n\r\n`);
    return { head, range };
  });
  const end = bytes(`\r\n--${boundary}--\r\n`);
  const length = parts.reduce((sum, { head, range }) => sum + head.length + range.last - range.first + 1, end.length);
  const body = inOrder(
    ...parts.flatMap(({ head, range }) => {
      const slice = content.slice(range);
      return [of(head), slice instanceof Uint8Array ? of(slice) : slice];
    }),
    of(end),
  );
  const headers = able.headers
    .with('Content-Type', `multipart/byteranges; boundary=${boundary}`)
    .with('Content-Length', length);
  return able.with({ status: 206, headers, body });
}
