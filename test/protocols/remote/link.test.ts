/** A link that comes back: what waits, what fails, what goes on. */
import { concatMap, EMPTY, finalize, from, map, NEVER, of, tap, throwError, timer, type Observable } from 'rxjs';
import { Cancelled, ConnectionLost, ConnectionRefused, LimitExceeded, pull, serve, type Connection } from 'ropewalk';
import { marbles, type Marbles } from 'ropewalk/marbles';
import { concatMap as concatMapHolding } from 'ropewalk/operators';
import { expose, NotExposed, remoteLink, type RemoteLinkOptions } from 'ropewalk/remote';

/** A place in memory that can crash and come back, and a link to it. */
function place<Api extends object>(m: Marbles, api: Api, options: RemoteLinkOptions<Api> = {}) {
  const { listen, connect } = m.memory();
  const connections: Connection[] = [];
  const start = () =>
    listen('memory:api')
      .pipe(
        map((connection) => (connections.push(connection), connection)),
        serve(expose(api, { failed: () => {} })),
      )
      .subscribe();
  let serving = start();
  return {
    link: remoteLink<Api>(connect('memory:api'), { delay: 10, ...options }),
    connections,
    lose: () => connections.at(-1)!.error(new Error('lost')),
    stop: () => serving.unsubscribe(),
    start: () => (serving = start()),
  };
}

const outcome = (result: Observable<unknown>): unknown[] => {
  const seen: unknown[] = [];
  result.subscribe({
    next: (value) => seen.push(value),
    error: (error) => seen.push(error),
    complete: () => seen.push('|'),
  });
  return seen;
};

test(
  'a link connects by itself; what is called before waits',
  marbles((m) => {
    const { link } = place(m, { add: (a: number, b: number) => a + b, three$: of(1, 2, 3) });
    const seen = [outcome(link.far.add(1, 2)), outcome(link.far.three$()), outcome(link.tell('nobody', []))];
    const states = outcome(link.state$);
    timer(50).subscribe(() => link.unsubscribe());
    m.flush();
    expect(seen).toEqual([
      [3, '|'],
      [1, 2, 3, '|'],
      [undefined, '|'],
    ]);
    expect(states).toEqual(['connecting', 'connected', 'closed', '|']);
    m.expectNothingOpen();
  }),
);

test(
  'after a loss a call that is open fails with the reason, and what is called then waits for the next connection',
  marbles((m) => {
    const { link, lose } = place(m, { never: () => NEVER, add: (a: number, b: number) => a + b });
    const seen = [outcome(link.far.never())];
    const states = outcome(link.state$);
    timer(20).subscribe(() => lose());
    timer(22).subscribe(() => seen.push(outcome(link.far.add(1, 2))));
    timer(100).subscribe(() => link.unsubscribe());
    m.flush();
    expect(seen).toEqual([[expect.any(ConnectionLost)], [3, '|']]);
    expect(states).toEqual(['connecting', 'connected', 'connecting', 'connected', 'closed', '|']);
  }),
);

test(
  'a call that is idempotent is made again, once for each loss; others never are',
  marbles((m) => {
    const made: string[] = [];
    const api = {
      twice: () => (made.push('twice'), timer(30).pipe(map(() => 'done'))),
      once: () => (made.push('once'), NEVER),
    };
    const { link, lose } = place(m, api, { idempotent: ['twice'] });
    const seen = [outcome(link.far.twice()), outcome(link.far.once())];
    timer(20).subscribe(() => lose());
    timer(45).subscribe(() => lose());
    timer(200).subscribe(() => link.unsubscribe());
    m.flush();
    expect(seen).toEqual([['done', '|'], [expect.any(ConnectionLost)]]);
    expect(made).toEqual(['twice', 'once', 'twice', 'twice']);
  }),
);

test(
  'a failure that is an answer is not tried again',
  marbles((m) => {
    let made = 0;
    const api = {
      no: () => (made++, throwError(() => new NotExposed('no'))),
      no$: throwError(() => new NotExposed('no')),
    };
    const { link } = place(m, api, { idempotent: ['no'], resume: { no$: () => [] } });
    const seen = [outcome(link.far.no()), outcome(link.far.no$())];
    timer(100).subscribe(() => link.unsubscribe());
    m.flush();
    expect(seen).toEqual([[expect.any(NotExposed)], [expect.any(NotExposed)]]);
    expect(made).toBe(1);
  }),
);

test(
  'a stream that can be resumed goes on where it was, across losses and a server that is away; others fail',
  marbles((m) => {
    const asked: number[] = [];
    const api = {
      numbers$: (first: number) => {
        asked.push(first);
        return from(Array.from({ length: 10 - first }, (_, i) => first + i)).pipe(
          concatMap((n) => timer(10).pipe(map(() => n))),
        );
      },
      other$: NEVER,
    };
    const { link, lose, stop, start } = place(m, api, {
      resume: { numbers$: (last, first) => [last === undefined ? first : last + 1] },
    });
    const seen = [outcome(link.far.numbers$(0)), outcome(link.far.other$())];
    timer(35).subscribe(() => lose());
    timer(80).subscribe(() => stop());
    timer(150).subscribe(() => start());
    timer(500).subscribe(() => link.unsubscribe());
    m.flush();
    expect(seen).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, '|'], [expect.any(ConnectionLost)]]);
    expect(asked).toEqual([0, 3, expect.any(Number)]);
  }),
);

test(
  'a resume that throws fails the stream with that',
  marbles((m) => {
    const mistake = new Error('no place to go on');
    const { link, lose } = place(
      m,
      { all$: NEVER },
      {
        resume: {
          all$: () => {
            throw mistake;
          },
        },
      },
    );
    const seen = outcome(link.far.all$());
    timer(20).subscribe(() => lose());
    timer(50).subscribe(() => link.unsubscribe());
    m.flush();
    expect(seen).toEqual([mistake]);
  }),
);

test(
  'unsubscribing and cancelling while it waits leaves nothing behind',
  marbles((m) => {
    let asked = 0;
    const { link, stop, start, lose } = place(m, { call: () => asked++, all$: () => (asked++, EMPTY) });
    timer(10).subscribe(() => {
      stop();
      lose();
    });
    timer(20).subscribe(() => {
      const [call, all] = [link.far.call(), link.far.all$().subscribe()];
      call.subscribe({ error: () => {} });
      call.cancel();
      all.unsubscribe();
    });
    timer(30).subscribe(() => start());
    timer(100).subscribe(() => link.unsubscribe());
    m.flush();
    expect(asked).toBe(0);
  }),
);

test(
  'unsubscribing and cancelling cross the wire on the connection that there is',
  marbles((m) => {
    const ended: string[] = [];
    const api = {
      all$: NEVER.pipe(finalize(() => ended.push('stream'))),
      one: () => NEVER.pipe(finalize(() => ended.push('call'))),
    };
    const { link } = place(m, api);
    timer(10).subscribe(() => {
      const [all, one] = [link.far.all$().subscribe(), link.far.one()];
      one.subscribe({ error: () => {} });
      timer(10).subscribe(() => {
        all.unsubscribe();
        one.cancel();
      });
    });
    timer(30).subscribe(() => {
      expect(ended).toEqual(['stream', 'call']);
      link.unsubscribe();
    });
    m.flush();
  }),
);

test(
  'unsubscribing a stream ends it at the far side, on whatever connection it is by then',
  marbles((m) => {
    const ended: number[] = [];
    let asked = 0;
    const api = {
      all$: () => {
        const id = ++asked;
        return NEVER.pipe(finalize(() => ended.push(id)));
      },
    };
    const { link, lose } = place(m, api, { resume: { all$: () => [] } });
    const all = link.far.all$().subscribe({ error: () => {} });
    timer(20).subscribe(() => lose());
    timer(60).subscribe(() => all.unsubscribe());
    timer(100).subscribe(() => {
      expect(ended).toEqual([1, 2]);
      link.unsubscribe();
    });
    m.flush();
  }),
);

test(
  'a link that gives up fails what waits with the last error, and so whatever is called later',
  marbles((m) => {
    const { connect } = m.memory();
    const link = remoteLink<{ add(): number }>(connect('memory:nowhere'), { delay: 10, attempts: 3 });
    const seen = [outcome(link.far.add())];
    timer(100).subscribe(() => seen.push(outcome(link.far.add())));
    const states = outcome(link.state$);
    m.flush();
    expect(seen).toEqual([[expect.any(ConnectionRefused)], [expect.any(ConnectionRefused)]]);
    expect(states.slice(-2)).toEqual(['closed', '|']);
  }),
);

test(
  'what waits is limited, and a closed link fails it',
  marbles((m) => {
    const { connect } = m.memory();
    const link = remoteLink<{ add(): number }>(connect('memory:nowhere'), { delay: 10, calls: 2 });
    const seen = [link.far.add(), link.far.add(), link.far.add()].map(outcome);
    timer(50).subscribe(() => link.unsubscribe());
    m.flush();
    expect(seen).toEqual([[expect.any(Cancelled)], [expect.any(Cancelled)], [expect.any(LimitExceeded)]]);
  }),
);

test(
  'closing ends the connection in order, and fails what is open',
  marbles((m) => {
    const { link, connections } = place(m, { never: () => NEVER });
    const reasons: unknown[] = [];
    const seen = outcome(link.far.never());
    timer(20).subscribe(() => {
      connections[0].closed.addCallback((reason) => reasons.push(reason));
      link.unsubscribe();
    });
    m.flush();
    expect(seen).toEqual([expect.any(Cancelled)]);
    expect(reasons).toEqual([{ kind: 'done' }]);
    m.expectNothingOpen();
  }),
);

test(
  'a stream of a link holds its source as any other does',
  marbles((m) => {
    let drawn = 0;
    const api = { all$: pull(endless()).pipe(tap(() => drawn++)) };
    const { link } = place(m, api, { window: 1000 });
    link.far
      .all$()
      .pipe(concatMapHolding(() => NEVER))
      .subscribe({ error: () => {} });
    timer(100).subscribe(() => {
      expect(drawn).toBeGreaterThan(0);
      expect(drawn).toBeLessThan(3000);
      link.unsubscribe();
    });
    m.flush();
  }),
);

function* endless(): Generator<number> {
  for (let n = 0; ; n++) yield n;
}
