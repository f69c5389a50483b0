/**
 * Long work in short turns, so that the event loop breathes between them.
 * Knows: whose step is next, and when a turn is over. Does not know: what the steps do.
 */
import { asyncScheduler } from 'rxjs';
import type { SchedulerLike } from 'rxjs';
import { Deferred } from '../Deferred.ts';
import { Cancelled } from '../errors.ts';
import { isAwaitable } from './awaitable.ts';
import { asDeferred } from './constructors.ts';
import { follow } from './follow.ts';

/** Milliseconds that all tasks of a scheduler may use together before the event loop has its turn. */
const TURN = 10;
/** A turn overdue by this many milliseconds will not come: it went with a virtual clock that was abandoned. */
const LOST = 1_000;

export interface CooperateOptions {
  /** How many steps may be waiting for something at a time; 1 unless told. */
  readonly parallelism?: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Runs the steps of an iterator in turns of about 10 ms, shared fairly with all other tasks of the same scheduler. A step
 * that yields a Deferred, a promise or an Observable is waited for, and meanwhile up to `parallelism` steps go on.
 * Throws `RangeError` for a parallelism below 1.
 *
 * In plain words: put a `yield` into the loop that takes too long.
 *
 * ```ts
 * let total = 0;
 * function* sum(upTo: number) {
 *   for (let n = 0; n < upTo; n++) yield (total += n);
 * }
 * cooperate(sum(1_000)).whenDone().subscribe(() => console.log(total)); // 499500
 * ```
 */
export function cooperate(work: Iterable<unknown>, options: CooperateOptions = {}): CooperativeTask {
  const { parallelism = 1, scheduler = asyncScheduler } = options;
  if (!(parallelism >= 1)) throw new RangeError(`a parallelism cannot be ${parallelism}`);
  let turns = turnsOf.get(scheduler);
  if (turns === undefined) turnsOf.set(scheduler, (turns = new Turns(scheduler)));
  return new CooperativeTask(work[Symbol.iterator](), parallelism, turns);
}

/** What `cooperate` returns. */
export class CooperativeTask {
  private readonly steps: Iterator<unknown>;
  private readonly turns: Turns;
  private readonly end = new Deferred<void>({ label: 'cooperate' });
  private pauses = 0;
  /** Strands that have not met the end of the iterator; each is ready, parked or waiting for a result. */
  private strands: number;
  /** Strands that found the task paused. */
  private parked = 0;

  constructor(steps: Iterator<unknown>, parallelism: number, turns: Turns) {
    this.steps = steps;
    this.turns = turns;
    this.strands = parallelism;
    for (let strand = 0; strand < parallelism; strand++) turns.add(this);
  }

  /** Fires after the last step; fails with what a step failed with, or with `Cancelled` after `stop()`. */
  whenDone(): Deferred<void> {
    return follow(this.end);
  }

  /** No step until `resume()` was called as often. */
  pause(): void {
    this.pauses++;
  }

  /** Undoes one `pause()`. Throws `RangeError` when there is none. */
  resume(): void {
    if (this.pauses === 0) throw new RangeError('resume() without pause()');
    if (--this.pauses > 0) return;
    for (; this.parked > 0; this.parked--) this.turns.add(this);
  }

  /** No step after this one; the iterator's `finally` runs. Harmless when the work is done. */
  stop(): void {
    if (this.end.called) return;
    this.end.markHandled();
    this.leave(new Cancelled('stopped'));
  }

  /** One step of one strand. Called by the turns. */
  step(): void {
    if (this.end.called) return;
    if (this.pauses > 0) {
      this.parked++;
      return;
    }
    let step: IteratorResult<unknown>;
    try {
      step = this.steps.next();
    } catch (error) {
      // An iterator may have stopped its own task; then that is the outcome.
      if (!this.end.called) this.end.errback(error);
      return;
    }
    if (step.done) this.strandDone();
    else if (isAwaitable(step.value)) this.waitFor(step.value);
    else this.turns.add(this);
  }

  private waitFor(awaited: unknown): void {
    asDeferred(awaited).addCallbacks(
      () => this.turns.add(this),
      (reason) => this.leave(reason),
    );
  }

  private strandDone(): void {
    if (--this.strands === 0 && !this.end.called) this.end.callback();
  }

  private leave(reason: unknown): void {
    if (this.end.called) return;
    this.end.errback(reason);
    this.steps.return?.();
  }
}

/** Whose step is next: all tasks of one scheduler take turns within one turn of the event loop. */
class Turns {
  private readonly scheduler: SchedulerLike;
  private ready: CooperativeTask[] = [];
  private planned: number | undefined;

  constructor(scheduler: SchedulerLike) {
    this.scheduler = scheduler;
  }

  add(task: CooperativeTask): void {
    this.ready.push(task);
    this.plan();
  }

  private plan(): void {
    const now = this.scheduler.now();
    if (this.planned !== undefined && Math.abs(now - this.planned) < LOST) return;
    this.planned = now;
    // Not asapScheduler: its microtasks would leave no room for what the network has to say.
    this.scheduler.schedule(() => this.turn());
  }

  private turn(): void {
    const end = this.scheduler.now() + TURN;
    do {
      const round = this.ready;
      this.ready = [];
      let next = 0;
      do round[next++]?.step();
      while (next < round.length && this.scheduler.now() < end);
      this.ready = [...round.slice(next), ...this.ready];
    } while (this.ready.length > 0 && this.scheduler.now() < end);
    this.planned = undefined;
    if (this.ready.length > 0) this.plan();
  }
}

const turnsOf = new WeakMap<SchedulerLike, Turns>();
