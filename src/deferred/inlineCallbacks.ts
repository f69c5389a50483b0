/**
 * Callbacks written as straight code (rules 47 and 48).
 * Knows: generators. Does not know: how results are awaited and cancelled: that is the chain's work.
 */
import { Deferred } from '../Deferred.ts';
import type { Settled } from './awaitable.ts';
import { succeed } from './constructors.ts';

/** What a `yield` gives back cannot be typed by its operand in TypeScript, hence `any`, as with an untyped `JSON.parse`. */
type Steps<Out> = Generator<unknown, Out, any>;

/**
 * A function that yields what it waits for (Deferreds, promises, Observables; plain values come straight back) and
 * returns the result; calling it gives a Deferred. A failure is thrown at the `yield`, where `try` can catch it.
 *
 * In plain words: `async` and `await`, but synchronous when the results are there, in virtual time when they are not,
 * and cancellable: `cancel()` cancels what is being awaited, and the function may catch `Cancelled`, and even go on.
 * Calling with what is not a generator function fails with `TypeError`.
 *
 * ```ts
 * const sum = inlineCallbacks(function* (a: number) {
 *   const b: number = yield deferLater(1_000, () => 2);
 *   return a + b;
 * });
 * sum(1).subscribe((n) => console.log(n)); // a second later: 3
 * ```
 */
export function inlineCallbacks<Args extends unknown[], Out>(
  fn: (...args: Args) => Steps<Out>,
): (...args: Args) => Deferred<Settled<Out>> {
  return (...args) =>
    // The function's own chain hides behind a Deferred that waits for it, so that nothing added gets between its steps.
    succeed(undefined).addCallback(() => stepped(fn(...args))) as Deferred<Settled<Out>>;
}

/** Each step adds the next one to the chain, and hands the chain what it waits for. */
function stepped<Out>(steps: Steps<Out>): Deferred<unknown> {
  if (typeof steps?.next !== 'function' || typeof steps.throw !== 'function') {
    throw new TypeError('inlineCallbacks needs a generator function');
  }
  const chain = succeed<unknown>(undefined);
  const next = (step: IteratorResult<unknown, Out>): unknown => {
    if (!step.done) chain.addCallbacks(resume, raise);
    return step.value;
  };
  const resume = (value: unknown) => next(steps.next(value));
  const raise = (reason: unknown) => next(steps.throw(reason));
  return chain.addCallback(resume);
}
