/**
 * What is exposed at the far side, with the types it has there.
 * Knows: which names are calls and which are streams. Does not know: connections.
 */
import type { Observable } from 'rxjs';
import type { Deferred } from '../../src/Deferred.ts';
import type { Settled } from '../../src/deferred/awaitable.ts';
import type { Caller } from './options.ts';

/**
 * An API, as its caller has it. Everything is a function here; what its name says decides what it gives:
 *
 * - `name$` is a stream: an Observable, lazy. Each subscription asks anew, and unsubscribing ends the work at the far side.
 *   What is no Observable there is a stream of one value.
 * - any other `name` is a call: a Deferred, and the call is on its way when it returns. Cancelling it cancels the work.
 *   An Observable there is its last value, as everywhere with a Deferred.
 */
export type Remote<Api> = {
  readonly [Name in keyof Api & string as Api[Name] extends Exposable ? Name : never]: (
    ...args: ArgumentsOf<Api[Name]>
  ) => Name extends `${string}$` ? Observable<Streamed<ResultOf<Api[Name]>>> : Deferred<Settled<ResultOf<Api[Name]>>>;
};

type Exposable = ((...args: never[]) => unknown) | Observable<unknown>;
type ArgumentsOf<Member> = Member extends (...args: infer Args) => unknown ? Args : [];
type ResultOf<Member> = Member extends (...args: never[]) => infer Out ? Out : Member;
/** What a stream of this gives. */
type Streamed<Out> =
  Out extends Observable<infer Value> ? Value : Out extends PromiseLike<infer Value> ? Streamed<Value> : Out;

/** The far side by name. A thing with a `then` would be taken for a promise, one with a `lift` for an Observable: these cannot be called. */
export function remoteOf<Api>(caller: Caller): Remote<Api> {
  return new Proxy(Object.create(null) as object, {
    get(_, name) {
      if (typeof name !== 'string' || notCalled.has(name)) return undefined;
      if (name.endsWith('$')) return (...args: unknown[]) => caller.stream(name, args);
      return (...args: unknown[]) => caller.call(name, args);
    },
  }) as Remote<Api>;
}

const notCalled: ReadonlySet<string> = new Set(['then', 'lift']);
