/**
 * A cursor as an Observable that can be held: one batch is delivered while the next one is fetched.
 * Knows: batches, pressure, in what order things end. Does not know: where the cursor comes from.
 */
import { Observable, type SchedulerLike } from 'rxjs';
import type { Deferred } from '../../Deferred.ts';
import { feed, HoldGroup, joinSink } from '../../flow.ts';
import type { Batch, Cursor, Row } from './Driver.ts';

/** A cursor, and what must be done once nobody reads it any more. */
export interface OpenCursor {
  readonly cursor: Cursor;
  /** It was read to its end. */
  finish(): Deferred<unknown>;
  /** It was left before, or has failed. */
  abandon(): void;
}

export interface ReadingOptions {
  /** For those who ask what is held. */
  readonly name: string;
  readonly scheduler: SchedulerLike;
  /** How long the database may take for each batch. */
  readonly timeout: number | undefined;
}

/** Opens a cursor for each subscriber, and closes it when that one leaves. While it is held, nothing is fetched. */
export function reading<T>(open: () => Deferred<OpenCursor>, options: ReadingOptions): Observable<T> {
  const { name, scheduler, timeout } = options;
  const timed = <V>(work: Deferred<V>): Deferred<V> =>
    timeout === undefined ? work : (work.addTimeout(timeout, { scheduler }) as Deferred<V>);
  return new Observable<T>((subscriber) => {
    let opened: OpenCursor | undefined;
    /** What the database is asked at the moment. */
    let asking: Deferred<unknown> | undefined;
    /** The rows that are delivered now, and which of them is next. */
    let rows: readonly Row[] = [];
    let place = 0;
    /** The rows that come after them, once they are there. */
    let following: Batch | undefined;
    let lastFetched = false;
    let delivering = false;
    let finished = false;

    const group = new HoldGroup({
      pause() {},
      // In a turn of its own: who lets go is in the middle of something.
      resume: () => subscriber.add(scheduler.schedule(deliver)),
      now: () => scheduler.now(),
      toString: () => name,
    });

    const ask = <V>(work: Deferred<V>, then: (answer: V) => void): void => {
      asking = work;
      work.addCallbacks(
        (answer) => {
          asking = undefined;
          then(answer);
        },
        (error) => {
          asking = undefined;
          subscriber.error(error);
        },
      );
    };
    const fetch = (): void => {
      if (asking !== undefined || following !== undefined || lastFetched || opened === undefined) return;
      ask(timed(opened.cursor.next()), fetched);
    };
    const fetched = (batch: Batch): void => {
      lastFetched = batch.last;
      following = batch;
      deliver();
    };
    const finish = (): void => {
      finished = true;
      ask(opened!.finish(), () => subscriber.complete());
    };
    const deliver = (): void => {
      if (delivering || finished) return;
      delivering = true;
      while (!group.held && !subscriber.closed) {
        if (place < rows.length) feed(group, subscriber, rows[place++] as T);
        else if (following !== undefined) {
          ({ rows } = following);
          place = 0;
          following = undefined;
          fetch();
        } else {
          if (lastFetched) finish();
          else fetch();
          break;
        }
      }
      delivering = false;
    };

    const sink = joinSink(group);
    subscriber.add(() => {
      sink?.leave(group);
      rows = [];
      following = undefined;
      if (finished) return;
      asking?.markHandled().cancel();
      opened?.abandon();
    });
    ask(timed(open()), (open) => {
      opened = open;
      fetched(open.cursor.first);
    });
  });
}
