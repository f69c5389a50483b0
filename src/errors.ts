/**
 * Everything that goes wrong, by family, so that `errback(Type, fn)` can catch by type.
 * Knows: names, families, what a message must tell (what was being done, with whom, what was expected, what came).
 * Does not know: where errors come from; each platform room maps its own codes onto these.
 */
import type { Destination } from './Address.ts';
import { brand } from './brand.ts';

/** What every error here may carry beside its message. */
export interface ErrorDetails {
  /** The error underneath, kept whole. */
  readonly cause?: unknown;
  /** The platform's own code, such as Node's `ECONNRESET`. */
  readonly code?: string;
}

/** The common root: `name` is the class's name, `cause` and `code` are kept. */
export abstract class RopewalkError extends Error {
  readonly code?: string;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    if (details.code !== undefined) this.code = details.code;
  }
}

/** An endpoint description that cannot be understood. `column` (from 1) points into `description`. */
export class EndpointError extends RopewalkError {
  readonly problem: string;
  readonly description: string;
  readonly column: number;

  constructor(problem: string, description: string, column: number, details?: ErrorDetails) {
    super(`${problem}, at column ${column} of the endpoint\n  ${description}\n  ${' '.repeat(column - 1)}^`, details);
    this.problem = problem;
    this.description = description;
    this.column = column;
  }
}

/** Listening failed: nothing was bound. Family: {@link AddressInUse}, {@link AddressUnavailable}, {@link ListenPermissionDenied}, {@link ListenTooManyFiles}. */
export class ListenError extends RopewalkError {}
/** Another socket listens there already. */
export class AddressInUse extends ListenError {}
/** The address is not one of this machine's, or no such directory. */
export class AddressUnavailable extends ListenError {}
/** The system forbids listening there: a port below 1024, or a folder that cannot be written. */
export class ListenPermissionDenied extends ListenError {}
/** The process or the system is out of file descriptors. */
export class ListenTooManyFiles extends ListenError {}

/** A dial failed: there never was a connection. */
export class ConnectError extends RopewalkError {}
/** Somebody answered, and nobody listens there. */
export class ConnectionRefused extends ConnectError {}
/** Nobody answered in time. */
export class ConnectTimeout extends ConnectError {}
/** The name has no address. */
export class UnknownHost extends ConnectError {}
/** There is no way to that host or network. */
export class HostUnreachable extends ConnectError {}
/** The system forbids this dial. */
export class ConnectPermissionDenied extends ConnectError {}
/** The process or the system is out of file descriptors. */
export class ConnectTooManyFiles extends ConnectError {}
/** A proxy on the way would not go on; `code` is its word for why. */
export class ProxyRefused extends ConnectError {}
/** A proxy on the way wants to know who is asking, or does not like who it is. */
export class ProxyAuthenticationFailed extends ProxyRefused {}

/** A connection that was there is over. Family: {@link ConnectionDone}, {@link ConnectionLost}, {@link ConnectionAborted}. */
export class ConnectionClosed extends RopewalkError {}
/** It ended in order, before what was being waited for came. */
export class ConnectionDone extends ConnectionClosed {}
/** The peer or the network broke it off. */
export class ConnectionLost extends ConnectionClosed {}
/** This side broke it off; `cause` is the reason. */
export class ConnectionAborted extends ConnectionClosed {}

/** What a datagram error knows beside its message. */
export interface DatagramErrorDetails extends ErrorDetails {
  /** Where the datagram was to go. */
  readonly remote?: Destination;
}

/**
 * One datagram, or one wish, came to nothing; the socket goes on. Family: {@link DatagramTooLong}, {@link DatagramRefused},
 * {@link DatagramUnreachable}, {@link DatagramPermissionDenied}, {@link InvalidAddress}, {@link MulticastJoinError},
 * {@link MulticastLeaveError}, {@link SettingRefused}.
 */
export class DatagramError extends RopewalkError {
  readonly remote?: Destination;

  constructor(message: string, details: DatagramErrorDetails = {}) {
    super(message, details);
    if (details.remote !== undefined) this.remote = details.remote;
  }
}
/** It has more bytes than a datagram can have there. */
export class DatagramTooLong extends DatagramError {}
/** The peer's system says that nobody listens there. Told to connected sockets only. */
export class DatagramRefused extends DatagramError {}
/** There is no way to that host or network. */
export class DatagramUnreachable extends DatagramError {}
/** The system forbids it: a broadcast that was not asked for, a firewall. */
export class DatagramPermissionDenied extends DatagramError {}
/** Where it was to go is no address that this socket can send to. */
export class InvalidAddress extends DatagramError {}
/** The group was not joined: it is no multicast address, there is no such interface, or it was joined already. */
export class MulticastJoinError extends DatagramError {}
/** The group was not left: it had not been joined. */
export class MulticastLeaveError extends DatagramError {}
/** A setting that the system does not take. */
export class SettingRefused extends DatagramError {}

/** What a protocol error knows beside its message. */
export interface ProtocolErrorDetails extends ErrorDetails {
  /** Who broke the protocol: `remote` (the peer's bytes) or `local` (what this program wanted to send). */
  readonly side?: 'local' | 'remote';
  /** What to tell the peer, in the protocol's own terms: an HTTP status, a close code. */
  readonly hint?: unknown;
}

/** One side broke the rules of the protocol. */
export class ProtocolError extends RopewalkError {
  readonly side: 'local' | 'remote';
  readonly hint?: unknown;

  constructor(message: string, details: ProtocolErrorDetails = {}) {
    super(message, details);
    this.side = details.side ?? 'remote';
    if (details.hint !== undefined) this.hint = details.hint;
  }
}

/** What a limit that was passed knows beside its message. */
export interface LimitDetails extends ErrorDetails {
  /** What to tell the peer, in the protocol's own terms: an HTTP status, a close code. */
  readonly hint?: unknown;
}

/** Something grew past its limit: a line, a message, a backlog, a count of connections. */
export class LimitExceeded extends RopewalkError {
  /** The limit, in the unit that the message names. */
  readonly limit: number;
  readonly hint?: unknown;

  constructor(message: string, limit: number, details: LimitDetails = {}) {
    super(message, details);
    this.limit = limit;
    if (details.hint !== undefined) this.hint = details.hint;
  }
}

/** A queue holds as many values as it may. */
export class QueueOverflow extends LimitExceeded {}
/** As many wait for a queue's next value as may. */
export class QueueUnderflow extends LimitExceeded {}

/** The work was called off by whoever asked for it. */
export class Cancelled extends RopewalkError {
  constructor(message = 'cancelled', details?: ErrorDetails) {
    super(message, details);
  }
}

/** The time for it ran out. */
export class TimedOut extends RopewalkError {}

/**
 * Work for a thread came to nothing, by no fault of the work itself. Family: {@link ThreadCrashed}, {@link ModuleNotLoaded},
 * {@link UnknownFunction}, {@link NotCloneable}, {@link PoolClosed}.
 */
export class ThreadError extends RopewalkError {}
/** The thread died while it did this work; `cause` is what it died of. Another one takes its place. */
export class ThreadCrashed extends ThreadError {}
/** The module with the functions cannot be loaded in a thread; `cause` is why. */
export class ModuleNotLoaded extends ThreadError {}
/** The module has no function of that name. */
export class UnknownFunction extends ThreadError {}
/** A value cannot leave its thread: the message tells which part of it, and why. */
export class NotCloneable extends ThreadError {}
/** The pool takes no more work. */
export class PoolClosed extends ThreadError {}

/** A Deferred was fired twice. In debug mode `cause` carries where it was made and first fired. */
export class AlreadyCalledError extends RopewalkError {}

/** The first failure of a join; `cause` is the failure, `index` its place in the list. */
export class FirstError extends RopewalkError {
  readonly index: number;

  constructor(cause: unknown, index: number) {
    super(`member ${index} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.index = index;
  }
}

const families = {
  RopewalkError,
  EndpointError,
  ListenError,
  AddressInUse,
  AddressUnavailable,
  ListenPermissionDenied,
  ListenTooManyFiles,
  ConnectError,
  ConnectionRefused,
  ConnectTimeout,
  UnknownHost,
  HostUnreachable,
  ConnectPermissionDenied,
  ConnectTooManyFiles,
  ProxyRefused,
  ProxyAuthenticationFailed,
  ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  ConnectionAborted,
  DatagramError,
  DatagramTooLong,
  DatagramRefused,
  DatagramUnreachable,
  DatagramPermissionDenied,
  InvalidAddress,
  MulticastJoinError,
  MulticastLeaveError,
  SettingRefused,
  ProtocolError,
  LimitExceeded,
  QueueOverflow,
  QueueUnderflow,
  Cancelled,
  TimedOut,
  ThreadError,
  ThreadCrashed,
  ModuleNotLoaded,
  UnknownFunction,
  NotCloneable,
  PoolClosed,
  AlreadyCalledError,
  FirstError,
};
for (const [name, type] of Object.entries(families)) {
  brand(type, name);
  // On the prototype, and written out, so that a minifier cannot change it.
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
