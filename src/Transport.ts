/**
 * What a platform gives a Connection, and what it tells it: the whole seam between the two.
 * A runtime (TCP, Unix, memory, ...) implements Transport and calls the events; the contract of a Duplex is kept by
 * Connection, once for all of them.
 */
import type { SchedulerLike } from 'rxjs';
import type { Address } from './Address.ts';
import type { Bytes } from './bytes.ts';
import type { Pausable } from './flow.ts';
import type { StartTls, TlsDetails } from './tls.ts';

/** The platform's end of one connection. No method throws; what fails is told through {@link TransportEvents.closed}. */
export interface Transport extends Pausable {
  /** Whom it tells. Who takes a transport over (TLS, in mid-stream) puts itself here, and is told from then on. */
  events: TransportEvents;
  readonly local: Address;
  readonly remote: Address;
  /** The timers of this connection. */
  readonly scheduler: SchedulerLike;
  /** Bytes handed to `write` that the platform has not taken yet. */
  readonly unsent: number;
  /** A number that grows with every byte the platform takes, where it knows better than {@link unsent}. */
  readonly taken?: number;
  /** What TLS has agreed on, where this is TLS. */
  readonly tls?: TlsDetails;
  /** How this platform begins TLS in mid-stream, if it can. */
  readonly startTls?: StartTls;

  /** Calls `flush` once, at the end of this turn of the event loop: what one turn writes leaves together. */
  atTurnEnd(flush: Flushable): void;
  /** Sends the parts in order. False: the platform is full; but for last words, write no more until `drained` is told. */
  write(parts: readonly Bytes[], length: number): boolean;
  /** No more will be written: tell the peer, once everything is out. `sentEnd` is told then. */
  end(): void;
  /** Break off at once and tell the peer so (and why), if the platform can. `closed` is told then. */
  abort(reason: unknown): void;
  /** Let go of everything, in order. `closed` is told then. */
  close(): void;
}

/** What a turn's end calls. */
export interface Flushable {
  flush(): void;
}

/** What the platform tells a Connection. */
export interface TransportEvents {
  /** Bytes arrived. They belong to the connection from now on. */
  received(chunk: Bytes): void;
  /** The peer has no more to say. */
  receivedEnd(): void;
  /** The platform takes bytes again. */
  drained(): void;
  /** Everything is out, and the peer has been told that no more comes. */
  sentEnd(): void;
  /** The last event: everything is let go of. `error`, when it was not in order. */
  closed(error?: Error): void;
}
