/**
 * A scheduler of rxjs on a foreign loop.
 * Knows: order, slices of time, what a piece of work that throws does not break. Does not know: which loop it is.
 */
import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { report } from '../deferred/unhandled.ts';
import type { ForeignLoop } from './ForeignLoop.ts';

export interface LoopSchedulerOptions {
  /** Milliseconds that one turn of the loop is used for at most (8: half of a frame at 60 Hz). The rest has its turn later. */
  readonly slice?: number;
}

type Work<T> = (this: SchedulerAction<T>, state?: T) => void;

/**
 * A scheduler whose work is done in turns of a foreign loop: `observeOn(loop.scheduler)` is how values get to a window.
 *
 * In plain words: what is scheduled for now is done in order, in the loop's next turn, as much of it as fits into a slice of
 * time; a flood of values leaves the window its time to be drawn. What is scheduled meanwhile waits for the turn after. Work
 * that throws is reported as rxjs reports it (`config.onUnhandledError`, else the host); the rest is done all the same.
 *
 * ```ts
 * const scheduler = loopScheduler(loop);
 * hits$.pipe(observeOn(scheduler)).subscribe((hits) => label.setText(`${hits} hits`));
 * ```
 * Source: the contract of {@link ForeignLoop}, and of rxjs's `SchedulerLike`.
 */
export function loopScheduler(loop: ForeignLoop, { slice = 8 }: LoopSchedulerOptions = {}): SchedulerLike {
  return new Turns(loop, slice);
}

class Turns implements SchedulerLike {
  readonly loop: ForeignLoop;
  private readonly slice: number;
  /** What the next turn is for, in order. */
  private queue: Task<unknown>[] = [];
  /** How many of them are done already. */
  private done = 0;
  private awaited = false;

  constructor(loop: ForeignLoop, slice: number) {
    this.loop = loop;
    this.slice = slice;
  }

  now(): number {
    return this.loop.now();
  }

  schedule<T>(work: Work<T>, delay = 0, state?: T): Subscription {
    return new Task(this, work).schedule(state, delay);
  }

  enqueue(task: Task<unknown>): void {
    this.queue.push(task);
    this.awaitTurn();
  }

  private awaitTurn(): void {
    if (this.awaited) return;
    this.awaited = true;
    this.loop.later(() => this.turn(), 0);
  }

  private turn(): void {
    const end = this.now() + this.slice;
    const last = this.queue.length;
    do this.queue[this.done++].run();
    while (this.done < last && this.now() < end);
    if (this.done === this.queue.length || this.done > worthMoving) {
      this.queue = this.queue.slice(this.done);
      this.done = 0;
    }
    this.awaited = false;
    if (this.queue.length > 0) this.awaitTurn();
  }
}

/** So many tasks that are done may stay in the queue. */
const worthMoving = 1024;

/** A piece of work, which may schedule itself again while it is done. */
class Task<T> extends Subscription implements SchedulerAction<T> {
  private readonly turns: Turns;
  private readonly work: Work<T>;
  private state: T | undefined;
  private planned = false;

  constructor(turns: Turns, work: Work<T>) {
    super();
    this.turns = turns;
    this.work = work;
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this;
    this.state = state;
    this.planned = true;
    if (delay <= 0) {
      this.turns.enqueue(this as Task<unknown>);
      return this;
    }
    const callOff = this.turns.loop.later(() => {
      this.remove(callOff);
      this.run();
    }, delay);
    this.add(callOff);
    return this;
  }

  run(): void {
    if (this.closed || !this.planned) return;
    this.planned = false;
    try {
      this.work(this.state);
    } catch (error) {
      this.planned = false;
      report(error);
    }
    // It has not asked for another turn: whoever keeps it may forget it.
    if (!this.planned) this.unsubscribe();
  }
}
