/**
 * What both ends of a conversation may be told, and how each is seen by the rest.
 * Knows: the shapes and the defaults. Does not know: frames, connections.
 */
import type { Observable } from 'rxjs';
import type { Deferred } from '../../src/Deferred.ts';
import type { CrossingError } from './errors.ts';
import type { ValueCodec } from './values.ts';

/** Who can be asked: the far side of a connection. */
export interface Caller {
  /** Asks for one result, now. Cancelling cancels the work there. */
  call(name: string, args: readonly unknown[]): Deferred<unknown>;
  /** A stream of values: each subscription asks for one, and unsubscribing ends it there. */
  stream(name: string, args: readonly unknown[]): Observable<unknown>;
  /** Says something that is not answered, so nobody knows whether it was heard. */
  tell(name: string, args: readonly unknown[]): void;
}

/** What is exposed under a name, as a function of the arguments; `undefined` if there is nothing. `told` if no answer is wanted. */
export type Answering = (name: string, told: boolean) => ((...args: unknown[]) => unknown) | undefined;

/** What `expose` and `remote` may be told. Both ends must have the same `codec`. */
export interface RemoteOptions {
  /** How values are written (JSON). */
  readonly codec?: ValueCodec;
  /** Classes of your own errors that cross the wire by name, with their message; the other end makes them anew if it lists them, too. */
  readonly errors?: readonly CrossingError[];
  /** The most bytes of a frame, each way (1 MiB). */
  readonly max?: number;
  /** The most calls that may wait for their result, each way (1,024). */
  readonly calls?: number;
  /** The most streams that may be open, each way (1,024). */
  readonly streams?: number;
  /** How many bytes of a stream may be on their way or wait for a slow subscriber (64 KiB). */
  readonly window?: number;
  /** Told what failed here and why, where the caller is not told: by default, a warning `ExposedFailure`. */
  failed?(error: unknown, name: string): void;
}
