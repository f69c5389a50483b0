/**
 * What `mergeMap`, `concatMap`, `mergeAll` and `concatAll` share: so many inner Observables at once, the next in line waits.
 * Knows: order, the limit, whom to hold while somebody waits. Does not know: what the inner Observables do.
 */
import { from, Observable, Subscriber, type ObservableInput, type OperatorFunction } from 'rxjs';
import { bothSinks, currentGroup, currentSink, feed, subscribingFor } from '../../src/flow.ts';
import { HeldQueue } from '../../src/HeldQueue.ts';
import { linked } from './linked.ts';

/** `name` is the operator's, for those who ask who holds. */
export function merged<In, Out>(
  name: string,
  project: (value: In, index: number) => ObservableInput<Out>,
  concurrent: number,
): OperatorFunction<In, Out> {
  return (source) =>
    new Observable<Out>((destination) => {
      const waiting = new HeldQueue<In>(name, 'it awaits an inner Observable');
      const sink = currentSink();
      const { awaited } = waiting;
      const inside = bothSinks(sink, awaited);
      let index = 0;
      let active = 0;
      let ended = false;
      let starting = false;

      const begin = (value: In): void => {
        const group = currentGroup();
        let completed = false;
        const inner = new Subscriber<Out>({
          // An inner Observable that can be held itself emits in its own name, all others in that of the value they serve.
          next: (result) => feed(currentGroup() ?? group, destination, result),
          error: (error: unknown) => destination.error(error),
          complete: () => {
            completed = true;
          },
        });
        destination.add(inner);
        try {
          // What `project` subscribes at once (`async () => await firstValueFrom(connection)`) is awaited as well.
          const result = subscribingFor(awaited, () => project(value, index++));
          subscribingFor(inside, () => from(result).subscribe(inner));
        } catch (error) {
          destination.error(error);
          return;
        }
        // Added last, run last: the inner Observable has let go of everything when the next one begins.
        inner.add(() => {
          if (!completed) return;
          active--;
          proceed();
        });
      };
      /** A loop, not a recursion: any number of inner Observables that end at once leave the stack as it was. */
      const proceed = (): void => {
        if (starting) return;
        starting = true;
        for (let { head } = waiting; head !== undefined && active < concurrent; { head } = waiting) {
          // The place is taken before anybody is let go: who is let go may feed at once, and comes after.
          active++;
          waiting.drop();
          feed(head.group, { next: begin }, head.value);
          if (destination.closed) break;
        }
        starting = false;
        if (ended && active === 0 && waiting.head === undefined) destination.complete();
      };

      const outer = linked<In>(
        destination,
        (value) => {
          if (active < concurrent) {
            active++;
            begin(value);
          } else waiting.push(value);
        },
        () => {
          ended = true;
          proceed();
        },
      );
      // After the source has been left: who is let go and feeds at once must not be held again.
      destination.add(() => waiting.dismiss());
      subscribingFor(bothSinks(sink, waiting), () => source.subscribe(outer));
    });
}
