/**
 * What a platform gives a datagram socket, and what it tells it: the whole seam between the two.
 * A runtime (UDP, memory, ...) implements DatagramTransport and calls the events; the contract of docs/datagrams.md is
 * kept by Mailbox, once for all of them.
 */
import type { SchedulerLike } from 'rxjs';
import type { Address, Destination } from '../Address.ts';
import type { Bytes } from '../bytes.ts';
import type { DatagramError } from '../errors.ts';
import type { Flushable } from '../Transport.ts';

/** Whom to hear: a group, where, and of whom alone. */
export interface Membership {
  /** The group's address: `224.0.0.251`, `ff02::fb`. In memory, a name. */
  readonly group: string;
  /** This machine's address on the network to hear it from (IPv6: `::%eth0`). The system chooses one if not given. */
  readonly interface?: string;
  /** Hear this sender alone: source-specific multicast (RFC 4607). */
  readonly source?: string;
}

/** What a datagram socket may be told about sending. */
export interface DatagramSettings {
  /** How many hops a datagram may travel (1 to 255). */
  readonly ttl?: number;
  /** The same for what goes to a group (0 to 255; the system begins with 1: the local network). */
  readonly multicastTtl?: number;
  /** Whether what is sent to a group is heard on this machine, too (it is, unless said). */
  readonly loopback?: boolean;
  /** Through which interface groups are reached: this machine's address there (IPv6: `::%eth0`). */
  readonly multicastInterface?: string;
  /** Whether sending to broadcast addresses is permitted (it is not, unless said). */
  readonly broadcast?: boolean;
}

/**
 * The platform's end of a datagram socket. No method throws; what fails is told through {@link DatagramEvents.failed}.
 * Before `bound` is told, nothing but `end` and `abort` is asked of it.
 */
export interface DatagramTransport {
  /** The timers of this socket. */
  readonly scheduler: SchedulerLike;
  /** Whether it has one peer, and hears and reaches nobody else. */
  readonly connected: boolean;
  /** Bytes handed to `send` that the platform has not taken yet. */
  readonly unsent: number;

  /** The platform's clock, in milliseconds. */
  now(): number;
  /** Calls `flush` once, at the end of this turn of the event loop. */
  atTurnEnd(flushable: Flushable): void;
  /** Sends one datagram, `remote` being given unless the socket is connected. Whenever `unsent` has shrunk, `drained` is told. */
  send(data: Bytes, remote: Destination | undefined): void;
  join(membership: Membership): void;
  leave(membership: Membership): void;
  set(settings: DatagramSettings): void;
  /** Let go of everything once all that was handed to `send` is out. `closed` is told then. */
  end(): void;
  /** Let go of everything now. `closed` is told then. */
  abort(): void;
}

/** What the platform tells a datagram socket. */
export interface DatagramEvents {
  /** It is open, here. */
  bound(local: Address): void;
  received(data: Bytes, remote: Address): void;
  /** The platform took some of what waited. */
  drained(): void;
  /** One datagram, or one wish, came to nothing. */
  failed(error: DatagramError): void;
  /** The last event: everything is let go of. `error`, when it was not asked for: it could not be opened. */
  closed(error?: Error): void;
}
