import { createConnection } from 'node:net';
import {
  asapScheduler,
  asyncScheduler,
  defer,
  identity,
  interval,
  NEVER,
  switchMap,
  tap,
  throwError,
  timer,
} from 'rxjs';
import {
  bytes,
  ConnectionLost,
  ConnectionRefused,
  ConnectTimeout,
  heldGroups,
  reconnect,
  serve,
  UnknownHost,
  utf8,
  type Bytes,
  type Connection,
} from 'ropewalk';
import { RealWorldUsed, sameTwice, simulate, SimulationFailed, type Net, type SimulatedWorld } from 'ropewalk/marbles';

const echo = (net: Net) => net.listen('tcp:7').pipe(serve(identity));

/** What a world failed with. */
function failureOf(body: (world: SimulatedWorld) => void, options = {}): SimulationFailed {
  try {
    simulate({ seed: 1, ...options }, body);
  } catch (error) {
    expect(error).toBeInstanceOf(SimulationFailed);
    return error as SimulationFailed;
  }
  throw new Error('the simulation did not fail');
}

/** Says something to `tcp:server:7`, and notes what comes and when. */
function say(heard: [number, string][], now: () => number, words = 'hello') {
  return (net: Net) =>
    net.connect('tcp:server:7').pipe(
      switchMap((connection) => {
        connection.next(bytes(words));
        return connection;
      }),
      tap((chunk) => heard.push([now(), utf8(chunk)])),
    );
}

describe('time', () => {
  test('a round trip takes four ways: the dial and its answer, the words and their echo', () => {
    const heard: [number, string][] = [];
    simulate({ seed: 1, profile: 'still', rechunk: false }, ({ host, link, now }) => {
      host('server', echo);
      host('client', say(heard, now));
      link('client', 'server').latency('20ms');
    });
    expect(heard).toEqual([[80, 'hello']]);
  });

  test('bandwidth is shared by all that goes the same way', () => {
    const ends: number[] = [];
    simulate({ seed: 1, profile: 'still' }, ({ host, link, now }) => {
      const drain = (connection: Connection) =>
        connection.subscribe({ complete: () => (ends.push(now()), connection.complete()) });
      host('server', (net) => net.listen('tcp:7').pipe(tap(drain)));
      host('client', (net) => {
        for (const _ of [1, 2])
          net.dial('tcp:server:7').addCallback((connection) => {
            connection.subscribe();
            connection.next(new Uint8Array(50_000));
            connection.complete();
          });
      });
      link('client', 'server').bandwidth('100kB/s');
    });
    expect(ends.at(-1)).toBeGreaterThanOrEqual(1000);
    expect(ends.at(-1)).toBeLessThan(1010);
  });

  test('an hour passes in no time, and asap goes before timers', () => {
    const order: string[] = [];
    const { time } = simulate({ seed: 1, duration: '2h' }, ({ host, now }) => {
      host('one', () => {
        asyncScheduler.schedule(() => order.push('timer'));
        asapScheduler.schedule(() => order.push('asap'));
        return timer(3_600_000).pipe(tap(() => order.push(`${now()} ${asyncScheduler.now()}`)));
      });
    });
    expect(order).toEqual(['asap', 'timer', '3600000 3600000']);
    expect(time).toBeGreaterThanOrEqual(3_600_000);
  });

  test('what never ends runs for the duration, and is then unsubscribed', () => {
    const seen: number[] = [];
    simulate({ seed: 1, duration: '1s' }, ({ host }) => {
      host('one', () => interval(100).pipe(tap((count) => seen.push(count))));
    });
    expect(seen).toHaveLength(10);
  });

  test('a million events that take their time are no standstill', () => {
    const { events } = simulate({ seed: 1, duration: '1001s' }, ({ host }) => void host('one', () => interval(1)));
    expect(events).toBeGreaterThan(1_000_000);
  });

  test('time that stands still is told', () => {
    const spin = (): void => void asapScheduler.schedule(spin);
    expect(failureOf(({ host }) => void host('one', spin)).message).toContain('time stands still');
  });
});

describe('the seed', () => {
  const world = ({ host, random, trace }: SimulatedWorld) => {
    host('server', echo);
    host('client', (net) =>
      net.connect('tcp:server:7').pipe(
        switchMap((connection) => {
          connection.next(bytes('hello '.repeat(100)));
          return connection;
        }),
        reconnect(),
        tap((chunk) => trace(`${chunk.length} ${random()}`)),
      ),
    );
  };

  test('decides everything: equal seeds give equal traces, others differ', () => {
    const hashes = [1, 2, 3, 4, 5].map((seed) => sameTwice({ seed, profile: 'hostile' }, world).hash);
    expect(new Set(hashes).size).toBe(5);
  });

  test('decides which host is first, but not the order within one', () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const order: string[] = [];
      simulate({ seed }, ({ host }) => {
        for (const name of ['a', 'b']) {
          host(name, () => {
            for (const step of [1, 2]) asyncScheduler.schedule(() => order.push(name + step), 10);
          });
        }
      });
      orders.add(order.join(' '));
    }
    expect([...orders].toSorted()).toEqual(['a1 a2 b1 b2', 'b1 b2 a1 a2']);
  });

  test('what is not in the seed is found out, with the place where two runs part', () => {
    let lives = 0;
    expect(() => sameTwice({ seed: 1 }, ({ host, trace }) => void host('one', () => trace(`life ${++lives}`)))).toThrow(
      /first {3}.*life 1\n {2}second {2}.*life 2/,
    );
  });

  test('cuts and joins reads', () => {
    const sizes = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) {
      let heard = '';
      simulate({ seed }, ({ host }) => {
        host('server', echo);
        host('client', (net) =>
          net.connect('tcp:server:7').pipe(
            switchMap((connection) => {
              connection.next(bytes('0123456789'));
              return connection;
            }),
            tap((chunk) => {
              heard += utf8(chunk);
              sizes.add(chunk.length);
            }),
          ),
        );
      });
      expect(heard).toBe('0123456789');
    }
    expect(sizes.size).toBeGreaterThan(5);
  });
});

test('a protocol that takes each read for a message is found out by some seed, and by none when reads are whole', () => {
  const failing = (rechunk: boolean): number[] =>
    Array.from({ length: 20 }, (_, seed) => seed).filter((seed) => {
      try {
        simulate({ seed, rechunk }, ({ host, always }) => {
          const heard: string[] = [];
          host('server', (net) => net.listen('tcp:7').pipe(serve(identity)));
          host('naive', (net) =>
            net.connect('tcp:server:7').pipe(
              switchMap((connection) => {
                connection.next(bytes('one message'));
                return connection;
              }),
              tap((chunk) => heard.push(utf8(chunk))),
            ),
          );
          always(() => heard.every((message) => message === 'one message'));
        });
        return false;
      } catch (error) {
        expect(error).toBeInstanceOf(SimulationFailed);
        return true;
      }
    });
  expect(failing(true).length).toBeGreaterThan(5);
  expect(failing(false)).toEqual([]);
});

describe('dialling', () => {
  const dialled = (prepare: (world: SimulatedWorld) => void, to = 'tcp:server:7'): [number, unknown] => {
    let told: [number, unknown] = [NaN, undefined];
    simulate({ seed: 1, profile: 'still' }, (world) => {
      world.host('server', (net) => net.listen('tcp:8').pipe(serve(identity)));
      world.host('client', (net) => {
        net.connect(to).subscribe({ error: (error: unknown) => (told = [world.now(), error]) });
      });
      world.link('client', 'server').latency('10ms');
      prepare(world);
    });
    return told;
  };

  test('where nobody listens is refused after a round trip', () => {
    const [at, error] = dialled(() => {});
    expect(at).toBe(20);
    expect(error).toBeInstanceOf(ConnectionRefused);
  });

  test('a link that refuses does so wherever it goes', () => {
    expect(dialled(({ link }) => link('client', 'server').refuse(), 'tcp:server:8')[1]).toBeInstanceOf(
      ConnectionRefused,
    );
  });

  test('into a black hole is given up after its timeout', () => {
    const [at, error] = dialled(({ link }) => link('client', 'server').cut(), 'tcp:server:8:timeout=5000');
    expect(at).toBe(5000);
    expect(error).toBeInstanceOf(ConnectTimeout);
  });

  test('is answered by nobody when only the way back is cut', () => {
    const [, error] = dialled(({ link }) => link('client', 'server').cut('server'), 'tcp:server:8:timeout=5000');
    expect(error).toBeInstanceOf(ConnectTimeout);
  });

  test('a name that is no host is unknown', () => {
    expect(dialled(() => {}, 'tcp:nowhere:7')[1]).toBeInstanceOf(UnknownHost);
  });
});

describe('faults', () => {
  test('what is stuck on a link that is cut, or held, arrives in order when it is healed, or released', () => {
    for (const diagram of ['x----o', '(hold)----(release)', '>----o', '<----o']) {
      const heard: [number, string][] = [];
      simulate({ seed: 1, profile: 'still' }, ({ host, link, now }) => {
        host('server', echo);
        host('client', say(heard, now, 'one two three'));
        link('client', 'server').latency('10ms').faults(diagram);
      });
      expect(heard.map(([, text]) => text).join('')).toBe('one two three');
      expect(heard[0][0]).toBeGreaterThanOrEqual(5000);
    }
  });

  test('a reset breaks off at both ends, in the middle of whatever it is', () => {
    const reasons: unknown[] = [];
    simulate({ seed: 1, profile: 'still' }, ({ host, link }) => {
      host('server', (net) =>
        net.listen('tcp:7').pipe(
          serve(identity),
          tap((reason) => reasons.push(reason)),
        ),
      );
      host('client', (net) => {
        net.connect('tcp:server:7').subscribe({ error: (error: unknown) => reasons.push(error) });
      });
      link('client', 'server').faults('---(reset)');
    });
    expect(reasons).toHaveLength(2);
    expect(reasons).toContainEqual(expect.any(ConnectionLost));
    expect(reasons).toContainEqual({ kind: 'lost', error: expect.any(ConnectionLost) });
  });

  test('a reset that is lost is noticed by the next words', () => {
    let reason: unknown;
    let at = 0;
    simulate({ seed: 1, profile: 'still' }, ({ host, link, at: plan, now }) => {
      host('server', (net) => net.listen('tcp:7').pipe(tap((connection) => plan('2s', () => connection.error('bye')))));
      host('client', (net) => {
        net.dial('tcp:server:7').addCallback((connection) => {
          connection.subscribe({ error: (error: unknown) => ([reason, at] = [error, now()]) });
          plan('9s', () => connection.next(bytes('anybody?')));
        });
      });
      link('client', 'server').latency('10ms').faults('-x---o');
    });
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(at).toBeCloseTo(9020, 3);
  });

  test('a diagram that makes no sense is pointed at', () => {
    const failure = failureOf(({ host, link }) => {
      host('a', () => {});
      host('b', () => {});
      link('a', 'b').faults('--(rest)--');
    });
    expect(failure.message).toContain('(rest) is no fault');
    expect(failure.message).toContain('--(rest)--\n    ^');
  });

  test('a host that crashes takes its connections, its port and its plans along, and begins anew when it is started', () => {
    const log: string[] = [];
    simulate({ seed: 1, profile: 'still', duration: '30s' }, ({ host, at, now }) => {
      const server = host('server', (net) => {
        log.push(`server ${now()}`);
        asyncScheduler.schedule(() => log.push(`plan ${now()}`), 6_000);
        return echo(net);
      });
      host('client', (net) =>
        net.connect('tcp:server:7').pipe(
          tap({
            next: () => log.push(`connected ${now()}`),
            error: (error: Error) => log.push(`${error.name} ${now()}`),
          }),
          reconnect({ delay: 3_000 }),
        ),
      );
      at('5s', () => server.crash());
      at('10s', () => server.restart());
    });
    expect(log).toEqual([
      'server 0',
      'connected 0',
      'ConnectionLost 5000',
      'ConnectionRefused 8000',
      'server 10000',
      'connected 11000',
      'plan 16000',
    ]);
  });
});

describe('pressure', () => {
  test('who is not read from stops reading, and every byte comes when it is', () => {
    const total = 400_000;
    const window = 4096;
    let echoing: Connection | undefined;
    let received = 0;
    let highest = 0;
    simulate({ seed: 4 }, ({ host, link, at, always, eventually }) => {
      host('server', (net) =>
        net.listen('tcp:7').pipe(
          tap((connection) => (echoing = connection)),
          serve(identity),
        ),
      );
      const floodThenListen = (connection: Connection): void => {
        connection.next(new Uint8Array(total));
        // What comes after the end of the world is a loss.
        at('2s', () => connection.subscribe({ next: (chunk: Bytes) => (received += chunk.length), error() {} }));
      };
      host('client', (net) => net.connect('tcp:server:7').pipe(tap(floodThenListen)));
      link('client', 'server').window(window);
      always(() => {
        if (received === 0) highest = Math.max(highest, echoing?.state.bytesReceived ?? 0);
      });
      eventually(() => received === total, { within: '60s' });
    });
    // One send buffer, two receive buffers, the outbox up to its mark and one read.
    expect(highest).toBeLessThanOrEqual(65536 + 5 * window);
    expect(highest).toBeGreaterThan(65536);
  });
});

describe('what is checked', () => {
  test('always: the first moment at which it does not hold ends the world', () => {
    let count = 0;
    const failure = failureOf(({ host, always }) => {
      host('one', () => interval(1000).pipe(tap(() => count++)));
      always(() => count < 3);
    });
    expect(count).toBe(3);
    expect(failure.message).toContain('what must always hold does not');
    expect(failure.message).toContain('after 3.000000 s');
  });

  test('eventually: the world is healed, and then it must come true in time', () => {
    const heard: [number, string][] = [];
    const world = (within: `${number}s`) => (sim: SimulatedWorld) => {
      sim.host('server', echo);
      sim.host('client', say(heard, sim.now));
      sim.link('client', 'server').latency('600ms').cut();
      sim.eventually(() => heard.length > 0, { within });
    };
    expect(failureOf(world('1s'), { duration: '10s', rechunk: false }).message).toContain(
      'in a healed world did not, in 1000 ms',
    );
    simulate({ seed: 1, duration: '10s', rechunk: false }, world('3s'));
    expect(heard[0][0]).toBeGreaterThan(10_000);
  });

  test('eventually: a world that is at rest is not waited for', () => {
    expect(failureOf(({ eventually }) => eventually(() => false)).message).toContain('nothing more will happen');
  });

  test('an error that nobody handles', () => {
    const failure = failureOf(
      ({ host }) => void host('one', () => void throwError(() => new Error('oops')).subscribe()),
    );
    expect(failure.message).toContain('left unhandled: Error: oops');
  });

  test('a program that fails', () => {
    const failure = failureOf(({ host }) => void host('one', () => throwError(() => new Error('oops'))));
    expect(failure.message).toContain('the program of one failed: Error: oops');
  });

  test('a connection that nobody ends', () => {
    const failure = failureOf(({ host }) => {
      host('server', (net) => net.listen('tcp:7'));
      host('client', (net) => void net.dial('tcp:server:7').subscribe());
    });
    expect(failure.message).toMatch(/the connection with 10\.0\.0\.\d:\d+, from .* is left open/);
    expect(heldGroups()).toEqual([]);
  });

  test('a timer that outlives its program', () => {
    const failure = failureOf(({ host }) => void host('one', () => void interval(1000).subscribe()));
    expect(failure.message).toContain('one has stopped, and has left a timer running');
  });

  test('a circle of holds', () => {
    // Both send back twice what they hear.
    const double = (connection: Connection): void => {
      connection.subscribe((chunk) => {
        connection.next(chunk);
        connection.next(chunk);
      });
    };
    const failure = failureOf(({ host, link }) => {
      host('one', (net) => net.listen('tcp:7').pipe(tap(double)));
      host('other', (net) =>
        net.connect('tcp:one:7').pipe(
          tap((connection) => {
            double(connection);
            connection.next(bytes('back and forth'));
          }),
        ),
      );
      link('one', 'other').window(1024);
    });
    expect(failure.message).toContain('a circle of holds, in which nothing moves');
  });

  test('a failure tells the seed, what was decided, the last part of the trace, and how to see it again', () => {
    const failure = failureOf(
      ({ host, always, now }) => {
        host('server', echo);
        host('client', say([], now));
        always(() => now() < 1000);
      },
      { seed: 77, profile: 'mobile' },
    );
    expect(failure.seed).toBe(77);
    expect(failure.message).toMatch(/seed 77 \(trace hash [0-9a-f]{16}\)/);
    expect(failure.message).toContain('the link client-server: latency ');
    expect(failure.message).not.toContain('crashed');
    expect(failure.message).toContain('10.0.0.2:49152 dials 10.0.0.1:7');
    expect(failure.message).toContain(`again:   simulate({ seed: 77, profile: "mobile" }, ...)`);
    expect(failure.trace.length).toBeGreaterThan(0);
  });
});

describe('nothing real', () => {
  const used = (use: () => unknown): string => {
    const failure = failureOf(({ host }) => void host('one', () => defer(() => (use(), NEVER))));
    expect(failure.cause).toBeInstanceOf(RealWorldUsed);
    return failure.message;
  };

  test.each<[string, () => unknown]>([
    ['Date.now', () => Date.now()],
    ['Math.random', () => Math.random()],
    ['setTimeout', () => setTimeout(() => {}, 1)],
    ['setInterval', () => setInterval(() => {}, 1)],
    ['net.connect', () => createConnection(9, '127.0.0.1').on('error', () => {})],
  ])('a real %s throws, and its caller is named', (name, use) => {
    const message = used(use);
    expect(message).toContain(`a real ${name} inside a simulation`);
    expect(message).toMatch(/called at \S*simulate\.test\.ts:\d+/);
  });

  test('what a program catches is told all the same', () => {
    expect(
      used(() => {
        try {
          Math.random();
        } catch {
          // As a retry would.
        }
      }),
    ).toContain('a real Math.random');
  });

  test('one world at a time', () => {
    const inside = failureOf(({ host }) => void host('one', () => void simulate({ seed: 2 }, () => {})));
    expect(inside.message).toContain('one world at a time');
    // The outer world is as it was.
    expect(inside.message).toContain('the simulation threw');
  });

  test('afterwards everything is back, however the world ended', () => {
    const before = [Date.now, Math.random, setTimeout, setInterval];
    used(() => Date.now());
    simulate({ seed: 1 }, () => {});
    expect([Date.now, Math.random, setTimeout, setInterval]).toEqual(before);
    expect(Object.hasOwn(asyncScheduler, 'schedule')).toBe(false);
    expect(Object.hasOwn(asapScheduler, 'schedule')).toBe(false);
  });
});
