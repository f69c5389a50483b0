/**
 * The bounds of a transaction: begun before the work, committed when it returns, rolled back when it throws or is called off.
 * Knows: in which order, and what to say when an end is in doubt. Does not know: SQL but for the bounds it is given.
 */
import { Deferred } from '../../Deferred.ts';
import { succeed } from '../../deferred/constructors.ts';
import { gatherResults } from '../../deferred/joins.ts';
import { inlineCallbacks, type Steps } from '../../deferred/inlineCallbacks.ts';
import { Cancelled } from '../../errors.ts';
import type { Session } from './Session.ts';

export interface Bounds {
  readonly begin: string;
  readonly commit: string;
  /** One after the other. */
  readonly rollback: readonly string[];
}

export interface Transacting<Out> {
  readonly result: Deferred<Out>;
  /** Fires once the connection is free: a rollback may go on after the failure was told. Never fails. */
  readonly over: Deferred<void>;
}

/** Runs `work` inside of the bounds. `ended` is called before the last bound: nobody may ask any more, and why. */
export function transacting<Out>(
  session: Session,
  bounds: Bounds,
  work: () => unknown,
  ended: (reason: unknown) => void,
): Transacting<Out> {
  const over = new Deferred<void>();
  let phase: 'beginning' | 'working' | 'committing' | 'over' = 'beginning';
  /** What is waited for: the bound, or the work. */
  let current: Deferred<unknown>;

  const finish = (): void => {
    phase = 'over';
    over.callback();
  };
  /** Undoes everything; if even that cannot be done, the connection is given up, which undoes it, too. */
  const undo = (reason: unknown, then: () => void): void => {
    phase = 'over';
    ended(reason);
    gatherResults(bounds.rollback.map((sql) => session.control(sql)))
      .addErrback(() => session.connection.abort())
      .addCallback(() => {
        finish();
        then();
      });
  };
  const failed = (reason: unknown): void => {
    // Whoever called it off has been told, and the undoing is on its way.
    if (phase === 'over') return;
    const tell = (): void => {
      if (!result.called) result.errback(reason);
    };
    if (phase !== 'beginning') return undo(reason, tell);
    ended(reason);
    finish();
    tell();
  };
  const commit = (value: Out): void => {
    if (phase === 'over') return;
    phase = 'committing';
    ended(undefined);
    current = session.control(bounds.commit);
    current.addCallbacks(() => {
      finish();
      if (!result.called) result.callback(value);
    }, failed);
  };
  const begun = (): void => {
    if (phase === 'over') return;
    phase = 'working';
    const working = succeed(undefined).addCallback(() => steps(work()));
    current = working;
    working.addCallbacks((value) => commit(value as Out), failed);
  };

  const result = new Deferred<Out>({
    canceller() {
      const reason = new Cancelled(
        phase === 'committing' ? 'cancelled while it was committed: whether it was is not known' : undefined,
      );
      result.errback(reason);
      if (phase === 'committing') return;
      // What is on its way fails first; whatever the work makes of that, nothing of it stays.
      phase = 'over';
      ended(reason);
      current.markHandled().cancel();
      undo(reason, () => {});
    },
  });
  current = session.control(bounds.begin);
  current.addCallbacks(begun, failed);
  return { result, over };
}

/** A generator is straight code that yields what it waits for; everything else is a result, or one that is still to come. */
function steps(out: unknown): unknown {
  const generator = out as Partial<Steps<unknown>> | null | undefined;
  if (typeof generator?.next !== 'function' || typeof generator.throw !== 'function') return out;
  return inlineCallbacks(() => generator as Steps<unknown>)();
}
