/** The names of the Deferred room. */
export { asValue } from './awaitable.ts';
export type { AsValue, Awaitable, Settled } from './awaitable.ts';
export { fromPromise } from './bridges.ts';
export type { FromPromiseOptions } from './bridges.ts';
export { deferLater, fail, maybeDeferred, succeed } from './constructors.ts';
export { keepAsyncContext } from './context.ts';
export { getDebugging, setDebugging } from './debugging.ts';
export { Deferred } from '../Deferred.ts';
export type { DeferredOptions, ErrorType, Failure, Result, TimeoutOptions } from '../Deferred.ts';
