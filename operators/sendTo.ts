/**
 * A stream written into a duplex, or into a datagram socket.
 * Knows: the pressure context, how an end is passed on. Does not know: what is written.
 */
import { Observable, type Observer, type OperatorFunction } from 'rxjs';
import type { CloseReason } from '../src/Connection.ts';
import { Datagrams, type OutgoingDatagram } from '../src/Datagrams.ts';
import type { Duplex } from '../src/Duplex.ts';
import { subscribingFor } from '../src/flow.ts';

/**
 * Writes what the source emits into `duplex`, and emits nothing.
 *
 * In plain words: `source.subscribe(duplex)` as a step of a pipeline, with pressure: while the duplex is full, the
 * sources of this pipeline are held. The source's end ends the duplex's outgoing half; its error aborts the duplex.
 * Completes when the source has completed or the duplex is closed in order; errors with the source, or with what the duplex was lost to.
 *
 * A datagram socket is a target like any other: it takes `{ data, remote }`, and the source's end closes it.
 *
 * What arrives at the other end of a wire (`server.said`) while it is sent into this end:
 *
 * ```marbles
 * -a-b-|
 * sendTo(ends.client.connection), mergeWith(ends.server.said)
 * -a-b-|
 *
 * ends = wirePair(identity, () => NEVER)
 * a = bytes('a')
 * b = bytes('b')
 * ```
 * ```ts
 * connect('tcp:127.0.0.1:9').pipe(switchMap((connection) => pull(characters()).pipe(sendTo(connection)))).subscribe();
 * ```
 */
export function sendTo<In, Out>(duplex: Duplex<In, Out>): OperatorFunction<Out, never>;
export function sendTo(socket: Datagrams): OperatorFunction<OutgoingDatagram, never>;
export function sendTo<Out>(target: Observer<Out> & (Duplex<unknown, Out> | Datagrams)): OperatorFunction<Out, never> {
  return (source) =>
    new Observable((subscriber) => {
      const [ending, sink] =
        target instanceof Datagrams
          ? [target.mailbox, target.mailbox.departures]
          : [target.connection.halves, target.connection.halves.outbox];
      const closed = (reason: CloseReason): void => {
        if (reason.kind === 'done') subscriber.complete();
        else subscriber.error(reason.error);
      };
      ending.onClosed(closed);
      subscriber.add(() => {
        ending.offClosed(closed);
        // Behind a `share` our source goes on without us: what is full here must not hold it up for the others.
        // Whoever else feeds this target is held again at its next value.
        sink.releaseAll();
      });
      subscriber.add(
        subscribingFor(sink, () =>
          source.subscribe({
            next: (value) => target.next(value),
            error(error: unknown) {
              target.error(error);
              subscriber.error(error);
            },
            complete() {
              target.complete();
              subscriber.complete();
            },
          }),
        ),
      );
    });
}
