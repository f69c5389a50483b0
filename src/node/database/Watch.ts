/**
 * How long statements take, and how long they may.
 * Knows: a clock, two limits. Does not know: what the statements do.
 */
import { Subject, type SchedulerLike } from 'rxjs';
import type { Deferred } from '../../Deferred.ts';
import { maybeDeferred } from '../../deferred/constructors.ts';

/** A statement that took longer than it should. Its values are not told: they may be secrets. */
export interface SlowQuery {
  readonly sql: string;
  /** From the question to the answer, in milliseconds. */
  readonly ms: number;
  /** How much of that was spent waiting for a connection. */
  readonly waited: number;
  /** What came of it, if it has failed, was cancelled or timed out. */
  readonly error?: unknown;
}

export class Watch {
  readonly scheduler: SchedulerLike;
  readonly slow$ = new Subject<SlowQuery>();
  private readonly slow: number;
  private readonly timeout: number | undefined;

  constructor(scheduler: SchedulerLike, slow: number, timeout: number | undefined) {
    this.scheduler = scheduler;
    this.slow = slow;
    this.timeout = timeout;
  }

  /** How long a statement may take, if there is a limit. */
  limit(own: number | undefined): number | undefined {
    return own ?? this.timeout;
  }

  /** Begins `work`, which calls `running` once it has its connection. */
  over<T>(sql: string, own: number | undefined, work: (running: () => void) => Deferred<T>): Deferred<T> {
    const { scheduler } = this;
    const asked = scheduler.now();
    let began = asked;
    const limit = this.limit(own);
    const working = maybeDeferred(work, () => (began = scheduler.now())) as Deferred<T>;
    if (limit !== undefined) working.addTimeout(limit, { scheduler });
    const notice = (failure: { readonly error?: unknown }): void => {
      const ms = scheduler.now() - asked;
      if (ms >= this.slow) this.slow$.next({ sql, ms, waited: began - asked, ...failure });
    };
    working.addCallbacks(
      (value) => {
        notice({});
        return value;
      },
      (error) => {
        notice({ error });
        throw error;
      },
    );
    return working;
  }
}
