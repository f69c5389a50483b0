/** Calls and streams over a connection in memory: what crosses, how it ends. */
import { decode, encode } from 'cbor2';
import {
  BehaviorSubject,
  concat,
  finalize,
  interval,
  map,
  NEVER,
  Observable,
  of,
  startWith,
  Subject,
  take,
  throwError,
  timer,
} from 'rxjs';
import {
  bytes,
  ConnectionAborted,
  ConnectionClosed,
  ConnectionLost,
  Deferred,
  LimitExceeded,
  onWarning,
  ProtocolError,
  serve,
  succeed,
  TimedOut,
  type CloseReason,
  type Connection,
} from 'ropewalk';
import { marbles, type Marbles } from 'ropewalk/marbles';
import { pair } from 'ropewalk/memory';
import {
  expose,
  NotExposed,
  remote,
  RemoteError,
  remoteFrames,
  type Frame,
  type Remote,
  type RemoteOptions,
} from 'ropewalk/remote';

/** As a listener gives it, which goes on: a server without one drains. */
const kept = (connection: Connection): Observable<Connection> => NEVER.pipe(startWith(connection));

/** What is exposed at one end of a connection, seen from the other. */
function between<Api extends object>(api: Api, options?: RemoteOptions): Remote<Api> & { readonly ends: Ends } {
  const [near, far] = pair();
  const ended: CloseReason[] = [];
  far.closed.addCallback((reason) => ended.push(reason));
  kept(far)
    .pipe(serve(expose(api, { failed: () => {}, ...options })))
    .subscribe();
  return new Proxy(remote<Api>(near, options), {
    get: (target, name) => (name === 'ends' ? { near, far, ended } : Reflect.get(target, name)),
  }) as never;
}

interface Ends {
  readonly near: Connection;
  readonly far: Connection;
  readonly ended: CloseReason[];
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

/** A test in virtual time, with time passing before what is expected is looked at. */
const virtual = (body: (m: Marbles) => () => void): (() => void) => {
  let check = (): void => {};
  const run = marbles((m) => {
    check = body(m);
  });
  return () => {
    run();
    check();
  };
};

describe('calls', () => {
  test(
    'a value, a promise, a Deferred and an Observable are one result',
    virtual((m) => {
      const far = between({
        value: (a: number, b: number) => a + b,
        deferred: () => succeed('soon'),
        observable: () => of(1, 2, 3),
        nothing: () => {},
      });
      const seen = [far.value(2, 3), far.deferred(), far.observable(), far.nothing()].map(outcome);
      m.flush();
      return () =>
        expect(seen).toEqual([
          [5, '|'],
          ['soon', '|'],
          [3, '|'],
          [undefined, '|'],
        ]);
    }),
  );

  test('a promise is awaited', async () => {
    const far = between({ later: async (name: string) => Promise.resolve(`hello ${name}`) });
    expect(await far.later('Ada')).toBe('hello Ada');
    far.ends.near.complete();
    await far.ends.near.closed;
  });

  test(
    'answers come in any order',
    virtual(() => {
      const far = between({ in: (ms: number) => timer(ms).pipe(map(() => ms)) });
      const order: number[] = [];
      for (const ms of [30, 10, 20]) far.in(ms).addCallback((answer) => order.push(answer));
      return () => expect(order).toEqual([10, 20, 30]);
    }),
  );

  test(
    'cancelling one cancels the work at the far side, and the connection goes on',
    virtual((m) => {
      const stopped: string[] = [];
      const far = between({
        forever: () => NEVER.pipe(finalize(() => stopped.push('observable'))),
        deferred: () => new Deferred<number>({ canceller: () => stopped.push('deferred') }),
        add: (a: number, b: number) => a + b,
      });
      const [one, two] = [far.forever(), far.deferred()];
      const seen = [outcome(one), outcome(two)];
      timer(10).subscribe(() => [one, two].forEach((call) => call.cancel()));
      let sum: unknown[] = [];
      timer(20).subscribe(() => (sum = outcome(far.add(1, 1))));
      m.flush();
      return () => {
        expect(stopped).toEqual(['observable', 'deferred']);
        expect(seen.map(([error]) => (error as Error).name)).toEqual(['Cancelled', 'Cancelled']);
        expect(sum).toEqual([2, '|']);
      };
    }),
  );

  test(
    'a cancel that crosses the result is harmless',
    virtual((m) => {
      const far = between({ add: (a: number, b: number) => a + b });
      const call = far.add(1, 2);
      call.subscribe({ error: () => {} });
      call.cancel();
      let sum: unknown[] = [];
      timer(5).subscribe(() => (sum = outcome(far.add(3, 4))));
      m.flush();
      return () => expect(sum).toEqual([7, '|']);
    }),
  );

  test(
    'both ends ask on one connection',
    virtual(() => {
      const [near, far] = pair();
      interface Client {
        name(): string;
      }
      const server = expose<Client>((client) => ({
        greet: () => client.name().addCallback((name) => `hello ${name}`),
      }));
      kept(far).pipe(serve(server)).subscribe();
      const seen = outcome(remote<{ greet(): string }>(near, { expose: { name: () => 'Ada' } }).greet());
      return () => expect(seen).toEqual(['hello Ada', '|']);
    }),
  );

  test(
    'the far side may ask as soon as there is a connection',
    virtual(() => {
      const [near, far] = pair();
      let seen: unknown[] = [];
      kept(far)
        .pipe(
          serve(
            expose<{ name(): string }>((client) => {
              seen = outcome(client.name());
              return {};
            }),
          ),
        )
        .subscribe();
      remote(near, { expose: { name: () => 'Ada' } });
      return () => expect(seen).toEqual(['Ada', '|']);
    }),
  );

  test(
    'only what is written out is exposed: nothing that is inherited, nothing that is no function',
    virtual((m) => {
      class Service {
        secret = 'no function';
        method = () => 'yes';
        inherited(): string {
          return 'no';
        }
      }
      const far = between(new Service()) as unknown as Record<string, () => Deferred<unknown>>;
      const names = ['method', 'inherited', 'constructor', 'toString', '__proto__', 'hasOwnProperty', 'secret', ''];
      const seen = names.map((name) => outcome(far[name]()));
      m.flush();
      return () =>
        expect(seen.map(([result]) => (result instanceof Error ? result.name : result))).toEqual([
          'yes',
          'NotExposed',
          'NotExposed',
          'NotExposed',
          'NotExposed',
          'NotExposed',
          'NotExposed',
          'ProtocolError',
        ]);
    }),
  );

  test(
    'the far side is no promise, so it can be the result of a callback',
    virtual(() => {
      const far = between({ add: (a: number, b: number) => a + b });
      const seen = outcome(
        succeed(1)
          .addCallback(() => far)
          .addCallback((it) => it.add(1, 1)),
      );
      return () => expect(seen).toEqual([2, '|']);
    }),
  );

  test(
    'what cannot be written fails that call only',
    virtual((m) => {
      const cycle: unknown[] = [];
      cycle.push(cycle);
      const failures: unknown[] = [];
      const far = between(
        { take: (what: unknown) => what && 'ok', give: () => cycle },
        { failed: (error) => failures.push(error) },
      );
      const seen = [outcome(far.take(cycle)), outcome(far.give()), outcome(far.take(1))];
      m.flush();
      return () => {
        expect(seen[0][0]).toMatchObject({ name: 'ProtocolError', side: 'local' });
        expect(seen[1][0]).toBeInstanceOf(ProtocolError);
        expect(seen[2]).toEqual(['ok', '|']);
        expect(failures).toEqual([expect.objectContaining({ name: 'ProtocolError', side: 'local' })]);
      };
    }),
  );
});

describe('streams', () => {
  test(
    'a diagram crosses as it is',
    marbles((m) => {
      const far = between({ letters$: m.hot('--a--b-(cd)|'), failing$: m.cold('-a#', {}, new RemoteError('no')) });
      m.expect(far.letters$()).toBe('--a--b-(cd)|');
      m.expect(far.failing$()).toBe('-a#', {}, RemoteError);
    }),
  );

  test(
    'each subscription asks anew, and unsubscribing ends the work',
    virtual(() => {
      const log: string[] = [];
      const far = between({
        ticks$: (name: string) =>
          new Observable<number>((subscriber) => {
            log.push(`begin ${name}`);
            const ticking = interval(10).subscribe(subscriber);
            return () => (log.push(`end ${name}`), ticking.unsubscribe());
          }),
      });
      const ticks$ = far.ticks$('x');
      const seen = [outcome(ticks$.pipe(take(2))), outcome(ticks$.pipe(take(3)))];
      return () => {
        expect(seen).toEqual([
          [0, 1, '|'],
          [0, 1, 2, '|'],
        ]);
        expect(log).toEqual(['begin x', 'begin x', 'end x', 'end x']);
      };
    }),
  );

  test(
    'nothing is asked for before somebody subscribes',
    virtual((m) => {
      let asked = 0;
      const far = between({ ticks$: () => (asked++, of(1)) });
      far.ticks$();
      m.flush();
      return () => expect(asked).toBe(0);
    }),
  );

  test(
    'what is no Observable is a stream of one value',
    virtual(() => {
      const far = between({
        one$: () => [1, 2],
        deferred$: () => succeed('x'),
        state$: new BehaviorSubject(7).pipe(take(1)),
      });
      const seen = [far.one$(), far.deferred$(), far.state$()].map((stream) => outcome(stream as Observable<unknown>));
      return () =>
        expect(seen).toEqual([
          [[1, 2], '|'],
          ['x', '|'],
          [7, '|'],
        ]);
    }),
  );

  test(
    'unsubscribing in the middle of a value stops what follows in the same chunk',
    virtual(() => {
      const far = between({ all$: of(1, 2, 3, 4) });
      const seen = outcome(far.all$().pipe(take(1)));
      return () => expect(seen).toEqual([1, '|']);
    }),
  );

  test(
    'a value that cannot be written fails that stream',
    virtual(() => {
      const far = between({ mixed$: concat(of(1), of(10n)), fine$: of(1) });
      const seen = [outcome(far.mixed$()), outcome(far.fine$())];
      return () => {
        expect(seen[0]).toEqual([1, expect.objectContaining({ name: 'ProtocolError' })]);
        expect(seen[1]).toEqual([1, '|']);
      };
    }),
  );
});

describe('errors', () => {
  class NoSuchSymbol extends Error {
    override name = 'NoSuchSymbol';
  }
  const failing = (error: unknown, options?: RemoteOptions): { seen: unknown[]; told: unknown[] } => {
    const told: unknown[] = [];
    const far = between({ fail: () => throwError(() => error) }, { failed: (why) => told.push(why), ...options });
    return { seen: outcome(far.fail()), told };
  };

  test(
    'a RemoteError crosses as it is',
    virtual(() => {
      const { seen, told } = failing(
        new RemoteError('no such symbol', { code: 'NO_SYMBOL', details: { symbol: 'X' } }),
      );
      return () => {
        expect(seen[0]).toBeInstanceOf(RemoteError);
        expect(seen[0]).toMatchObject({ message: 'no such symbol', code: 'NO_SYMBOL', details: { symbol: 'X' } });
        expect(told).toEqual([]);
      };
    }),
  );

  test(
    'of the families of the library the name crosses, and no message',
    virtual(() => {
      const { seen, told } = failing(new TimedOut('asking 10.0.0.7:5432 took more than 5 s'));
      return () => {
        expect(seen[0]).toBeInstanceOf(TimedOut);
        expect((seen[0] as Error).message).toBe('TimedOut at the far side');
        expect((seen[0] as Error).cause).toBeInstanceOf(RemoteError);
        expect(told).toEqual([expect.objectContaining({ message: 'asking 10.0.0.7:5432 took more than 5 s' })]);
      };
    }),
  );

  test(
    'a limit keeps its number, and a family of a corner is told as its nearest',
    virtual(() => {
      class TooManyOrders extends LimitExceeded {
        override name = 'TooManyOrders';
      }
      const { seen } = failing(new TooManyOrders('too many', 7));
      return () => {
        expect(seen[0]).toBeInstanceOf(LimitExceeded);
        expect(seen[0]).toMatchObject({ name: 'LimitExceeded', limit: 7 });
      };
    }),
  );

  test(
    'nothing of any other error crosses',
    virtual(() => {
      const { seen, told } = failing(new TypeError('cannot read secret of undefined'));
      return () => {
        expect((seen[0] as Error).constructor).toBe(RemoteError);
        expect(JSON.stringify(seen[0]) + String(seen[0])).not.toContain('secret');
        expect(told).toEqual([expect.any(TypeError)]);
      };
    }),
  );

  test(
    'classes that both ends list cross, and are made anew',
    virtual(() => {
      const { seen, told } = failing(new NoSuchSymbol('X'), { errors: [NoSuchSymbol] });
      return () => {
        expect(seen[0]).toBeInstanceOf(NoSuchSymbol);
        expect((seen[0] as Error).message).toBe('X');
        expect(told).toEqual([]);
      };
    }),
  );

  test(
    'what failed, and was not told, is a warning here unless somebody takes it',
    virtual(() => {
      const warnings: string[] = [];
      const before = onWarning((warning) => warnings.push(warning.name));
      const { seen } = failing(new Error('inside'), { failed: undefined });
      return () => {
        onWarning(before);
        expect(seen).toHaveLength(1);
        expect(warnings).toEqual(['ExposedFailure']);
      };
    }),
  );

  test(
    'an error whose details are too long is told without them',
    virtual(() => {
      const { seen } = failing(new RemoteError('big', { details: 'x'.repeat(2000) }), { max: 1000 });
      return () => expect(seen[0]).toMatchObject({ message: 'big', details: undefined });
    }),
  );
});

describe('the end of a connection', () => {
  const api = { never: () => NEVER, never$: NEVER, later: () => timer(20).pipe(map(() => 'done')), now: () => 1 };

  test(
    'a loss fails everything that is open, and every later call, with one reason',
    virtual(() => {
      const far = between(api);
      const seen = [outcome(far.never()), outcome(far.never$())];
      timer(10).subscribe(() => far.ends.far.error(new Error('crash')));
      let late: unknown[][] = [];
      timer(20).subscribe(() => (late = [outcome(far.now()), outcome(far.never$())]));
      return () => {
        const [[reason]] = seen;
        expect(reason).toBeInstanceOf(ConnectionLost);
        for (const [error] of [...seen, ...late]) expect(error).toBe(reason);
      };
    }),
  );

  test(
    'a caller that is lost ends the work on all that it asked for',
    virtual(() => {
      const stopped: string[] = [];
      const far = between({
        call: () => NEVER.pipe(finalize(() => stopped.push('call'))),
        stream$: NEVER.pipe(finalize(() => stopped.push('stream'))),
      });
      far.call().subscribe({ error: () => {} });
      far.stream$().subscribe({ error: () => {} });
      timer(10).subscribe(() => far.ends.near.error(new Error('gone')));
      return () => expect(stopped).toEqual(['call', 'stream']);
    }),
  );

  test(
    'a caller that has no more to say still gets the results it has called for, and no more of its streams',
    virtual(() => {
      const far = between(api);
      const seen = [outcome(far.later()), outcome(far.never$())];
      far.ends.near.complete();
      return () => {
        expect(seen[0]).toEqual(['done', '|']);
        expect(seen[1]).toEqual(['|']);
        expect(far.ends.ended).toEqual([{ kind: 'done' }]);
      };
    }),
  );

  test(
    'a server that is stopped fails what is open',
    virtual(() => {
      const [near, far] = pair();
      const serving = kept(far)
        .pipe(serve(expose(api)))
        .subscribe();
      const seen = outcome(remote<typeof api>(near).never());
      timer(10).subscribe(() => serving.unsubscribe());
      return () => expect(seen[0]).toBeInstanceOf(ConnectionClosed);
    }),
  );
});

describe('limits', () => {
  test(
    'more calls than are allowed fail, and nothing else does',
    virtual(() => {
      const answers = new Subject<number>();
      const [near, far] = pair();
      const api = { wait: () => answers.pipe(take(1)), wait$: () => NEVER };
      kept(far)
        .pipe(serve(expose(api, { calls: 2, streams: 1 })))
        .subscribe();
      const it = remote<typeof api>(near);
      const calls = [it.wait(), it.wait(), it.wait()].map(outcome);
      const streams = [it.wait$(), it.wait$()].map((stream) => outcome(stream));
      timer(10).subscribe(() => answers.next(1));
      return () => {
        expect(calls[0]).toEqual([1, '|']);
        expect(calls[1]).toEqual([1, '|']);
        expect(calls[2]).toEqual([expect.any(LimitExceeded)]);
        expect(streams).toEqual([[], [expect.any(LimitExceeded)]]);
        near.error(new Error('over'));
      };
    }),
  );

  test(
    'a caller keeps to its own limits without asking',
    virtual(() => {
      const far = between({ wait: () => NEVER, add: (text: string) => text.length }, { calls: 1, max: 1000 });
      const seen = [outcome(far.wait()), outcome(far.add('x')), outcome(far.add('x'.repeat(2000)))];
      return () => expect(seen).toEqual([[], [expect.any(LimitExceeded)], [expect.any(LimitExceeded)]]);
    }),
  );

  test(
    'the smaller of both limits of a frame is kept, once the peer has told its own',
    virtual(() => {
      const [near, far] = pair();
      const api = { echo: (said: string) => said };
      kept(far)
        .pipe(serve(expose(api, { max: 1000 })))
        .subscribe();
      const it = remote<typeof api>(near);
      const seen: unknown[][] = [];
      timer(10).subscribe(() => seen.push(outcome(it.echo('x'.repeat(2000))), outcome(it.echo('y'))));
      return () => {
        expect(seen[0]).toEqual([expect.any(LimitExceeded)]);
        expect(seen[1]).toEqual(['y', '|']);
      };
    }),
  );

  test(
    'a name has at most 255 bytes',
    virtual(() => {
      const far = between({}) as unknown as Record<string, () => Deferred<unknown>>;
      const seen = [outcome(far['é'.repeat(128)]()), outcome(far['e'.repeat(255)]())];
      return () => {
        expect(seen[0]).toEqual([expect.any(LimitExceeded)]);
        expect(seen[1]).toEqual([expect.any(NotExposed)]);
      };
    }),
  );
});

describe('a peer that breaks the rules loses its connection, and nobody else does', () => {
  const hello: Frame = { kind: 'hello', version: 1, max: 65536, codec: 'json' };
  const call = (id: number, args = '[]'): Frame => ({ kind: 'call', id, name: 'never', args: bytes(args) });

  test.each<[string, Frame[]]>([
    ['no hello', [call(1)]],
    ['an id twice', [hello, call(1), call(1)]],
    ['a cancel of nothing', [hello, { kind: 'cancel', id: 9 }]],
    [
      'credit without end',
      [
        hello,
        { kind: 'stream', id: 1, name: 'never$', args: bytes('[]'), credit: 2 ** 31 - 1 },
        { kind: 'credit', id: 1, credit: 1 },
      ],
    ],
    ['an answer to nothing', [hello, { kind: 'result', id: 1, value: bytes('1') }]],
    ['arguments that are no list', [hello, call(1, '{}')]],
    ['arguments that are no JSON', [hello, call(1, '[')]],
  ])('%s', (_, frames) => {
    virtual(() => {
      const stopped: number[] = [];
      const api = { never: () => NEVER.pipe(finalize(() => stopped.push(1))), never$: NEVER, ok: () => 'ok' };
      const [bad, far] = pair();
      const [good, other] = pair();
      const reasons: CloseReason[] = [];
      concat(of(far, other), NEVER)
        .pipe(serve(expose(api)))
        .subscribe((reason) => reasons.push(reason));
      const speaking = bad.over(remoteFrames());
      speaking.subscribe({ error: () => {} });
      for (const frame of frames) speaking.next(frame);
      const seen: unknown[][] = [];
      timer(10).subscribe(() => seen.push(outcome(remote<typeof api>(good).ok())));
      return () => {
        expect(reasons).toEqual([{ kind: 'aborted', error: expect.any(ProtocolError) }]);
        expect((reasons[0] as { error: ProtocolError }).error.side).toBe('remote');
        expect(stopped).toHaveLength(frames.some(({ kind }) => kind === 'call') && frames.length > 2 ? 1 : 0);
        expect(seen).toEqual([['ok', '|']]);
      };
    })();
  });

  test(
    'an answer that breaks them fails what is open with that ProtocolError',
    virtual(() => {
      const [near, far] = pair();
      const server = far.over(remoteFrames());
      server.subscribe({ error: () => {} });
      const seen = outcome(remote<{ add(): number }>(near).add());
      server.next(hello);
      server.next({ kind: 'error', id: 1, value: bytes('"no"') });
      const closed: CloseReason[] = [];
      near.closed.addCallback((reason) => closed.push(reason));
      return () => {
        expect(seen).toEqual([expect.any(ProtocolError)]);
        expect(closed).toEqual([{ kind: 'aborted', error: seen[0] }]);
      };
    }),
  );

  test(
    'another codec at the other end is told apart at once',
    virtual(() => {
      const [near, far] = pair();
      const api = { ok: () => 1 };
      kept(far)
        .pipe(serve(expose(api)))
        .subscribe();
      const seen = outcome(remote<typeof api>(near, { codec: { ...cbor } }).ok());
      return () => {
        // Both have seen it; who was first depends on who read first.
        expect(seen[0]).toBeInstanceOf(Error);
        expect([ProtocolError, ConnectionLost].some((type) => seen[0] instanceof type)).toBe(true);
      };
    }),
  );
});

const cbor = {
  name: 'cbor',
  encode: (value: unknown) => encode(value),
  // Parts of a Buffer are Buffers, and those it would not write as bytes.
  decode: (content: Uint8Array) => decode(new Uint8Array(content)),
};

test(
  'values may be CBOR, which has bytes, dates and maps',
  virtual(() => {
    const far = between(
      { same: (value: unknown) => value, each$: (values: unknown[]) => of(...values) },
      { codec: cbor },
    );
    const values = [new Uint8Array([1, 2, 3]), new Date(0), new Map([[1, 'a']]), 10n ** 18n, undefined, null];
    const seen = [...values.map((value) => outcome(far.same(value))), outcome(far.each$(values))];
    return () => {
      for (const [i, value] of values.entries()) {
        const [got] = seen[i];
        if (value instanceof Uint8Array) expect([...(got as Uint8Array)]).toEqual([...value]);
        else expect(got).toEqual(value);
      }
      expect(seen.at(-1)).toHaveLength(values.length + 1);
    };
  }),
);

test(
  'nothing is left of a connection that was aborted in the middle',
  marbles((m) => {
    const far = between({ ticks$: interval(1), never: () => NEVER });
    far.ticks$().subscribe({ error: () => {} });
    far.never().subscribe({ error: () => {} });
    timer(50).subscribe(() => far.ends.near.error(new ConnectionAborted('enough')));
    m.flush();
    m.expectNothingOpen();
  }),
);
