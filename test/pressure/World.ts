/**
 * Where a case of pressure is tried: connections of some runtime, bulk to send, and a sum of what came.
 * Knows: opening, what must have gone through. Does not know: which runtime it is, whether its time is virtual.
 */
import { AsyncSubject, first, map, reduce, Subscription, switchMap, type Observable, zip } from 'rxjs';
import {
  ConnectionAborted,
  pull,
  serve,
  type Address,
  type Bytes,
  type Connection,
  type Listener,
  type Protocol,
} from 'ropewalk';

export interface Runtime {
  listen(endpoint: string): Listener;
  connect(endpoint: string): Observable<Connection>;
  /** A place to listen at, another one at each call. */
  endpoint(): string;
  /** How to dial what is bound at `address`. */
  reach(address: Address): string;
}

/** Two connections that are each other's peer. */
export interface Pair {
  readonly near: Connection;
  readonly far: Connection;
}

export class World {
  /** KiB: more than the runtime keeps on the way, so that a sender who is not read from is held. */
  readonly much: number;
  private readonly runtime: Runtime;
  private readonly open: Connection[] = [];
  private readonly work = new Subscription();

  constructor(much: number, runtime: Runtime) {
    this.much = much;
    this.runtime = runtime;
  }

  /** Serves `protocol` somewhere, and gives the way there. */
  served(protocol: Protocol<Bytes>): Observable<Connection> {
    const listener = this.runtime.listen(this.runtime.endpoint());
    const way = this.wayTo(listener);
    this.keep(listener.pipe(serve(protocol)).subscribe());
    return way;
  }

  /** Both ends of a connection. They live until the case is over. */
  pair(): Observable<Pair> {
    const opened = new AsyncSubject<Pair>();
    const listener = this.runtime.listen(this.runtime.endpoint());
    this.keep(
      zip(this.wayTo(listener), listener).subscribe({
        next: ([near, far]) => {
          this.open.push(near, far);
          opened.next({ near, far });
          opened.complete();
        },
        // A loss later on is the case's own matter.
        error: (error: unknown) => opened.error(error),
      }),
    );
    return opened;
  }

  keep(subscription: Subscription): void {
    this.work.add(subscription);
  }

  /** The case is over. */
  clear(): void {
    for (const connection of this.open) connection.error(new ConnectionAborted('the case is over'));
    this.work.unsubscribe();
  }

  private wayTo(listener: Listener): Observable<Connection> {
    return listener.address$.pipe(
      first((address) => address !== undefined),
      switchMap((address) => this.runtime.connect(this.runtime.reach(address))),
    );
  }
}

const pieceLength = 16384;

/** So many KiB that differ from place to place and from seed to seed, drawn for as long as nobody holds. */
export function bulk(seed: number, kibibytes: number): Observable<Bytes> {
  return pull(pieces(seed, kibibytes));
}

function* pieces(seed: number, kibibytes: number): Generator<Bytes> {
  for (let at = 0; at < kibibytes * 1024; at += pieceLength) {
    const piece = new Uint8Array(pieceLength);
    for (let n = 0; n < pieceLength; n++) piece[n] = ((at + n) * 7 + seed * 31) ^ ((at + n) >> 9);
    yield piece;
  }
}

/** What {@link summed} says of {@link bulk}, or of these pieces. */
export function sumOf(seed: number, kibibytes: number): string;
export function sumOf(these: Iterable<Bytes>): string;
export function sumOf(what: number | Iterable<Bytes>, kibibytes = 0): string {
  let sum = nothing;
  for (const piece of typeof what === 'number' ? pieces(what, kibibytes) : what) sum = add(sum, piece);
  return shown(sum);
}

/** How many bytes came, and a checksum that their order matters to; once the source has completed. */
export function summed(source: Observable<Bytes>): Observable<string> {
  return source.pipe(reduce(add, nothing), map(shown));
}

interface Sum {
  readonly length: number;
  readonly sum: number;
}

const nothing: Sum = { length: 0, sum: 0 };

/** Looked up once: in jest a global is far away. */
const { imul } = Math;

/** FNV-1a. */
function add({ length, sum }: Sum, chunk: Bytes): Sum {
  let next = sum;
  for (let at = 0; at < chunk.length; at++) next = imul(next ^ chunk[at], 16777619);
  return { length: length + chunk.length, sum: next };
}

const shown = ({ length, sum }: Sum): string => `${length} bytes, sum ${sum}`;
