/**
 * A pool of threads, as its users see it.
 * Knows: names and types. Does not know: how threads are made, and how work gets to them.
 */
// `Disposable`, for those whose TypeScript knows no newer library than ES2022.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable } from 'rxjs';
import type { Settled } from '../deferred/awaitable.ts';
import type { Deferred } from '../Deferred.ts';
import type { Service } from '../Service.ts';

/** The exports of a module of which nothing is known: any name, any arguments. */
export type AnyModule = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** A function as a thread has it; what it uses as `this` is its {@link Job}. */
type Work = (this: never, ...args: never[]) => unknown;

/** The names of a module's functions. */
export type FunctionsOf<Module> = { [Name in keyof Module]: Module[Name] extends Work ? Name : never }[keyof Module] &
  string;

/** The arguments of a function. */
export type ArgumentsOf<Fn> = Fn extends (...args: infer Args) => unknown ? Args : never;

/** What calling a function in a thread gives: promises, Deferreds and Observables (their last value) are waited for there. */
export type ResultOf<Fn> = Fn extends (this: never, ...args: never[]) => infer Result ? Settled<Result> : never;

/** What streaming from a function gives: the values of an Observable or of an iterable; anything else is a stream of one value. */
export type ValuesOf<Fn> = Fn extends (this: never, ...args: never[]) => infer Result ? Streamed<Result> : never;

type Streamed<Result> =
  Result extends Observable<infer Value>
    ? Value
    : Result extends PromiseLike<infer Value>
      ? Streamed<Value>
      : Result extends string | ArrayBufferView
        ? Result
        : Result extends AsyncIterable<infer Value> | Iterable<infer Value>
          ? Value
          : Result;

/** What a pool is doing, and what it has done. */
export interface PoolState {
  /** How many threads it may have. */
  readonly size: number;
  /** How many it has. */
  readonly threads: number;
  /** How many of them work. */
  readonly busy: number;
  /** How many calls and streams wait for a thread. */
  readonly waiting: number;
  /** How many are with a thread. */
  readonly running: number;
  /** How many have ended well, ever. */
  readonly done: number;
  /** How many have failed, or were called off, ever. */
  readonly failed: number;
  /** How many threads were lost and had to be replaced, ever. */
  readonly lost: number;
  readonly phase: 'open' | 'closing' | 'closed';
}

/** What a job knows of itself, in its thread: `this`, or `thisJob()`. */
export interface Job {
  /** Aborted when the job is called off. `signal.aborted` tells it in the middle of a loop, too. */
  readonly signal: AbortSignal;
  /** The pool's `data`. */
  readonly data: unknown;
  /** Asks the main thread one of the pool's `answers`, and waits: the thread does nothing else meanwhile. */
  ask(question: string, ...args: readonly unknown[]): unknown;
}

declare const functions: unique symbol;

/**
 * Threads that do the work of a module's functions. The results arrive here, in the thread that called.
 *
 * A thread does one job (a call, or a stream) at a time. Jobs start in the order of their calls, on whichever thread is free
 * first; those that take less than a millisecond or so are given to a thread several at once.
 */
export interface ThreadPool<Module = AnyModule> {
  /** In types only: whose functions it calls, for operators that take a pool. */
  readonly [functions]?: Module;
  /** How many threads it may have; they are started as they are needed. */
  readonly size: number;
  /**
   * Calls a function in a thread: one result. Cancelling the Deferred takes a job that has not begun out of the queue; one
   * that runs is told (its signal is aborted), and if it goes on for longer than the pool's `grace`, its thread is replaced.
   *
   * Fails with what the function throws, of the same class if that is one of Ropewalk's, of JavaScript's or of the pool's
   * `errors`; with {@link QueueOverflow} when too many wait, {@link UnknownFunction}, {@link NotCloneable},
   * {@link ModuleNotLoaded}, {@link ThreadCrashed}, {@link PoolClosed}, {@link TimedOut}.
   */
  call<Name extends FunctionsOf<Module>>(
    name: Name,
    ...args: ArgumentsOf<Module[Name]>
  ): Deferred<ResultOf<Module[Name]>>;
  /**
   * Many results: what the function's Observable, generator or (async) iterable gives. Cold: each subscription is a job, and
   * unsubscribing ends the work in the thread as cancelling a call does. A slow consumer holds the thread: past a window of
   * values its work stands still. Errors as {@link call} does.
   */
  stream<Name extends FunctionsOf<Module>>(
    name: Name,
    ...args: ArgumentsOf<Module[Name]>
  ): Observable<ValuesOf<Module[Name]>>;
  /** Calls a function that is sent along, as text: it may use its arguments and what every thread has, nothing from around it. */
  run<Fn extends Work>(fn: Fn, ...args: ArgumentsOf<Fn>): Deferred<ResultOf<Fn>>;
  /** What it is doing now. */
  readonly state: PoolState;
  /** What it is doing: now, and whenever that has changed, at most once a turn. Completes with the pool. */
  readonly state$: Observable<PoolState>;
  /** Takes no more work, does what was asked for, then ends its threads. Fires when they are gone. */
  close(): Deferred<void>;
  /** Ends its threads now. What waits or runs fails with {@link PoolClosed}. */
  abort(): void;
  [Symbol.dispose](): void;
  /** The pool as a part of a program: told to stop it closes, and it is over when its work is; unsubscribed it aborts. */
  readonly service: Service;
}
