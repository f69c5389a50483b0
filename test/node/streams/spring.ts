/** A source that never tires, and can be held: `length` bytes in reads of 64 KiB, a turn each. */
import { asyncScheduler, Observable } from 'rxjs';
import { feed, HoldGroup, joinSink, type Bytes } from 'ropewalk';

const read = 65536;

export function spring(length: number): { source: Observable<Bytes>; given(): number; held(): boolean } {
  let given = 0;
  let waiting = false;
  let draw = (): void => {};
  const group = new HoldGroup({ pause() {}, resume: () => draw(), now: () => asyncScheduler.now() });
  const source = new Observable<Bytes>((subscriber) => {
    const sink = joinSink(group);
    subscriber.add(() => sink?.leave(group));
    draw = () => {
      if (waiting || subscriber.closed) return;
      waiting = true;
      setImmediate(() => {
        waiting = false;
        if (group.held || subscriber.closed) return;
        const chunk = new Uint8Array(Math.min(read, length - given)).fill(given / read);
        given += chunk.length;
        feed(group, subscriber, chunk);
        if (given === length) subscriber.complete();
        else draw();
      });
    };
    draw();
  });
  return { source, given: () => given, held: () => group.held };
}
