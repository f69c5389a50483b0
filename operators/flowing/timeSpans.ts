/**
 * The arguments that `bufferTime` and `windowTime` of RxJS take after the span: any of them may be missing.
 * Knows: which is which. Does not know: what they are for.
 */
import type { SchedulerLike } from 'rxjs';

/** An interval, a largest size, a scheduler; the scheduler is the last one, wherever that is. */
export type TimeSpanArguments = readonly (number | SchedulerLike | null | undefined | void)[];

export interface TimeSpans {
  /** Every so many milliseconds one more is opened; else one after the other. */
  readonly interval: number | undefined;
  /** So many values close it at once. */
  readonly maxSize: number;
  readonly scheduler: SchedulerLike | undefined;
}

export function timeSpans(given: TimeSpanArguments): TimeSpans {
  const last = given.at(-1);
  const scheduler = typeof last === 'object' && last !== null ? last : undefined;
  const [interval, maxSize] = scheduler === undefined ? given : given.slice(0, -1);
  return {
    interval: typeof interval === 'number' && interval >= 0 ? interval : undefined,
    maxSize: typeof maxSize === 'number' && maxSize > 0 ? maxSize : Infinity,
    scheduler,
  };
}
