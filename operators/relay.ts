/**
 * One connection carried on by another: the heart of a proxy.
 * Knows: both directions, and how each end is passed on. Does not know: who dials, what is carried.
 */
import { Observable } from 'rxjs';
import type { Duplex } from '../src/Duplex.ts';
import type { Protocol } from '../src/Protocol.ts';
import { sendTo } from './sendTo.ts';

/**
 * A protocol that hands everything on to `target` and back, with pressure both ways.
 *
 * In plain words: the first duplex that `target` emits speaks for us. Nothing is read before it is there. Half-close is
 * passed on each way; an abort or a loss on one side aborts the other; leaving closes the target. A cold target, such as
 * `connect(...)`, is subscribed for each connection served. Errors with what the target errors with; a target that
 * completes without a duplex ends the conversation.
 *
 * ```ts
 * listen('tcp:8080').pipe(serve(relay(connect('tcp:127.0.0.1:80')))).subscribe();
 * ```
 * ```ts
 * const { listen, connect, dial } = memory();
 * const far = listen('memory:far').pipe(serve(over(lines(), map((line) => line.toUpperCase())))).subscribe();
 * const near = listen('memory:near').pipe(serve(relay(connect('memory:far')))).subscribe();
 * dial('memory:near').addCallback((connection) => {
 *   connection.over(lines()).subscribe(console.log);        // => HELLO
 *   connection.next(bytes('hello\n'));
 *   connection.complete();                                  // passed on, and so is the answer to it
 *   connection.closed.addCallback(({ kind }) => {
 *     console.log(kind);                                    // => done
 *     near.unsubscribe();
 *     far.unsubscribe();
 *   });
 * });
 * ```
 */
export function relay<T>(target: Observable<Duplex<T>>): Protocol<T> {
  return (incoming, connection) =>
    new Observable<T>((subscriber) => {
      let joined = false;
      let open = 2;
      const halfDone = (): void => {
        if (--open === 0) subscriber.complete();
      };
      const join = (duplex: Duplex<T>): void => {
        joined = true;
        subscriber.add(
          incoming
            .pipe(sendTo(duplex))
            .subscribe({ error: (error: unknown) => subscriber.error(error), complete: halfDone }),
        );
        subscriber.add(
          duplex.subscribe({
            next: (value) => subscriber.next(value),
            error: (error: unknown) => subscriber.error(error),
            complete() {
              // Not `subscriber.complete()`: that would end the other direction too.
              connection.complete();
              halfDone();
            },
          }),
        );
      };
      subscriber.add(
        target.subscribe({
          next(duplex) {
            if (!joined) join(duplex);
          },
          error: (error: unknown) => subscriber.error(error),
          complete() {
            if (!joined) subscriber.complete();
          },
        }),
      );
    });
}
