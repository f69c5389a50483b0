import {
  asyncScheduler,
  map,
  merge,
  NEVER,
  Observable,
  of,
  Subject,
  switchMap,
  take,
  takeUntil,
  throwError,
  timer,
} from 'rxjs';
import { AddressInUse, all, inOrder, serve, starting, type Service } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';

/** Services that write down what becomes of them, and when. */
class Diary {
  readonly lines: string[] = [];

  /** Ready after `start` milliseconds (at once, if not said), over `stop` milliseconds after it is told to stop. */
  service(name: string, { start, stop = 0 }: { start?: number; stop?: number } = {}): Service {
    return (stopping) =>
      new Observable((subscriber) => {
        this.note(`${name} starts`);
        const ready = start === undefined ? undefined : starting();
        if (start !== undefined) subscriber.add(asyncScheduler.schedule(() => ready?.(), start));
        let over = false;
        const finish = (): void => {
          over = true;
          this.note(`${name} is over`);
          subscriber.complete();
        };
        subscriber.add(
          stopping.subscribe(() => {
            this.note(`${name} stops`);
            subscriber.add(asyncScheduler.schedule(finish, stop));
          }),
        );
        return () => {
          if (!over) this.note(`${name} is torn down`);
        };
      });
  }

  note(what: string): void {
    this.lines.push(`${asyncScheduler.now()} ${what}`);
  }

  /** Runs the service, and writes its end down too. */
  run(service: Service, stopping: Observable<unknown>): void {
    service(stopping).subscribe({
      error: (error: unknown) => this.note(`failed: ${String(error)}`),
      complete: () => this.note('completed'),
    });
  }
}

describe('inOrder', () => {
  test(
    'starts from left to right, each once the one before is ready; stops from right to left, each once the one after is over',
    marbles((m) => {
      const diary = new Diary();
      const [a, b, c] = [
        diary.service('a', { start: 5, stop: 1 }),
        diary.service('b', { start: 3, stop: 2 }),
        diary.service('c', { stop: 4 }),
      ];
      diary.run(inOrder(a, b, c), timer(20));
      m.flush();
      expect(diary.lines).toEqual([
        '0 a starts',
        '5 b starts',
        '8 c starts',
        '20 c stops',
        '24 c is over',
        '24 b stops',
        '26 b is over',
        '26 a stops',
        '27 a is over',
        '27 completed',
      ]);
    }),
  );

  test(
    'a service is ready when every port that it listens at is bound',
    marbles((m) => {
      const { listen } = m.memory();
      const bound: string[] = [];
      const port =
        (name: string): Service =>
        (stopping) => {
          const listener = listen(`memory:${name}`);
          listener.address$.subscribe((address) => bound.push(String(address)));
          return listener.pipe(takeUntil(stopping), serve(map((chunk) => chunk)));
        };
      const seen: string[][] = [];
      const last: Service = () => {
        seen.push([...bound]);
        return of('up');
      };
      const stopping = new Subject<void>();
      inOrder(all(port('one'), port('two')), last)(stopping).subscribe();
      expect(seen).toEqual([]);
      m.flush();
      expect(seen).toEqual([['one', 'two']]);
      stopping.next();
    }),
  );

  test(
    'a stop while one is starting stops that one and those before it; the rest are never started',
    marbles((m) => {
      const diary = new Diary();
      const services = [
        diary.service('a', { stop: 2 }),
        diary.service('b', { start: 10, stop: 1 }),
        diary.service('c'),
      ];
      diary.run(inOrder(...services), timer(4));
      m.flush();
      expect(diary.lines).toEqual([
        '0 a starts',
        '0 b starts',
        '4 b stops',
        '5 b is over',
        '5 a stops',
        '7 a is over',
        '7 completed',
      ]);
    }),
  );

  test(
    'an error tears all of it down, from right to left, and is the error of the whole',
    marbles((m) => {
      const diary = new Diary();
      const failing: Service = () =>
        timer(3).pipe(
          map(() => {
            throw new Error('no disk');
          }),
        );
      diary.run(inOrder(diary.service('a'), diary.service('b'), failing), timer(20));
      m.flush();
      expect(diary.lines).toEqual([
        '0 a starts',
        '0 b starts',
        '3 failed: Error: no disk',
        '3 b is torn down',
        '3 a is torn down',
      ]);
    }),
  );

  test(
    'an error while starting starts no more: a port that somebody has',
    marbles((m) => {
      const { listen } = m.memory();
      const diary = new Diary();
      listen('memory:taken').subscribe();
      let failure: unknown;
      inOrder(
        diary.service('a'),
        () => listen('memory:taken'),
        diary.service('c'),
      )(timer(20)).subscribe({
        error: (error) => (failure = error),
      });
      m.flush();
      expect(failure).toBeInstanceOf(AddressInUse);
      expect(diary.lines).toEqual(['0 a starts', '0 a is torn down']);
    }),
  );

  test(
    'leaving ends all of it at once, from right to left',
    marbles((m) => {
      const diary = new Diary();
      const running = inOrder(
        diary.service('a'),
        diary.service('b', { start: 9 }),
        diary.service('c'),
      )(timer(20)).subscribe();
      timer(5).subscribe(() => running.unsubscribe());
      m.flush();
      expect(diary.lines).toEqual(['0 a starts', '0 b starts', '5 b is torn down', '5 a is torn down']);
    }),
  );

  test(
    'a service that is over by itself is not waited for; when all are, it completes; what they emit passes',
    marbles((m) => {
      const said = inOrder(
        () => m.cold('-a|'),
        () => m.cold('--b|'),
      );
      m.expect(said(timer(20))).toBe('-ab|');
      m.expect(inOrder()(timer(20))).toBe('|');
      m.expect(
        inOrder(
          () => m.cold('-a|'),
          () => throwError(() => 'error'),
        )(timer(20)),
      ).toBe('#');
    }),
  );

  test(
    'a service that is over before it was ready keeps nobody waiting',
    marbles((m) => {
      const hasty: Service = () => {
        starting();
        return timer(3);
      };
      const diary = new Diary();
      diary.run(inOrder(hasty, all(hasty, diary.service('b')), diary.service('c')), timer(9));
      m.flush();
      expect(diary.lines).toEqual([
        '3 b starts',
        '6 c starts',
        '9 c stops',
        '9 c is over',
        '9 b stops',
        '9 b is over',
        '9 completed',
      ]);
    }),
  );

  test(
    'what was said stays said: a service that looks at `stopping` late hears it',
    marbles((m) => {
      const late: Service = (stopping) =>
        timer(10).pipe(
          switchMap(() =>
            stopping.pipe(
              map(() => 'heard'),
              take(1),
            ),
          ),
        );
      m.expect(inOrder(late)(timer(4))).toBe('10ms (h|)', { h: 'heard' });
      m.expect(all(late)(timer(4))).toBe('10ms (h|)', { h: 'heard' });
    }),
  );
});

describe.each([
  ['inOrder', inOrder],
  ['all', all],
])('%s', (_, tree) => {
  test(
    'a service that throws instead of returning is an error of the whole, also when it is started later',
    marbles((m) => {
      const throwing: Service = () => {
        throw new Error('no such endpoint');
      };
      for (const second of [throwing, tree(throwing, throwing)]) {
        const diary = new Diary();
        diary.run(inOrder(diary.service('a', { start: 2 }), second), timer(9));
        m.flush();
        expect(diary.lines.map((line) => line.replace(/^\d+ /, ''))).toEqual([
          'a starts',
          'failed: Error: no such endpoint',
          'a is torn down',
        ]);
      }
    }),
  );

  test(
    'whoever leaves at the first value leaves nothing running',
    marbles((m) => {
      const diary = new Diary();
      const talking: Service = (stopping) => merge(diary.service('b')(stopping), of('up'));
      m.expect(tree(talking, diary.service('c'))(NEVER).pipe(take(1))).toBe('(u|)', { u: 'up' });
      m.flush();
      expect(diary.lines).toEqual(['0 b starts', '0 b is torn down']);
    }),
  );
});

describe('all', () => {
  test(
    'starts together and stops together; over when all are',
    marbles((m) => {
      const diary = new Diary();
      diary.run(all(diary.service('a', { start: 5, stop: 3 }), diary.service('b', { stop: 1 })), timer(10));
      m.flush();
      expect(diary.lines).toEqual([
        '0 a starts',
        '0 b starts',
        '10 a stops',
        '10 b stops',
        '11 b is over',
        '13 a is over',
        '13 completed',
      ]);
    }),
  );

  test(
    'an error tears all of it down, also one at the start: what comes after it is not started',
    marbles((m) => {
      const diary = new Diary();
      const failing: Service = () => throwError(() => new Error('no disk'));
      diary.run(all(diary.service('a'), failing, diary.service('c')), timer(10));
      m.flush();
      expect(diary.lines).toEqual(['0 a starts', '0 failed: Error: no disk', '0 a is torn down']);
      m.expect(all()(timer(20))).toBe('|');
    }),
  );

  test(
    'an error of the signal is the error of the whole',
    marbles((m) => {
      for (const tree of [all, inOrder]) {
        const diary = new Diary();
        diary.run(
          tree(diary.service('a')),
          throwError(() => 'lost the signal'),
        );
        expect(diary.lines).toContain('0 failed: lost the signal');
        m.flush();
      }
    }),
  );
});

test(
  'trees: all within inOrder is ready when all are, inOrder within all goes its own pace',
  marbles((m) => {
    const diary = new Diary();
    const leaf = (name: string, start: number, stop: number): Service => diary.service(name, { start, stop });
    diary.run(
      inOrder(leaf('a', 1, 1), all(leaf('b', 2, 3), inOrder(leaf('c', 3, 1), leaf('d', 4, 1))), leaf('e', 1, 1)),
      timer(20),
    );
    m.flush();
    expect(diary.lines).toEqual([
      '0 a starts',
      '1 b starts',
      '1 c starts',
      '4 d starts',
      '8 e starts',
      '20 e stops',
      '21 e is over',
      '21 b stops',
      '21 d stops',
      '22 d is over',
      '22 c stops',
      '23 c is over',
      '24 b is over',
      '24 a stops',
      '25 a is over',
      '25 completed',
    ]);
  }),
);
