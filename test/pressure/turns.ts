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

/** As {@link turns}, but at most so many pieces of work in each millisecond: fast, and on a fast machine not faster. */
export function paced(perMillisecond: number): SchedulerLike {
  let done = 0;
  let during = 0;
  return {
    now: () => turns.now(),
    schedule<T>(work: Work<T>, delay = 0, state?: T): Subscription {
      const now = turns.now();
      if (now !== during) [during, done] = [now, 0];
      const later = ++done > perMillisecond ? 1 : 0;
      return turns.schedule(work as (this: SchedulerAction<T>, state?: T) => void, Math.max(delay, later), state);
    },
  };
}
