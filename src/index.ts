/**
 * The front door: everything that needs no platform. Names only.
 */
export * from './Address.ts';
export { bytes, concat, equal, show, utf8, type Bytes } from './bytes.ts';
export { ByteQueue } from './ByteQueue.ts';
export { Connection, type CloseReason, type ConnectionState } from './Connection.ts';
export { connecting, dialling, type DialEvents } from './connecting.ts';
export { Datagrams, type Datagram, type DatagramsState, type OutgoingDatagram } from './Datagrams.ts';
export type { DatagramEvents, DatagramSettings, DatagramTransport, Membership } from './datagrams/DatagramTransport.ts';
export * from './deferred/index.ts';
export { Duplex } from './Duplex.ts';
export * from './Endpoint.ts';
export * from './errors.ts';
export { currentDial, watchingDial, type DialPhase } from './dialPhases.ts';
export { explain, type Blame, type Explanation, type Held } from './explain.ts';
export { Feeders } from './Feeders.ts';
export {
  bothSinks,
  currentGroup,
  currentSink,
  feed,
  heldGroups,
  HoldGroup,
  joinSink,
  subscribingFor,
  type Hold,
  type Holder,
  type Pausable,
  type Sink,
} from './flow.ts';
export { HeldQueue, type HeldQueueLimits, type Waiting } from './HeldQueue.ts';
export { endpointField, type Inner } from './innerEndpoint.ts';
export { Listener, type ListenerEvents } from './Listener.ts';
export { codec, over, serve, type Codec, type Layer, type Protocol } from './Protocol.ts';
export { pull } from './pull.ts';
export { starting } from './readiness.ts';
export { runtime, type Runtime } from './runtime.ts';
export { all, inOrder, type Service } from './Service.ts';
export type { Answers } from './threads/Answering.ts';
export type { PoolOptions } from './threads/Team.ts';
export type {
  AnyModule,
  ArgumentsOf,
  FunctionsOf,
  Job,
  PoolState,
  ResultOf,
  ThreadPool,
  ValuesOf,
} from './threads/ThreadPool.ts';
export { transfer, type Movable } from './threads/transfer.ts';
export type { ErrorClass } from './threads/unpack.ts';
export type * from './tls.ts';
export * from './tlsErrors.ts';
export { stalls, type Stall, type StallsOptions } from './stalls.ts';
export type { Flushable, Transport, TransportEvents } from './Transport.ts';
export { onWarning, StoredBytes, UnheardDatagramError, UnpressuredSink, type RopewalkWarning } from './warnings.ts';
export { fromWeb } from './web/fromWeb.ts';
export { fromWebDuplex, type FromWebDuplexOptions } from './web/fromWebDuplex.ts';
export { toWeb } from './web/toWeb.ts';
export { toWebDuplex, type ToWebDuplexOptions, type WebDuplex } from './web/toWebDuplex.ts';
export {
  alongside,
  ask,
  backoff,
  both,
  callback,
  delimited,
  errback,
  fixedLength,
  gather,
  idleTimeout,
  inThread,
  iterate,
  json,
  lasting,
  lengthPrefixed,
  limitBytes,
  limitConnections,
  lines,
  netstrings,
  overflow,
  reconnect,
  relay,
  sendTo,
  text,
  wiretap,
  type AlongsideOptions,
  type BackoffOptions,
  type Dropped,
  type InThreadOptions,
  type IterateOptions,
  type LengthPrefixedOptions,
  type Lasting,
  type LastingDuplex,
  type LastingOptions,
  type LastingState,
  type LimitConnectionsOptions,
  type LinesOptions,
  type OverflowOptions,
  type OverflowPolicy,
  type ReconnectOptions,
  type Wiretap,
  type WiretapOptions,
} from '../operators/index.ts';
