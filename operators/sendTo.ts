/**
 * A stream written into a duplex.
 * Knows: the pressure context, how an end is passed on. Does not know: what is written.
 */
import { Observable, type OperatorFunction } from 'rxjs';
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
 * words$.pipe(sendTo(sort), mergeWith(sort)).subscribe();
 * ```
 */
export function sendTo<In, Out>(duplex: Duplex<In, Out>): OperatorFunction<Out, never> {
  return (source) =>
    new Observable((subscriber) => {
      const closed = duplex.closed.addCallback((reason) => {
        if (reason.kind === 'done') subscriber.complete();
        else subscriber.error(reason.error);
      });
      subscriber.add(() => closed.cancel());
      subscriber.add(
        subscribingFor(duplex.connection.halves.outbox, () =>
          source.subscribe({
            next: (value) => duplex.next(value),
            error(error) {
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
