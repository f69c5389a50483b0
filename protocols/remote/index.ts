/**
 * Remote Observables: functions and streams at the far side of any connection, with pressure, cancellation and typed errors.
 * The format is our own, and small: docs/remote.md has every byte of it.
 *
 * In: calls and streams, both ways over one connection, JSON or any codec, credits, limits, links that come back. Out: objects by
 * reference, batches, streams as arguments.
 *
 * ```ts
 * const api = {
 *   add: (a: number, b: number) => a + b,
 *   ticks$: (period: number) => interval(period),
 * };
 * listen('tcp:7000').pipe(serve(expose(api))).subscribe();
 *
 * dial('tcp:localhost:7000').addCallback((connection) => {
 *   const far = remote<typeof api>(connection);
 *   far.add(2, 3).addCallback(console.log);
 *   far.ticks$(1_000).pipe(take(10)).subscribe(console.log);
 * });
 * ```
 */
export { Conversation } from './Conversation.ts';
export { ExposedFailure, NotExposed, RemoteError, type CrossingError, type RemoteErrorDetails } from './errors.ts';
export { expose } from './expose.ts';
export type {
  Call,
  Cancel,
  Complete,
  Credit,
  Failure,
  Frame,
  Goodbye,
  Hello,
  Next,
  Result,
  Stream,
  Tell,
} from './frames.ts';
export { Machine as RemoteMachine, type MachineLimits as RemoteMachineLimits, type RemoteEvent } from './Machine.ts';
export type { Answering, Caller, RemoteOptions } from './options.ts';
export { remote, type CallerOptions } from './remote.ts';
export { remoteFrames } from './remoteFrames.ts';
export { remoteLink, type LinkState, type RemoteLink, type RemoteLinkOptions } from './RemoteLink.ts';
export type { Remote } from './remoteOf.ts';
export { jsonValues, type ValueCodec } from './values.ts';
