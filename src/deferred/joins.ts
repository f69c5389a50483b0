/**
 * Several Deferreds as one (rules 40 to 44).
 * Knows: waiting for all, for the first value, for the first error. Does not know: where the members come from.
 * Members may be Deferreds, promises, Observables or plain values. A join looks at its members and lets their results
 * pass; it counts as handling their failures.
 */
import { Deferred } from '../Deferred.ts';
import type { Result } from '../Deferred.ts';
import { FirstError } from '../errors.ts';
import type { Settled } from './awaitable.ts';
import { asDeferred } from './constructors.ts';

/** What each member of a list becomes. */
export type SettledAll<List extends readonly unknown[]> = { -readonly [Index in keyof List]: Settled<List[Index]> };
/** How each member of a list ended. */
export type Results<List extends readonly unknown[]> = {
  -readonly [Index in keyof List]: Result<Settled<List[Index]>>;
};

/** The first member that succeeded. */
export interface First<T> {
  readonly index: number;
  readonly value: T;
}

export interface ListOptions {
  /** Turn the members' failures into `undefined` once they have been seen. */
  readonly consumeErrors?: boolean;
}

export interface DeferredListOptions extends ListOptions {
  /** Fire with the first value, as `{ index, value }`. */
  readonly firstValue?: boolean;
  /** Fail with the first failure, as `FirstError`. */
  readonly firstError?: boolean;
}

export interface GatherOptions extends ListOptions {
  /** Cancel the other members at the first failure. */
  readonly cancelOthers?: boolean;
}

/**
 * Fires when all members have, with `{ ok: true, value }` or `{ ok: false, error }` for each, in their order; at once
 * with `[]` for an empty list. Cancelling cancels the members.
 * Throws `TypeError` for an empty list with `firstValue`, which would never fire.
 *
 * ```ts
 * deferredList([succeed(1), fail('no')]); // [{ ok: true, value: 1 }, { ok: false, error: 'no' }]
 * ```
 */
export function deferredList<const List extends readonly unknown[]>(
  list: List,
  options: DeferredListOptions & { readonly firstValue: true },
): Deferred<First<Settled<List[number]>> | Results<List>>;
export function deferredList<const List extends readonly unknown[]>(
  list: List,
  options?: DeferredListOptions & { readonly firstValue?: false },
): Deferred<Results<List>>;
export function deferredList(list: readonly unknown[], options: DeferredListOptions = {}): Deferred<unknown> {
  const { firstValue = false, firstError = false, consumeErrors = false } = options;
  if (firstValue && list.length === 0) throw new TypeError('an empty list has no first value');
  const results: Result<unknown>[] = [];
  return join<unknown>(list, consumeErrors, results, (joined, index, result, left) => {
    results[index] = result;
    if (result.ok && firstValue) joined.callback({ index, value: result.value });
    else if (!result.ok && firstError) joined.errback(new FirstError(result.error, index));
    else if (left === 0) joined.callback(results);
  });
}

/**
 * Fires with all members' values, in their order; the first failure is a `FirstError` with its `cause` and `index`.
 * Cancelling cancels the members.
 *
 * ```ts
 * gatherResults([succeed(1), Promise.resolve('two')]).subscribe(([n, s]) => console.log(n, s)); // 1 two
 * ```
 */
export function gatherResults<const List extends readonly unknown[]>(
  list: List,
  options: GatherOptions = {},
): Deferred<SettledAll<List>> {
  const { consumeErrors = false, cancelOthers = false } = options;
  const values: unknown[] = [];
  return join(list, consumeErrors, values as SettledAll<List>, (joined, index, result, left, members) => {
    if (result.ok) {
      values[index] = result.value;
      if (left === 0) joined.callback(values as SettledAll<List>);
    } else {
      joined.errback(new FirstError(result.error, index));
      if (cancelOthers) cancelAll(members);
    }
  });
}

/**
 * The first success wins, and is `{ index, value }`; the others are cancelled, and what becomes of them is swallowed.
 * When all fail, the failure is an `AggregateError` with theirs, in the members' order.
 *
 * ```ts
 * firstResult([deferLater(20), succeed('quick')]); // { index: 1, value: 'quick' }
 * ```
 */
export function firstResult<const List extends readonly unknown[]>(list: List): Deferred<First<Settled<List[number]>>> {
  type Winner = First<Settled<List[number]>>;
  const errors: unknown[] = [];
  const nobody = () => new AggregateError(errors, 'every member failed');
  if (list.length === 0) {
    const joined = new Deferred<Winner>();
    joined.errback(nobody());
    return joined;
  }
  return join<Winner>(list, true, undefined as never, (joined, index, result, left, members) => {
    if (result.ok) {
      joined.callback({ index, value: result.value } as Winner);
      cancelAll(members);
    } else {
      errors[index] = result.error;
      if (left === 0) joined.errback(nobody());
    }
  });
}

/** Told how each member ended, until the join has fired; `left` are the members that have not. */
type Tell<T> = (
  joined: Deferred<T>,
  index: number,
  result: Result<unknown>,
  left: number,
  members: readonly Deferred<unknown>[],
) => void;

function join<T>(list: readonly unknown[], consumeErrors: boolean, ofNone: T, tell: Tell<T>): Deferred<T> {
  const members: readonly Deferred<unknown>[] = list.map(asDeferred);
  const joined = new Deferred<T>({ canceller: () => cancelAll(members) });
  let left = members.length;
  if (left === 0) joined.callback(ofNone);
  const ended = (index: number, result: Result<unknown>): void => {
    left--;
    if (!joined.called) tell(joined, index, result, left, members);
  };
  for (const [index, member] of members.entries()) {
    member.subscribe({
      next: (value) => ended(index, { ok: true, value }),
      error: (error: unknown) => ended(index, { ok: false, error }),
    });
    if (consumeErrors) member.addErrback(() => undefined);
  }
  return joined;
}

function cancelAll(members: readonly Deferred<unknown>[]): void {
  for (const member of members) member.cancel();
}
