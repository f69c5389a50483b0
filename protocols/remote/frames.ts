/**
 * What the two ends of a connection say to each other about remote calls and streams, as values.
 * Knows: the kinds of frames, their numbers, what is in them. Does not know: bytes, whose turn it is.
 * The format, byte by byte: docs/remote.md.
 */
import type { Bytes } from '../../src/bytes.ts';

/** The version of the format that is spoken here. */
export const version = 1;

/** A frame begins with one of these numbers. */
export const kinds = {
  hello: 0,
  call: 1,
  stream: 2,
  tell: 3,
  cancel: 4,
  credit: 5,
  next: 6,
  result: 7,
  complete: 8,
  error: 9,
  goodbye: 10,
} as const;

/** What a hello begins with, so that a peer of another protocol is known at once. */
export const magic = 'ropewalk';

/** The most bytes of the name of what is called, in UTF-8: its length is one byte. */
export const maxName = 255;
/** Ids and credits are numbers up to this one. */
export const maxNumber = 2 ** 31 - 1;
/** How many bytes the length in front of a frame has. It is no part of the frame. */
export const lengthSize = 4;
/** Where in a frame a value begins, after its kind and its id. A `next` costs its whole length of credit, so no value is for nothing. */
export const valueAt = 5;

/** The first frame of each end, and nothing but the first. */
export interface Hello {
  readonly kind: 'hello';
  readonly version: number;
  /** The largest frame that its sender reads. */
  readonly max: number;
  /** How values are written: `json`, `cbor`. */
  readonly codec: string;
}
/** Asks for one result. The caller numbers its calls and streams upwards; `args` is a list of values. */
export interface Call {
  readonly kind: 'call';
  readonly id: number;
  readonly name: string;
  readonly args: Bytes;
}
/** Asks for a stream of values, and allows so many bytes of `next`. */
export interface Stream {
  readonly kind: 'stream';
  readonly id: number;
  readonly credit: number;
  readonly name: string;
  readonly args: Bytes;
}
/** Says something that is not answered. */
export interface Tell {
  readonly kind: 'tell';
  readonly name: string;
  readonly args: Bytes;
}
/** The caller wants no more. It is answered like everything else, with one last frame. */
export interface Cancel {
  readonly kind: 'cancel';
  readonly id: number;
}
/** The caller allows so many bytes more. */
export interface Credit {
  readonly kind: 'credit';
  readonly id: number;
  readonly credit: number;
}
/** One value of a stream. Allowed while there is any credit left; it may overdraw it. */
export interface Next {
  readonly kind: 'next';
  readonly id: number;
  readonly value: Bytes;
}
/** The answer to a call. No bytes stand for no value (`undefined`). */
export interface Result {
  readonly kind: 'result';
  readonly id: number;
  readonly value: Bytes;
}
/** The end of a stream, or of what was cancelled. */
export interface Complete {
  readonly kind: 'complete';
  readonly id: number;
}
/** The other end of a call or a stream: `value` says what went wrong. */
export interface Failure {
  readonly kind: 'error';
  readonly id: number;
  readonly value: Bytes;
}

/** Its sender begins nothing more of what is asked for with a number above `last` (0: nothing at all), and will end. */
export interface Goodbye {
  readonly kind: 'goodbye';
  readonly last: number;
}

export type Frame = Hello | Call | Stream | Tell | Cancel | Credit | Next | Result | Complete | Failure | Goodbye;
