/** Functions that use rxjs and Ropewalk, and fail with errors of Ropewalk's. */
import { interval, map, range } from 'rxjs';
import { ConnectionRefused, succeed } from 'ropewalk';
import { OutOfPaper } from './errors.ts';

export const deferred = (value: string) => succeed(value);
export const observable = (count: number) => range(1, count);

export function failing(how: 'refused' | 'paper' | 'type' | 'text' | 'all' | 'platform'): never {
  if (how === 'refused')
    throw new ConnectionRefused('nobody there', { code: 'ECONNREFUSED', cause: new RangeError('why') });
  if (how === 'paper') throw new OutOfPaper(2);
  if (how === 'type') throw new TypeError('of a wrong type');
  if (how === 'platform') throw new DOMException('of the platform', 'AbortError');
  if (how === 'all') throw new AggregateError([new TypeError('one'), new OutOfPaper(1)], 'several');
  throw 'plain text';
}

/** An Observable cannot be told to wait. */
export const ticks = (to: number, seen: Int32Array) =>
  range(1, to).pipe(
    map((n) => {
      Atomics.store(seen, 0, n);
      return n;
    }),
  );

export const clock = () => interval(1);

export function* thenFail(to: number): Generator<number> {
  for (let n = 1; n <= to; n++) yield n;
  throw new ConnectionRefused('after all');
}
