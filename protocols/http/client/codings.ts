/**
 * Content codings (RFC 9110 section 8.4.1): content that arrives packed, unpacked.
 * Knows: the order of several codings, which it may touch, how much may come of how little. Does not know: any algorithm; the
 * platform has those.
 */
import { Observable, tap, type OperatorFunction } from 'rxjs';
import type { Bytes } from '../../../src/bytes.ts';
import type { Response, ResponseInit } from '../Response.ts';
import { TooMuchUnpacked } from './errors.ts';

/** How content is unpacked, by the name of the coding: `gzip`, `br`. The first is the one that is liked best. */
export type Codings = Readonly<Record<string, () => OperatorFunction<Bytes, Bytes>>>;

export interface UnpackLimits {
  /** How many times the size of what came may come of it (1,000), once 1 MiB has. */
  readonly maxRatio?: number;
  /** The most bytes that may come of it (no limit: it is a stream, and held by its reader). */
  readonly maxSize?: number;
}

/** Small things may be packed as well as they can be: nobody is hurt by a mebibyte. */
const beyondDoubt = 1 << 20;
/** Each coding costs memory, and nobody means more than one. */
const maxCodings = 5;

/** What Accept-Encoding is to say (RFC 9110 section 12.5.3). */
export function acceptEncoding(codings: Codings): string | undefined {
  const names = Object.keys(codings).filter((name) => !name.startsWith('x-'));
  return names.length === 0 ? undefined : names.join(', ');
}

/**
 * What is to be changed of a response so that its content is as if it had never been packed; nothing for one with a coding
 * that is not known. `name` is for messages.
 *
 * Limits: a few bytes can be made to unpack to terabytes ("zip bomb"); more than {@link UnpackLimits.maxRatio} times as many is
 * {@link TooMuchUnpacked}.
 */
export function unpacked(response: Response, codings: Codings, limits: UnpackLimits, name: string): ResponseInit {
  const names = (response.headers.get('Content-Encoding') ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (names.length === 0 || names.length > maxCodings) return {};
  if (!names.every((coding) => Object.hasOwn(codings, coding))) return {};
  // RFC 9110 section 8.4: listed in the order in which they were applied.
  const operators = names.toReversed().map((coding) => codings[coding]);
  const body = new Observable<Bytes>((subscriber) => {
    const packed = response.body.pipe(counted());
    const plain = operators.reduce<Observable<Bytes>>((source, operator) => source.pipe(operator()), packed);
    return plain.pipe(limited()).subscribe(subscriber);
  });
  let came = 0;
  let unpackedBytes = 0;
  const counted = (): OperatorFunction<Bytes, Bytes> => tap((chunk) => void (came += chunk.length));
  const limited = (): OperatorFunction<Bytes, Bytes> => {
    const { maxRatio = 1_000, maxSize = Infinity } = limits;
    return tap((chunk) => {
      unpackedBytes += chunk.length;
      if (unpackedBytes > maxSize)
        throw new TooMuchUnpacked(`unpacking ${name}: expected at most ${maxSize} bytes`, maxSize);
      if (unpackedBytes > beyondDoubt && unpackedBytes > came * maxRatio) {
        const problem = `${came} bytes have become ${unpackedBytes}, more than ${maxRatio} times as many`;
        throw new TooMuchUnpacked(`unpacking ${name}: ${problem}`, maxRatio);
      }
    });
  };
  return { headers: response.headers.without('Content-Encoding', 'Content-Length'), body };
}
