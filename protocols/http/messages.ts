/**
 * What a message begins with, and how the end of its content is found (RFC 9112 section 6).
 * Knows: the shapes that parser, formatter and machines share. Does not know: how they look on the wire.
 */
import type { Bytes } from '../../src/bytes.ts';
import type { Fields } from './Fields.ts';

/** How the end of the content is found: there is none; so many bytes; in chunks; all until the connection ends. */
export type Framing = 'none' | number | 'chunked' | 'close';

/** Versions that are spoken here (RFC 9112 section 2.3: a higher minor version is read as 1.1). */
export type Version = '1.0' | '1.1';

interface Head {
  readonly version: Version;
  readonly fields: Fields;
  readonly framing: Framing;
  /** Whether the sender wants to go on after this message (RFC 9112 section 9.3). */
  readonly keepAlive: boolean;
}

/** The beginning of a request. */
export interface RequestHead extends Head {
  readonly method: string;
  /** In origin-form; `*`, and for CONNECT the authority. */
  readonly target: string;
  /** Said by a target in absolute-form only. */
  readonly scheme: string | undefined;
  /** What the target says, or else the Host field. */
  readonly authority: string;
  /** The Upgrade field, if it is meant (RFC 9110 section 7.8). */
  readonly upgrade: string | undefined;
  /** `Expect: 100-continue` (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;
}

/** The beginning of a response. */
export interface ResponseHead extends Head {
  readonly status: number;
  readonly reason: string;
}

/** What a machine reads, in this order: a head; with content, data and then its end. */
export type MessageEvent<H> =
  | { readonly kind: 'head'; readonly head: H }
  | { readonly kind: 'data'; readonly data: Bytes }
  | { readonly kind: 'end'; readonly trailers: Fields };

/** What a message may be at most. All of it is told as {@link LimitExceeded}, whose `hint` is the status of RFC 9110. */
export interface Limits {
  /** Bytes of the first line (8,192): more is 414. */
  readonly line: number;
  /** Bytes of all fields, and of all trailers (16,384): more is 431. */
  readonly head: number;
  /** How many fields, and how many trailers (100): more is 431. */
  readonly fields: number;
  /** Bytes of content (no limit: it is streamed, and whoever reads it slowly is waited for): more is 413. */
  readonly body: number;
}

export const defaultLimits: Limits = { line: 8192, head: 16_384, fields: 100, body: Infinity };
