import {
  asapScheduler,
  asyncScheduler,
  identity,
  interval,
  map,
  mergeMap,
  Observable,
  of,
  Subject,
  takeWhile,
  throwError,
  timer,
  zip,
} from 'rxjs';
import {
  bytes,
  codec,
  ConnectionLost,
  ConnectionRefused,
  HoldGroup,
  over,
  pull,
  serve,
  show,
  utf8,
  type Bytes,
  type Hold,
} from 'ropewalk';
import { hex, marbles, wire, wirePair, type Marbles } from 'ropewalk/marbles';

/** A codec of its own: each letter is a message. */
const letters = codec(
  mergeMap((chunk: Bytes) => [...utf8(chunk)]),
  map((letter: string) => bytes(letter)),
);
const shout = (letter: string): string => letter.toUpperCase();

/** Runs a marbles test that should fail, and gives what it says. */
function failureOf(body: (m: Marbles) => void, options = {}): string {
  try {
    marbles(body, options)();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
}

describe('marbles', () => {
  test(
    'what a scripted peer says is answered at once, and its end ends the other side',
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:shout')
        .pipe(serve(over(letters, map(shout))))
        .subscribe();
      const peer = script('memory:shout', '-t-p-t-x|');
      m.expect(peer.received).toBe('       -T-P-T-X|');
      m.expect(peer.closed).toBe('         --------(d|)', { d: { kind: 'done' } });
      m.expectNothingOpen();
    }),
  );

  test(
    'a protocol that ends at a message ends the connection there',
    marbles((m) => {
      const { listen, script } = m.memory();
      const frames = { t: 't', p: 'p', x: 'x', T: bytes('T'), P: 'P', X: hex('58') };
      listen('memory:ws')
        .pipe(
          serve(
            over(letters, (said) =>
              said.pipe(
                map(shout),
                takeWhile((letter) => letter !== 'X', true),
              ),
            ),
          ),
        )
        .subscribe();
      const peer = script('memory:ws', '-t-p-t-x|', frames);
      m.expect(peer.received).toBe('    -T-P-T-(X|)', frames);
    }),
  );

  test(
    'a server that aborts is a loss for the peer, and a peer that aborts is a loss for the server',
    marbles((m) => {
      const { listen, script } = m.memory();
      const reasons = listen('memory:a').pipe(
        serve((incoming) =>
          incoming.pipe(mergeMap((chunk) => (utf8(chunk) === 'b' ? throwError(() => new Error('no b')) : [chunk]))),
        ),
        map(({ kind }) => kind),
      );
      m.expect(reasons).toBe('---a---l', { a: 'aborted', l: 'lost' });
      m.expect(script('memory:a', '-a-b').received).toBe('-a-#', {}, ConnectionLost);
      m.expect(script('memory:a', '-----a-#').received).toBe('-----a-#');
    }),
  );

  test(
    'nobody there is a ConnectionRefused',
    marbles((m) => m.expect(m.memory().script('memory:nobody', '-a|').received).toBe('#', {}, ConnectionRefused)),
  );

  test(
    'chunks of one moment come over a wire as one, and are compared as one',
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:echo').pipe(serve(identity)).subscribe();
      m.expect(script('memory:echo', '-(abc)-d|').received).toBe('-(abc)-d|');
    }),
  );

  test(
    'timers, delays and lingering are virtual with nothing injected',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:slow')
        .pipe(serve(() => timer(90_000).pipe(map(() => bytes('late')))))
        .subscribe();
      const ended = new Observable((subscriber) =>
        connect('memory:slow').subscribe((connection) => {
          connection.closed.subscribe(subscriber);
          connection.complete();
        }),
      );
      // The client lingers five seconds, and goes; the server's late words meet nobody.
      m.expect(ended).toBe('5s (d|)', { d: { kind: 'done' } });
    }),
  );

  test(
    'a byte diagram speaks text and bytes',
    marbles((m) => {
      const legend = { a: 'GET / HTTP/1.1\r\n', b: hex('0d 0a') };
      m.expect(wire('-a-b-c|', legend)).toBe('-a-b-c|', { ...legend, b: Uint8Array.of(13, 10), c: Buffer.from('c') });
      m.expect(wire('-a#', legend, new RangeError('x'))).toBe('-a#', legend, new RangeError('x'));
      m.expect(wire('-a#', legend)).toBe('-a#', legend);
    }),
  );

  test(
    'cold, hot, time and inner Observables are as in RxJS, and letters outside the legend are themselves',
    marbles((m) => {
      m.expect(m.cold('-a-b|', { a: 1 })).toBe('-a-b|', { a: 1 });
      m.expect(m.hot('--^-a-b|')).toBe('--a-b|');
      m.expect(m.cold('-a-b|'), '^--!').toBe('-a-');
      m.expect(of(m.time('---|'))).toBe('(t|)', { t: 3 });
      m.expect(of(m.cold('-x|'))).toBe('(i|)', { i: m.cold('-x|') });
      m.expect(timer(2)).toEqual(m.cold('--(0|)', { 0: 0 }));
    }),
  );

  test(
    'wirePair joins two protocols and records what each says',
    marbles((m) => {
      const { server, client } = wirePair(over(letters, map(shout)), () => wire('-a-b|'));
      m.expect(server.said).toBe('-A-B|');
      m.expect(client.said).toBe('-a-b|');
      m.expect(client.connection.closed).toBe('----(d|)', { d: { kind: 'done' } });
    }),
  );

  test('one test leaves nothing behind that could disturb the next', () => {
    const broken = marbles((m) => {
      m.memory().listen('memory:x').subscribe();
      throw new Error('half way');
    });
    expect(broken).toThrow('half way');
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:x').pipe(serve(identity)).subscribe();
      m.expect(script('memory:x', '-a|').received).toBe('-a|');
    })();
  });
});

describe('a failure', () => {
  test('shows both diagrams aligned, with bytes escaped and the first difference marked', () => {
    const message = failureOf((m) => {
      m.expect(wire('-a-b-(cd)|', { b: 'x\r\n' })).toBe('-a-B-(cd)|', { a: 'a', B: hex('78 0d') });
    });
    expect(message).toBe(
      [
        'the marbles differ at 3 ms',
        '  expected  -a-B-(cd)|',
        '  actual    -a-A-(cd)|',
        '               ^',
        "  expected there: B at 3 ms: 'x\\r'",
        "  actual there:   A at 3 ms: 'x\\r\\n'",
        '                                 ^ byte 2',
        "  B = 'x\\r'",
        "  A = 'x\\r\\n'",
      ].join('\n'),
    );
  });

  test('says when something is missing, too much or at the wrong time', () => {
    expect(failureOf((m) => m.expect(m.cold('-a-b|')).toBe('-a|'))).toContain('actual there:   b at 3 ms: "b"');
    expect(failureOf((m) => m.expect(m.cold('-a')).toBe('-a|'))).toContain('actual there:   nothing');
    expect(failureOf((m) => m.expect(m.cold('-a')).toBe('--a'))).toContain(
      '  expected  --a\n  actual    -a\n             ^',
    );
    expect(failureOf((m) => m.expect(m.cold('-a 5s b')).toBe('-a 4s b'))).toContain('-a 4000ms b');
    expect(failureOf((m) => m.expect(m.cold('-a')))).toContain('was not told what to expect');
  });

  test('is an error that nobody handled', () => {
    const message = failureOf(() => throwError(() => new RangeError('oops')).subscribe());
    expect(message).toContain('an error was left unhandled: RangeError: oops');
  });

  test('is time that does not come to rest', () => {
    expect(failureOf(() => interval(10).subscribe(), { limit: 1000 })).toContain('did not come to rest within 1000 ms');
  });

  test('is a body that is not synchronous', () => {
    expect(failureOf((async () => {}) as () => void)).toContain('must not return a promise');
  });

  test('is an open connection, if the test says so', () => {
    marbles(leavesOneOpen)();
    const message = failureOf((m) => {
      leavesOneOpen(m);
      m.expectNothingOpen();
    });
    expect(message).toContain('the connection with echo is still open (open)');
  });

  test('is a hold left on a connection that is over', () => {
    let forgotten: Hold | undefined;
    const message = failureOf((m) => {
      const { listen, script } = m.memory();
      listen('memory:echo')
        .pipe(
          serve((incoming, connection) => {
            forgotten = connection.halves.group.hold(
              { backlog: 0, toString: () => 'a forgetful operator' },
              'for no reason',
            );
            return incoming;
          }),
        )
        .subscribe();
      const peer = script('memory:echo', '#');
      m.expect(peer.closed).toBe('(a|)', { a: { kind: 'aborted', error: new Error('the script said # (#)') } });
    });
    forgotten?.release();
    expect(message).toMatch(/^the connection with echo#1 is still held by a forgetful operator: for no reason$/m);
  });

  test('is a hold left on anything else; what was held before the test is not its business', () => {
    const source = (name: string): HoldGroup =>
      new HoldGroup({ pause() {}, resume() {}, now: () => 0, toString: () => name });
    const before = source('a file').hold({ backlog: 0 }, 'not of this test');
    let forgotten: Hold | undefined;
    const message = failureOf(() => {
      forgotten = source('a child process').hold({ backlog: 0, toString: () => 'a queue' }, 'it is full');
    });
    before.release();
    forgotten?.release();
    expect(message).toBe('a child process is still held by a queue: it is full');
  });
});

describe('connections that are left open', () => {
  test(
    'may be held when the test ends: they are aborted then, and let go',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:deaf').subscribe();
      listen('memory:source')
        .pipe(serve(() => pull([new Uint8Array(500_000)])))
        .subscribe();
      const held = zip(connect('memory:deaf'), connect('memory:source')).pipe(
        mergeMap(([sink, source]) => {
          source.subscribe(sink);
          return timer(10).pipe(map(() => source.state.held));
        }),
      );
      m.expect(held).toBe('10ms t', { t: true });
    }),
  );
});

function leavesOneOpen(m: Marbles): void {
  const { listen, script } = m.memory();
  listen('memory:echo').pipe(serve(identity)).subscribe();
  script('memory:echo', '-a');
}

describe('hex', () => {
  test('reads pairs of digits', () => {
    expect(show(hex('0d0a 48 69'))).toBe("'\\r\\nHi'");
    expect(() => hex('0d0')).toThrow(TypeError);
    expect(() => hex('zz')).toThrow("expected pairs of hexadecimal digits, got 'zz'");
  });
});

test(
  'a Subject between two worlds works in virtual time as well',
  marbles((m) => {
    const room = new Subject<Bytes>();
    const { listen, script } = m.memory();
    listen('memory:in').subscribe((connection) =>
      connection.subscribe({ next: (chunk) => room.next(chunk), error() {} }),
    );
    listen('memory:out')
      .pipe(serve(() => room))
      .subscribe();
    const hearer = script('memory:out', '');
    script('memory:in', '-a-b');
    m.expect(hearer.received).toBe('-a-b');
  }),
);

test(
  'a timer that the same moment calls off before it fires disturbs nobody',
  marbles((m) => {
    const fired: string[] = [];
    const timer = asyncScheduler.schedule(() => fired.push('timer'));
    asapScheduler.schedule(() => timer.unsubscribe());
    asyncScheduler.schedule(() => fired.push('the next one'));
    m.flush();
    expect(fired).toEqual(['the next one']);
  }),
);
