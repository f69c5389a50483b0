/**
 * Node's error codes as Ropewalk's families.
 * Knows: which code means what, when listening, dialling and later. Does not know: sockets.
 */
import { IpAddress, type Destination } from '../Address.ts';
import {
  AddressInUse,
  AddressUnavailable,
  ConnectError,
  ConnectionLost,
  ConnectionRefused,
  ConnectPermissionDenied,
  ConnectTimeout,
  ConnectTooManyFiles,
  DatagramError,
  DatagramPermissionDenied,
  DatagramRefused,
  DatagramTooLong,
  DatagramUnreachable,
  HostUnreachable,
  InvalidAddress,
  ListenError,
  ListenPermissionDenied,
  ListenTooManyFiles,
  UnknownHost,
  type DatagramErrorDetails,
  type ErrorDetails,
} from '../errors.ts';

type Failure = new (message: string, details?: ErrorDetails) => Error;

const whenListening: Record<string, [Failure, string]> = {
  EADDRINUSE: [AddressInUse, 'somebody listens there already'],
  EADDRNOTAVAIL: [AddressUnavailable, "that is not one of this machine's addresses"],
  ENOENT: [AddressUnavailable, 'there is no such folder'],
  ENOTDIR: [AddressUnavailable, 'part of the path is not a folder'],
  ENOTFOUND: [AddressUnavailable, 'that name has no address'],
  EAI_AGAIN: [AddressUnavailable, 'that name could not be looked up now'],
  EACCES: [ListenPermissionDenied, 'the system forbids it'],
  EPERM: [ListenPermissionDenied, 'the system forbids it'],
  EBADF: [AddressUnavailable, 'no such descriptor is open'],
  ENOTSUP: [ListenError, 'the system cannot do that'],
  EMFILE: [ListenTooManyFiles, 'this process has too many files open'],
  ENFILE: [ListenTooManyFiles, 'the system has too many files open'],
};

const whenDialling: Record<string, [Failure, string]> = {
  ECONNREFUSED: [ConnectionRefused, 'nobody listens there'],
  ENOENT: [ConnectionRefused, 'there is no such socket'],
  ENOTSOCK: [ConnectionRefused, 'that is not a socket'],
  ETIMEDOUT: [ConnectTimeout, 'no answer in time'],
  ENOTFOUND: [UnknownHost, 'that name has no address'],
  EAI_AGAIN: [UnknownHost, 'that name could not be looked up now'],
  EHOSTUNREACH: [HostUnreachable, 'there is no way to that host'],
  ENETUNREACH: [HostUnreachable, 'there is no way to that network'],
  EADDRNOTAVAIL: [HostUnreachable, 'no address of this machine can reach it'],
  EACCES: [ConnectPermissionDenied, 'the system forbids it'],
  EPERM: [ConnectPermissionDenied, 'the system forbids it'],
  EBADF: [ConnectionRefused, 'no such descriptor is open'],
  EMFILE: [ConnectTooManyFiles, 'this process has too many files open'],
  ENFILE: [ConnectTooManyFiles, 'the system has too many files open'],
};

const whenSending: Record<string, [typeof DatagramError, string]> = {
  EMSGSIZE: [DatagramTooLong, 'it is too long'],
  ECONNREFUSED: [DatagramRefused, 'nobody listens there'],
  EHOSTUNREACH: [DatagramUnreachable, 'there is no way to that host'],
  ENETUNREACH: [DatagramUnreachable, 'there is no way to that network'],
  EADDRNOTAVAIL: [DatagramUnreachable, 'no address of this machine can reach it'],
  EACCES: [DatagramPermissionDenied, 'the system forbids it; broadcasts need broadcast=true'],
  EPERM: [DatagramPermissionDenied, 'the system forbids it'],
  EINVAL: [InvalidAddress, 'that is no address to send to'],
};

const whenWishing: Record<string, string> = {
  EINVAL: 'that makes no sense to the system',
  ENODEV: 'no interface leads there, name one',
  EADDRNOTAVAIL: 'there is no such interface, or no such membership',
  EADDRINUSE: 'it was joined already',
  ENOPROTOOPT: 'the system cannot do that',
  ENOBUFS: 'there are too many memberships',
};

/** What Node says when listening at `endpoint` fails. */
export function listenFailure(endpoint: string, cause: Error): Error {
  return failure(`listening at ${endpoint}`, cause, whenListening, ListenError);
}

/** What Node says when a dial of `endpoint` fails. Of several attempts the most telling gives the type; all are in `cause`. */
export function connectFailure(endpoint: string, cause: Error): Error {
  return failure(`connecting to ${endpoint}`, cause, whenDialling, ConnectError);
}

/** What Node says when a connection breaks. */
export function loss(remote: string, cause: Error): ConnectionLost {
  const code = codeOf(cause);
  return new ConnectionLost(`the connection with ${remote} was lost: ${losses[code ?? ''] ?? cause.message}`, {
    cause,
    code,
  });
}

/** What Node says of a datagram, when it is sent (then its size is known) or later. */
export function datagramFailure(
  endpoint: string,
  cause: Error,
  size: number | undefined,
  remote: Destination | undefined,
): DatagramError {
  const code = codeOf(cause);
  const [type, words] = whenSending[code ?? ''] ?? [DatagramError, cause.message];
  const what = size === undefined ? 'a datagram' : `${size} bytes`;
  const to =
    remote === undefined ? '' : ` to ${'path' in remote ? remote.path : new IpAddress(remote.host, remote.port)}`;
  const details: DatagramErrorDetails = { cause, code, remote };
  return new type(`sending ${what}${to} from ${endpoint}: ${words}${code === undefined ? '' : ` (${code})`}`, details);
}

/** What Node says when a membership or a setting is refused. */
export function wishFailure(
  type: new (message: string, details: DatagramErrorDetails) => DatagramError,
  doing: string,
  cause: Error,
): DatagramError {
  const code = codeOf(cause);
  const words = whenWishing[code ?? ''] ?? cause.message;
  return new type(`${doing}: ${words}${code === undefined ? '' : ` (${code})`}`, { cause, code });
}

const losses: Record<string, string> = {
  ECONNRESET: 'reset by the peer',
  EPIPE: 'the peer takes no more',
  ETIMEDOUT: 'the peer does not answer any more',
};

function failure(doing: string, cause: Error, known: Record<string, [Failure, string]>, family: Failure): Error {
  const telling = tellingIn(cause);
  const code = codeOf(telling);
  const [type, words] = known[code ?? ''] ?? [family, telling.message];
  const each = telling === cause || cause.message === '' ? '' : `: ${cause.message}`;
  return new type(`${doing}: ${words}${code === undefined ? '' : ` (${code})`}${each}`, { cause, code });
}

/** Of several attempts the first that reached somebody, or tried to. */
function tellingIn(error: Error): Error {
  if (!(error instanceof AggregateError)) return error;
  const errors = error.errors as Error[];
  return errors.find((attempt) => !unreachable.has(codeOf(attempt) ?? '')) ?? errors[0];
}
const unreachable = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
