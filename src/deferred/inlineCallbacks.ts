/**
 * Callbacks written as straight code (rules 47 and 48).
 * Knows: generators. Does not know: how results are awaited and cancelled: that is the chain's work.
 */
import type { Deferred } from '../Deferred.ts';
import { Again } from './answers.ts';
import { isAwaitable } from './awaitable.ts';
import type { Settled } from './awaitable.ts';
import { succeed } from './constructors.ts';

/** What a `yield` gives back cannot be typed by its operand in TypeScript, hence `any`, as with an untyped `JSON.parse`. */
export type Steps<Out> = Generator<unknown, Out, any>;

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
    succeed(undefined).addCallback(() => {
      const steps = fn(...args);
      if (typeof steps?.next !== 'function' || typeof steps.throw !== 'function') {
        throw new TypeError('inlineCallbacks needs a generator function');
      }
      return stepping(steps);
    });
}

/** One link of a chain that is called again with what each step waited for, until the generator is done. */
function stepping<Out>(steps: Steps<Out>): Deferred<Out> {
  const goOn = (first: IteratorResult<unknown, Out>): Out | Again => {
    let step = first;
    while (!step.done && !isAwaitable(step.value)) step = steps.next(step.value);
    return step.done ? step.value : new Again(step.value);
  };
  return succeed<unknown>(undefined).addCallbacks(
    (value) => goOn(steps.next(value)),
    (reason) => goOn(steps.throw(reason)),
  ) as Deferred<never>;
}
