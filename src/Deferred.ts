/**
 * The Deferred: a single-value Subject whose result a chain of callbacks and errbacks transforms (Twisted's semantics,
 * told in numbered rules, which the tests cite).
 * Knows: firing, the chain, waiting for another Deferred, pausing, cancelling, timing out, being looked at as an
 * Observable. Does not know: what anybody waits for.
 * It is a Subject to look at, not inside: the chain is one flat list with its first pair in fields, run by one loop;
 * RxJS's machinery is built only when somebody subscribes.
 */
import { asyncScheduler, EmptyError, noop, Observable, Subject } from 'rxjs';
import type { Observer, SchedulerLike, Subscriber, Subscription } from 'rxjs';
import { brand } from './brand.ts';
import { isAwaitable, refuseAwaitable } from './deferred/awaitable.ts';
import type { Awaitable, Settled } from './deferred/awaitable.ts';
import { Again, stillFailing } from './deferred/answers.ts';
import { attend, open } from './deferred/attend.ts';
import { inContext } from './deferred/context.ts';
import { getDebugging, startTrace, tell } from './deferred/debugging.ts';
import { Lookers, showFailure, showValue } from './deferred/Lookers.ts';
import { describe } from './deferred/describe.ts';
import { Particulars } from './deferred/Particulars.ts';
import { endOfNextTurn, report } from './deferred/unhandled.ts';
import { AlreadyCalledError, Cancelled, TimedOut } from './errors.ts';

export interface DeferredOptions<T> {
  /** Stops the work when the Deferred is cancelled. It may fire the Deferred itself; else `Cancelled` is the failure. */
  readonly canceller?: (deferred: Deferred<T>) => void;
  /** Aborting it is `cancel()`. */
  readonly signal?: AbortSignal;
  /** A name for `toString()`. */
  readonly label?: string;
}

export interface TimeoutOptions<Out = never> {
  /** Where the timer runs; `asyncScheduler` unless told. */
  readonly scheduler?: SchedulerLike;
  /** Called with the `Cancelled` that the expiry caused, instead of failing with `TimedOut`; may return a value. */
  readonly onTimeout?: (reason: Cancelled) => Out;
}

/** How something ended. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** A class of errors, also an abstract one, for `errback(Type, fn)`. */
export type ErrorType<E> = abstract new (...args: never[]) => E;

declare const inHand: unique symbol;
/** In types only: the failure that `addBoth` hands to its function, so that handing it back leaves no trace in the type. */
export interface Failure {
  readonly [inHand]: true;
}

/** What can be fired, seen from the side that fires. */
interface Fireable<T> {
  callback(value: T): void;
  errback(reason: unknown): void;
}

type Handler = (result: never) => unknown;
/** One side of a link: nothing, a function, somebody looking, or the outer Deferred that waits for this one. */
type Step = null | Handler | Lookers<never> | Deferred<unknown>;

/** Where the result stands. */
const WAITING = 0;
const VALUE = 1;
const FAILURE = 2;

/** What became of a failure, as far as reporting goes (rule 38). */
const UNSEEN = 0;
const WATCHED = 1;
const HANDLED = 2;

/** Links that ran stay in the list until they are this many, and more than those ahead. The last one may run again. */
const KEPT_BEHIND = 64;

/**
 * A result that is not there yet, and the chain of functions that will transform it.
 *
 * In plain words: whoever makes it fires it once, with `callback(value)` or `errback(reason)`; whoever got it says what
 * happens then. The functions run at once, on the stack of whoever fired, in the order added, and what one returns is
 * what the next one gets. One may return another Deferred, a promise or an Observable: the chain stops until its result
 * is there. `cancel()` calls the work off.
 *
 * As an Observable it gives one value and completes, or errors, now or later: the result as it stands at that place of
 * the chain. Subscribing changes nothing, unsubscribing only stops looking. Methods change this Deferred for everyone
 * after; operators derive a new stream. A failure that nobody has handled by the end of the next turn of the event loop
 * is reported once, where RxJS reports its own (`config.onUnhandledError`, else the host).
 *
 * ```ts
 * const address = new Deferred<string>();
 * address
 *   .addCallback((ip) => ip.split('.').map(Number))
 *   .addErrback(UnknownHost, () => [0, 0, 0, 0])
 *   .subscribe((octets) => console.log(octets)); // [ 127, 0, 0, 1 ]
 * address.callback('127.0.0.1');
 * ```
 */
export class Deferred<T> extends Subject<T> implements PromiseLike<T> {
  /** `Subject`'s own list stays empty; saying so makes `Deferred<string>` a `Deferred<unknown>`, too. */
  declare observers: never[];

  private state = WAITING;
  private outcome: unknown = undefined;
  private fired = false;
  /** A callback of this Deferred is on the stack, or an outer one that just took its result. */
  private running = false;
  private pauses = 0;
  private care = UNSEEN;
  /** What this Deferred waits for, since a callback returned it. */
  private inner: Deferred<unknown> | null = null;

  // The chain: links from `place` to `count` are still to run; the first one is in fields, the others are in `rest`.
  private place = 0;
  private count = 0;
  private ok: Step = null;
  private no: Step = null;
  private rest: Step[] | null = null;

  private particulars: Particulars | null = null;

  constructor(options?: DeferredOptions<T>) {
    super();
    if (options !== undefined || getDebugging()) this.note(options);
  }

  /** Whether it has been fired. Its result may still be on its way: paused, or waiting for another Deferred. */
  get called(): boolean {
    return this.fired;
  }

  get paused(): boolean {
    return this.pauses > 0;
  }

  /** The result as it stands, for inspection: `undefined` while there is none. */
  get result(): Result<T> | undefined {
    if (this.state === WAITING) return undefined;
    return this.state === VALUE ? { ok: true, value: this.outcome as T } : { ok: false, error: this.outcome };
  }

  /** Whether somebody is subscribed and has not had the result yet. */
  override get observed(): boolean {
    for (let at = this.place; at < this.count; at++) {
      const step = this.okAt(at);
      if (step instanceof Lookers && step.some) return true;
    }
    return false;
  }

  /**
   * Fires with a value: the chain runs now, before this returns.
   * Throws `AlreadyCalledError` when it was fired before (rule 1), and `TypeError` for a Deferred, a promise or an
   * Observable (rule 9): chain those by returning them from a callback.
   */
  callback(value: T): void {
    refuseAwaitable(value);
    this.fire(VALUE, value);
  }

  /** Fires with a failure, which may be any value. Throws `AlreadyCalledError` when it was fired before (rule 1). */
  errback(reason: unknown): void {
    this.fire(FAILURE, reason);
  }

  /** As an Observer: the same as {@link callback}. */
  override next(value: T): void {
    this.callback(value);
  }

  /** As an Observer: the same as {@link errback}. */
  override error(reason: unknown): void {
    this.errback(reason);
  }

  /** As an Observer: an end before any value is the failure `EmptyError`; after it, nothing. */
  override complete(): void {
    if (!this.fired) this.errback(new EmptyError());
  }

  /** As a Subscription (`subscription.add(deferred)`): whoever is torn down with it calls the work off and looks away. */
  override unsubscribe(): void {
    this.markHandled();
    this.cancel();
  }

  /** On a value, the function's result is the next one's argument (rule 4); failures pass (rule 7). */
  addCallback<Out>(fn: (value: T) => Out): Deferred<Settled<Out>> {
    return this.add(inContext(fn), null);
  }

  /**
   * On a failure, the function's result is the next callback's argument (rule 5); values pass (rule 7). With a class of
   * errors only that family is handled, the others pass (rule 8).
   */
  addErrback<Out>(fn: (reason: unknown) => Out): Deferred<T | Settled<Out>>;
  addErrback<E, Out>(type: ErrorType<E>, fn: (reason: E) => Out): Deferred<T | Settled<Out>>;
  addErrback<E>(...args: [(reason: unknown) => unknown] | [ErrorType<E>, (reason: E) => unknown]): Deferred<never> {
    return this.add(null, inContext(args.length === 1 ? args[0] : only(args[0], args[1])));
  }

  /** One for values, one for failures: `no` never sees an error of `ok` (rule 6). */
  addCallbacks<Out, Other>(
    ok: (value: T) => Out,
    no: (reason: unknown) => Other,
  ): Deferred<Settled<Out> | Settled<Other>> {
    return this.add(inContext(ok), inContext(no));
  }

  /**
   * The function runs on a value and on a failure. Handing back the failure it was given lets it pass, so that cleaning
   * up in mid-chain needs no test; any other result is a value.
   *
   * ```ts
   * fail(new Error('lost')).addBoth((result) => {
   *   console.log('closing'); // closing
   *   return result;
   * }); // still fails with 'lost'
   * ```
   */
  addBoth<Out>(fn: (result: T | Failure) => Out): Deferred<Settled<Exclude<Out, Failure>>> {
    const both = inContext(fn) as (result: unknown) => unknown;
    return this.add(both, (failure: unknown) => {
      const result = both(failure);
      return result === failure ? stillFailing : result;
    });
  }

  /** This one's result fires `other`, never the reverse (rule 23); callbacks added here afterwards get `undefined`. */
  chainDeferred(other: Fireable<T>): Deferred<void> {
    return this.addCallbacks(
      (value) => other.callback(value),
      (reason) => other.errback(reason),
    );
  }

  /**
   * Cancels unless what was added before has a result within `ms` milliseconds (rule 33). The failure is then `TimedOut`
   * (or what `onTimeout` makes of it), unless the canceller or an earlier errback had a better answer (rules 35 to 37).
   *
   * ```ts
   * new Deferred<number>().addTimeout(5_000).addErrback(TimedOut, () => 0);
   * ```
   */
  addTimeout<Out = never>(ms: number, options: TimeoutOptions<Out> = {}): Deferred<T | Settled<Out>> {
    const { scheduler = asyncScheduler, onTimeout = timedOut(ms) } = options;
    let expired = false;
    const timer = scheduler.schedule(() => {
      expired = true;
      this.cancel();
    }, ms);
    return this.add(
      (value: T) => {
        timer.unsubscribe();
        return value;
      },
      (reason: unknown) => {
        timer.unsubscribe();
        return expired && reason instanceof Cancelled ? onTimeout(reason) : stillFailing;
      },
    );
  }

  /** Holds the chain back. Counts: it goes on when `unpause()` was called as often (rule 25). */
  pause(): void {
    this.pauses++;
  }

  /** Undoes one `pause()`. Throws `RangeError` when there is none. */
  unpause(): void {
    if (this.pauses === 0) throw new RangeError('unpause() without pause()');
    this.pauses--;
    this.go();
  }

  /**
   * Calls the work off: a Deferred that waits for another one forwards this (rule 30); one that was not fired runs its
   * canceller, and fails with `Cancelled` unless that fired it (rules 26 to 29). Harmless in every other state, and as
   * often as you like.
   */
  cancel(): void {
    Deferred.innermost(this)?.callOff();
  }

  /** This Deferred's failures are nobody's business: they are never reported as unhandled (rule 39). */
  markHandled(): this {
    this.noted().muted = true;
    return this;
  }

  /** What makes `await` work. It looks, and leaves the chain as it is (rule 49). */
  then<Out = T, Other = never>(
    onfulfilled?: ((value: T) => Out | PromiseLike<Out>) | null,
    onrejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<Out | Other> {
    return new Promise<T>((resolve, reject) => this.subscribe({ next: resolve, error: reject })).then(
      onfulfilled,
      onrejected,
    );
  }

  /** One value and completion, or an error; without an error handler the failure is still nobody's (rule 39). */
  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((reason: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    const observer =
      typeof observerOrNext === 'object' && observerOrNext !== null
        ? observerOrNext
        : { next: observerOrNext ?? undefined, error: error ?? undefined, complete: complete ?? undefined };
    const handles = observer.error !== undefined;
    const looking = new Observable<T>((subscriber) => this.look(subscriber as Subscriber<never>, handles));
    return looking.subscribe(handles ? observer : quiet(observer));
  }

  /** Its label and how it stands: `Deferred(dial) waiting on Deferred(lookup)`. */
  override toString(): string {
    const label = this.particulars?.label;
    const name = label === undefined ? 'Deferred' : `Deferred(${label})`;
    if (this.inner !== null) return `${name} waiting on ${this.inner.particulars?.label ?? 'another Deferred'}`;
    if (this.state === WAITING) return `${name} not called yet`;
    return `${name} ${this.state === VALUE ? 'has' : 'failed with'} ${describe(this.outcome)}`;
  }

  /** The one whose work all others wait for; nobody's where Deferreds wait for each other in a circle. */
  private static innermost(outer: Deferred<unknown>): Deferred<unknown> | undefined {
    let working = outer;
    // Goes at half the pace, so that in a circle it is overtaken.
    let behind = outer;
    for (let steps = 1; working.inner !== null; steps++) {
      working = working.inner;
      if (steps % 2 === 0) behind = behind.inner!;
      if (working === behind) return undefined;
    }
    return working;
  }

  private note({ label, canceller, signal }: DeferredOptions<T> = {}): void {
    const noted = this.noted();
    noted.label = label;
    noted.canceller = canceller ?? null;
    noted.trace = startTrace();
    if (signal !== undefined) noted.obey(signal, () => this.cancel());
  }

  private noted(): Particulars {
    return (this.particulars ??= new Particulars());
  }

  private fire(state: number, outcome: unknown): void {
    if (this.fired) return this.firedAgain();
    this.fired = true;
    if (this.particulars !== null) this.particulars.fired();
    this.state = state;
    this.outcome = outcome;
    this.go();
  }

  private firedAgain(): void {
    const { swallows, trace } = this.noted();
    if (!swallows) throw new AlreadyCalledError(`${this} was fired already`, trace && { cause: tell(trace) });
    this.noted().swallows = false;
  }

  private callOff(): void {
    if (this.fired) return;
    const noted = this.noted();
    if (noted.cancelling) return;
    noted.cancelling = true;
    if (noted.canceller === null) noted.swallows = true;
    else attempt(noted.canceller, this);
    if (!this.fired) this.errback(new Cancelled());
  }

  private look(subscriber: Subscriber<never>, handles: boolean): (() => void) | void {
    if (this.state === WAITING || this.running || this.pauses > 0) {
      const lookers = this.lookersAtEnd();
      lookers.add(subscriber, handles);
      return () => lookers.delete(subscriber);
    }
    if (this.state === VALUE) return showValue(subscriber, this.outcome as never);
    if (handles) this.care = HANDLED;
    showFailure(subscriber, this.outcome);
  }

  /** Those who look at the same place share one link: looking and leaving again, any number of times, leaves nothing. */
  private lookersAtEnd(): Lookers<never> {
    const last = this.count > this.place ? this.okAt(this.count - 1) : null;
    if (last instanceof Lookers) return last;
    const lookers = new Lookers<never>();
    this.add(lookers, lookers);
    return lookers;
  }

  private okAt(at: number): Step {
    return at === 0 ? this.ok : this.rest![(at - 1) * 2]!;
  }

  private add(ok: Step, no: Step): Deferred<never> {
    if (this.place > KEPT_BEHIND && this.place * 2 > this.count) this.forgetWhatRan();
    const at = this.count++;
    if (at === 0) {
      this.ok = ok;
      this.no = no;
    } else if (this.rest === null) this.rest = [ok, no];
    else this.rest.push(ok, no);
    this.go();
    return this as Deferred<unknown> as Deferred<never>;
  }

  /** The first pair stays in its fields, unused, so that the arithmetic of places is the same everywhere. */
  private forgetWhatRan(): void {
    const forgotten = this.place - 2;
    this.rest!.splice(0, forgotten * 2);
    this.count -= forgotten;
    this.place = 2;
  }

  private empty(): void {
    this.place = this.count = 0;
    this.ok = this.no = this.rest = null;
  }

  /** Runs what can run, if it is not running already. */
  private go(): void {
    if (this.state === WAITING || this.running || this.pauses > 0) return;
    const outer = this.run();
    if (outer !== undefined) this.runWith(outer);
  }

  /** Depth first, as Twisted does: the outermost goes on at once, the inner ones run what was added to them afterwards. */
  private runWith(outer: Deferred<unknown>): void {
    const stack: Deferred<unknown>[] = [this, outer];
    for (let current = stack.at(-1); current !== undefined; current = stack.at(-1)) {
      const next = current.run();
      if (next === undefined) stack.pop();
      else stack.push(next);
    }
  }

  /**
   * Runs links until there are no more, or the chain is paused, or waits for an inner Deferred. Where an outer Deferred
   * waits, hands the result over and returns it: it goes on first, and this one stays `running` until its own turn
   * comes back. That way the stack does not grow with the number of Deferreds that wait for each other (rule 14).
   */
  private run(): Deferred<unknown> | undefined {
    this.running = true;
    while (this.place < this.count && this.pauses === 0 && this.state !== WAITING) {
      try {
        while (this.place < this.count && this.pauses === 0) {
          const at = this.place++;
          const failed = this.state === FAILURE;
          const step = at === 0 ? (failed ? this.no : this.ok) : this.rest![(at - 1) * 2 + (failed ? 1 : 0)]!;
          if (step === null) continue;
          if (typeof step !== 'function') {
            if (!(step instanceof Lookers)) return this.handOver(step);
            this.show(step);
            continue;
          }
          const result: unknown = step(this.outcome as never);
          if (typeof result === 'object' && result !== null) {
            if (result === stillFailing) continue;
            const again = result instanceof Again;
            if (again) this.place--;
            if (again || isAwaitable(result)) {
              this.waitFor(again ? result.awaited : result);
              if (this.inner !== null) break;
              continue;
            }
          }
          this.state = VALUE;
          this.outcome = result;
        }
      } catch (error) {
        this.state = FAILURE;
        this.outcome = error;
        this.care = UNSEEN;
      }
    }
    this.running = false;
    if (this.place === this.count && this.count > 0) this.empty();
    if (this.state === FAILURE && this.care === UNSEEN && this.pauses === 0) this.watch();
    return undefined;
  }

  private show(lookers: Lookers<never>): void {
    if (this.state === VALUE) lookers.showValue(this.outcome as never);
    else if (lookers.showFailure(this.outcome)) this.care = HANDLED;
  }

  /** The result is the outer one's now, and so is the responsibility for a failure (rules 17 and 18). */
  private handOver(outer: Deferred<unknown>): Deferred<unknown> {
    outer.inner = null;
    outer.state = this.state;
    outer.outcome = this.outcome;
    outer.care = UNSEEN;
    this.state = VALUE;
    this.outcome = undefined;
    return outer;
  }

  /** Takes the result of an inner Deferred that is ready, else lets it hand over when it is (rules 15, 16, 21, 22). */
  private waitFor(result: unknown): void {
    if (result === this) throw new TypeError('a callback returned the Deferred that it belongs to');
    const inner = isOurs(result) ? result : bridge(result as Awaitable<unknown>);
    if (inner.state === WAITING || inner.running || inner.pauses > 0) {
      this.state = WAITING;
      this.outcome = undefined;
      this.inner = inner;
      inner.add(this, this);
    } else inner.handOver(this);
  }

  /** Reports this failure, should it still be there and nobody's at the end of the next turn. */
  private watch(): void {
    this.care = WATCHED;
    const failure = this.outcome;
    endOfNextTurn(() => {
      if (this.care !== WATCHED || this.state !== FAILURE || this.outcome !== failure || this.pauses > 0) return;
      this.care = HANDLED;
      if (!this.particulars?.muted) report(failure, this.particulars?.trace);
    });
  }
}

brand(Deferred, 'Deferred');

/** An instance of this very class: one of another copy of the library is waited for from outside, as a promise is. */
function isOurs(value: unknown): value is Deferred<unknown> {
  return Function.prototype[Symbol.hasInstance].call(Deferred, value);
}

/** A promise or an Observable, as a Deferred: cancelling it unsubscribes (rule 30). */
function bridge(awaited: Awaitable<unknown>): Deferred<unknown> {
  const bridging = new Deferred<() => unknown>({ canceller: () => stop() });
  const stop = attend(awaited, bridging);
  return bridging.addCallback(open);
}

function only<E>(type: ErrorType<E>, fn: (reason: E) => unknown): (reason: unknown) => unknown {
  return (reason) => (reason instanceof type ? fn(reason) : stillFailing);
}

function timedOut(ms: number): (reason: Cancelled) => never {
  return (cause) => {
    throw new TimedOut(`no result within ${ms} ms`, { cause });
  };
}

/** What a canceller throws is reported, and stops neither the cancelling nor whoever cancels (rule 42). */
function attempt(canceller: (deferred: never) => void, deferred: unknown): void {
  try {
    canceller(deferred as never);
  } catch (error) {
    report(error);
  }
}

/** The observer without RxJS's reporting of the missing error handler: this Deferred reports by itself, and once. */
function quiet<T>(observer: Partial<Observer<T>>): Observer<T> {
  return { next: (value) => observer.next?.(value), error: noop, complete: () => observer.complete?.() };
}
