/**
 * Compression of responses (RFC 9110 sections 8.4 and 12.5.3).
 * Knows: what is worth packing, which coding a client prefers. Does not know: how bytes go through zlib (throughStream).
 */
import * as zlib from 'node:zlib';
import type { Transform } from 'node:stream';
import { throughStream } from '../../../src/node/streams/throughStream.ts';
import type { Fields } from '../Fields.ts';
import { varying } from '../handling/vary.ts';
import type { Response } from '../Response.ts';
import type { Middleware } from '../routing/compose.ts';
import { preferences } from '../routing/negotiation.ts';
import { afterwards } from '../routing/settled.ts';

export type ContentCoding = 'zstd' | 'br' | 'gzip';

export interface CompressOptions {
  /** The codings to offer, the best first: of those that a client likes as much, the first is taken (`zstd` where Node has it, `br`, `gzip`). */
  readonly codings?: readonly ContentCoding[];
  /** From how many bytes on it is worth it (1,024). Of a stream without Content-Length nobody knows: it is packed. */
  readonly minimum?: number;
}

/** Node has it from 22.15 on; the types of Node 20 do not. */
const { createZstdCompress } = zlib as { createZstdCompress?: () => Transform };
const { BROTLI_PARAM_QUALITY } = zlib.constants;

const makers: Readonly<Record<ContentCoding, (() => Transform) | undefined>> = {
  zstd: createZstdCompress,
  // The default, 11, is for content that is packed once and for all: it takes a hundred times as long.
  br: () => zlib.createBrotliCompress({ params: { [BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: () => zlib.createGzip(),
};

/**
 * Middleware: packs what gets smaller by it, in the coding that the client likes best.
 *
 * In plain words: text, JSON, SVG and their like; not what is packed already (pictures, archives, a `Content-Encoding`), not
 * parts (206), nothing small, nothing that says `no-transform`. Streams stay streams: what was written is sent as soon as there is
 * nothing more to pack with it, so server-sent events arrive one by one, and who reads slowly holds the source.
 * A strong ETag becomes a weak one (section 8.8.3.3). Put it outside of {@link conditional}, which compares what is not packed.
 *
 * ```ts
 * const site = compose(compress())(() => text('hello '.repeat(1000)));
 * const answer = site(new Request({ headers: { 'Accept-Encoding': 'gzip' } })) as Response;
 * answer.headers.get('content-encoding');   // => gzip
 * ```
 * Limits: a page that has both a secret and something of the client's in it can be guessed by its packed length (BREACH):
 * say `Cache-Control: no-transform` there. Throws `TypeError` for a coding that this Node has not.
 */
export function compress(options: CompressOptions = {}): Middleware {
  const { codings = (['zstd', 'br', 'gzip'] as const).filter((coding) => makers[coding]), minimum = 1024 } = options;
  for (const coding of codings) {
    if (makers[coding] === undefined) throw new TypeError(`this Node has no ${coding}`);
  }
  return (next) => (request) =>
    afterwards(next(request), (response) => {
      if (!worthPacking(response, minimum)) return response;
      // Also if it is not packed for this client: for another one it would be.
      const headers = varying(response.headers, 'Accept-Encoding');
      const coding = preferredCoding(request.headers.get('accept-encoding'), codings);
      if (coding === undefined) return response.with({ headers });
      return response.with({
        headers: weakened(headers.without('content-length', 'accept-ranges')).with('Content-Encoding', coding),
        // Events arrive one by one: nothing is kept back to be packed with what comes later.
        body: response.body.pipe(throughStream(makers[coding]!, { flush: true })),
      });
    });
}

/**
 * The coding that a client likes best (section 12.5.3), `undefined` for none: it did not say, or likes the content as it is more.
 */
export function preferredCoding<T extends string>(accepted: string | undefined, codings: readonly T[]): T | undefined {
  if (accepted === undefined) return undefined;
  const wanted = preferences(accepted);
  const weightOf = (coding: string): number | undefined => {
    const named = wanted.find(({ name }) => name === coding || (coding === 'gzip' && name === 'x-gzip'));
    return (named ?? wanted.find(({ name }) => name === '*'))?.weight;
  };
  let best: T | undefined;
  let bestWeight = wanted.find(({ name }) => name === 'identity')?.weight ?? 0;
  for (const coding of codings) {
    const weight = weightOf(coding) ?? 0;
    if (weight > 0 && (best === undefined ? weight >= bestWeight : weight > bestWeight))
      [best, bestWeight] = [coding, weight];
  }
  return best;
}

const packable =
  /^(text\/|application\/(.*[+-])?(json|xml|javascript|yaml|wasm|graphql|x-ndjson)\b|image\/(svg\+xml|bmp|vnd\.microsoft\.icon)\b|font\/[ot]tf\b)/i;

function worthPacking({ status, headers, content, streamed, upgrade }: Response, minimum: number): boolean {
  if (status < 200 || status === 204 || status === 206 || status === 304 || upgrade !== undefined) return false;
  if (headers.has('content-encoding') || headers.has('content-range')) return false;
  if (/\bno-transform\b/i.test(headers.get('cache-control') ?? '')) return false;
  if (!packable.test(headers.get('content-type') ?? '')) return false;
  const length = streamed ? Number(headers.get('content-length') ?? minimum) : (content?.length ?? 0);
  return length >= minimum;
}

function weakened(headers: Fields): Fields {
  const etag = headers.get('etag');
  return etag === undefined || etag.startsWith('W/') ? headers : headers.with('ETag', `W/${etag}`);
}
