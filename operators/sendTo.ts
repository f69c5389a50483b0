/**
 * A stream written into a duplex.
 * Knows: the pressure context, how an end is passed on. Does not know: what is written.
 */
import { Observable, type OperatorFunction } from 'rxjs';
import type { CloseReason } from '../src/Connection.ts';
import type { Duplex } from '../src/Duplex.ts';
import { subscribingFor } from '../src/flow.ts';

/**
 * Writes what the source emits into `duplex`, and emits nothing.
 *
 * In plain words: `source.subscribe(duplex)` as a step of a pipeline, with pressure: while the duplex is full, the
 * sources of this pipeline are held. The source's end ends the duplex's outgoing half; its error aborts the duplex.
 * Completes when the source has completed or the duplex is closed in order; errors with the source, or with what the duplex was lost to.
 *
 * ```ts
 * connect('tcp:127.0.0.1:9').pipe(switchMap((connection) => pull(characters()).pipe(sendTo(connection)))).subscribe();
 * ```
 */
export function sendTo<In, Out>(duplex: Duplex<In, Out>): OperatorFunction<Out, never> {
  return (source) =>
    new Observable((subscriber) => {
      const { halves } = duplex.connection;
      const closed = (reason: CloseReason): void => {
        if (reason.kind === 'done') subscriber.complete();
        else subscriber.error(reason.error);
      };
      halves.onClosed(closed);
      subscriber.add(() => {
        halves.offClosed(closed);
        // Behind a `share` our source goes on without us: what is full here must not hold it up for the others.
        // Whoever else feeds this duplex is held again at its next chunk.
        halves.outbox.releaseAll();
      });
      subscriber.add(
        subscribingFor(halves.outbox, () =>
          source.subscribe({
            next: (value) => duplex.next(value),
            error(error: unknown) {
              duplex.error(error);
              subscriber.error(error);
            },
            complete() {
              duplex.complete();
              subscriber.complete();
            },
          }),
        ),
      );
    });
}
