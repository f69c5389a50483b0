/**
 * What a callback may return instead of a plain value, and what then becomes of it (rule 15).
 * Knows: how to tell a result that is still to come from a value. Does not know: how it is waited for.
 */
import { isObservable } from 'rxjs';
import type { Observable } from 'rxjs';

/**
 * Marks an Observable that is a thing to hold, not a result to wait for: a connection carries it, so that a Deferred
 * can fire with a connection, and a callback can return one.
 *
 * ```ts
 * class Wire extends Observable<Uint8Array> {
 *   readonly [asValue] = true;
 * }
 * succeed(new Wire()).addCallback((wire) => wire instanceof Wire); // true
 * ```
 */
export const asValue: unique symbol = Symbol.for('ropewalk.asValue') as never;

/** An Observable that counts as a plain value, see {@link asValue}. */
export interface AsValue {
  readonly [asValue]: true;
}

/** A result that is still to come: a Deferred, a promise, or an Observable whose last value is the result. */
export type Awaitable<T> = PromiseLike<T> | Observable<T>;

/** What the next callback gets when a callback returns a `Result`: Deferreds, promises and Observables are unwrapped. */
export type Settled<Result> = Result extends AsValue
  ? Result
  : Result extends Observable<infer Value>
    ? Settled<Value>
    : Result extends PromiseLike<infer Value>
      ? Settled<Value>
      : Result;

/** Arrays, strings and other iterables are plain values; so is an Observable that says so ({@link asValue}). */
export function isAwaitable(value: unknown): value is Awaitable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  if (isObservable(value)) return !(asValue in value);
  return typeof (value as { readonly then?: unknown }).then === 'function';
}

/** A Deferred fires with values only (rule 9). */
export function refuseAwaitable(value: unknown): void {
  if (typeof value === 'object' && isAwaitable(value)) {
    throw new TypeError('a Deferred cannot be fired with a result that is still to come: return it from a callback');
  }
}
