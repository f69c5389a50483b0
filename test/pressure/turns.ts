/**
 * Schedulers that leave room for others: each piece of work in a turn of the event loop of its own.
 * Knows: setImmediate. Does not know: what is scheduled. (asapScheduler works in microtasks: two that feed each other
 * would let no timer fire.)
 */
import { asyncScheduler, Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';

type Work<T> = (this: SchedulerAction<T>, state: T) => void;

export const turns: SchedulerLike = {
  now: () => asyncScheduler.now(),
  schedule<T>(work: Work<T>, delay = 0, state?: T): Subscription {
    if (delay > 0) return asyncScheduler.schedule(work as (this: SchedulerAction<T>, state?: T) => void, delay, state);
    const action = new Subscription();
    const turn = setImmediate(() => work.call(action as SchedulerAction<T>, state as T));
    action.add(() => clearImmediate(turn));
    return action;
  },
};

/** How far behind its pace (milliseconds) work may catch up: a clock that ticks every 4 ms, a collection of the heap. */
const behind = 16;

/**
 * As {@link turns}, but so many pieces of work in each millisecond: on a fast machine not faster, and on one whose timers
 * are coarse not slower, because what is late follows at once.
 */
export function paced(perMillisecond: number): SchedulerLike {
  let due = 0;
  return {
    now: () => turns.now(),
    schedule<T>(work: Work<T>, delay = 0, state?: T): Subscription {
      const now = turns.now();
      due = Math.max(due, now - behind) + 1 / perMillisecond;
      return turns.schedule(work as (this: SchedulerAction<T>, state?: T) => void, Math.max(delay, due - now), state);
    },
  };
}
