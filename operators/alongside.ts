/**
 * Hearing something shared for as long as a conversation lasts.
 * Knows: merging, and whom not to wait for. Does not know: rooms, connections.
 */
import { Observable, type Subscription } from 'rxjs';
import { LimitExceeded } from '../src/errors.ts';
import { feed as deliver, HoldGroup, subscribingFor } from '../src/flow.ts';

export interface AlongsideOptions {
  /** How far whoever listens may fall behind the feed, in bytes unsent (1 MiB). */
  readonly limit?: number;
}

/**
 * Emits what `feed` emits alongside the source, for as long as the source lives.
 *
 * In plain words: hear the room while I am here. The feed is subscribed first, and left when the source ends.
 * One who does not keep up must not hold the others: the feed is never held. Once more than `limit` bytes wait to be
 * sent to this listener, the result errors with {@link LimitExceeded}, which drops that connection and no other.
 *
 * ```marbles
 * -a-b----|
 * alongside(feed)
 * -a1b-2--|
 *
 * feed = hot('--1--2--')
 * ```
 * ```ts
 * const chat: Protocol<string> = (said, me) =>
 *   said.pipe(tap((line) => room.next(`${me.remote}: ${line}`)), ignoreElements(), alongside(room));
 * ```
 */
export function alongside<F>(
  feed: Observable<F>,
  { limit = 1 << 20 }: AlongsideOptions = {},
): <T>(source: Observable<T>) => Observable<T | F> {
  return <T>(source: Observable<T>) =>
    new Observable<T | F>((subscriber) => {
      // A group that stands for the feed and cannot pause it: who holds it is who falls behind.
      const group = new HoldGroup(unstoppable);
      const hearing: Subscription = subscribingFor(undefined, () =>
        feed.subscribe({
          next(value) {
            const behind = group.held ? group.holds.find(({ holder }) => holder.backlog > limit) : undefined;
            if (behind === undefined) deliver(group, subscriber, value);
            else {
              const { holder } = behind;
              subscriber.error(
                new LimitExceeded(
                  `${holder} falls behind: ${holder.backlog} bytes unsent, the limit is ${limit} bytes`,
                  limit,
                ),
              );
            }
          },
          error: (error: unknown) => subscriber.error(error),
        }),
      );
      subscriber.add(hearing);
      subscriber.add(source.subscribe(subscriber));
    });
}

const unstoppable = { pause() {}, resume() {}, now: () => 0 };
