/** A source that feeds the moment it is let go: nothing overtakes what waits, and nothing stays held. */
import { asyncScheduler, map, Observable, timer, type OperatorFunction } from 'rxjs';
import { both, bytes, callback, feed, heldGroups, HoldGroup, joinSink, utf8 } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { throttle } from 'ropewalk/operators';

/** The numbers up to `last`, one after the other unless it is held, the next one within `resume` itself. */
function eager(last: number): Observable<number> {
  return new Observable((subscriber) => {
    let next = 0;
    const group: HoldGroup = new HoldGroup({ pause() {}, resume: () => read(), now: () => asyncScheduler.now() });
    const read = (): void => {
      while (!group.held && next < last && !subscriber.closed) feed(group, subscriber, next++);
      if (next === last) subscriber.complete();
    };
    const sink = joinSink(group);
    subscriber.add(() => sink?.leave(group));
    asyncScheduler.schedule(read);
  });
}

const operators: Record<string, OperatorFunction<number, number>> = {
  callback: callback((n: number) => (n % 3 === 0 ? n : timer(1).pipe(map(() => n)))),
  both: both((n: unknown) => timer(1).pipe(map(() => n as number))),
  throttle: (source) =>
    source.pipe(
      map((n) => bytes(String(n).padStart(4))),
      throttle(2000, { burst: 4 }),
      map((chunk) => Number(utf8(chunk))),
    ),
};

describe.each(Object.entries(operators))('%s', (_, operator) => {
  test(
    'keeps the order',
    marbles((m) => {
      const seen: number[] = [];
      eager(50)
        .pipe(operator)
        .subscribe((n) => seen.push(n));
      m.flush();
      expect(seen).toEqual(Array.from({ length: 50 }, (__, n) => n));
    }),
  );

  test(
    'holds nobody once it is left in the midst of it',
    marbles((m) => {
      const work = eager(1_000_000).pipe(operator).subscribe();
      timer(10).subscribe(() => {
        expect(heldGroups()).toHaveLength(1);
        work.unsubscribe();
        expect(heldGroups()).toEqual([]);
      });
      m.flush();
    }),
  );
});
