import {
  concatMap,
  delay,
  EMPTY,
  identity,
  ignoreElements,
  map,
  NEVER,
  of,
  Subject,
  tap,
  toArray,
  type Observable,
} from 'rxjs';
import {
  bytes,
  codec,
  ConnectionDone,
  ConnectionLost,
  ConnectionRefused,
  LimitExceeded,
  pull,
  serve,
  utf8,
  type Bytes,
  type CloseReason,
  type Connection,
  type Protocol,
} from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { alongside, ask, relay, sendTo } from 'ropewalk/operators';

const characters = codec(
  concatMap((chunk: Bytes) => [...utf8(chunk)]),
  map((character: string) => bytes(character)),
);

/** Bytes without end, in chunks of one size; counts what was drawn from it. */
class Spring implements Iterable<Bytes> {
  drawn = 0;
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  *[Symbol.iterator](): Generator<Bytes, never> {
    for (;;) {
      this.drawn += this.size;
      yield new Uint8Array(this.size);
    }
  }
}

describe('alongside', () => {
  test(
    'emits the feed beside the source, for as long as the source lives',
    marbles((m) => {
      // The feed was there first, also within a moment.
      const feed = m.hot('    1-2-3-4-5');
      const source = m.cold(' -a-b--|');
      m.expect(source.pipe(alongside(feed))).toBe('1a2b3-(4|)');
    }),
  );

  test(
    'goes on when the feed completes; errors with either',
    marbles((m) => {
      m.expect(m.cold('-a-b-|').pipe(alongside(EMPTY))).toBe('-a-b-|');
      m.expect(m.cold('-a-#').pipe(alongside(NEVER))).toBe('-a-#');
      m.expect(m.cold('-a-b').pipe(alongside(m.cold('--#')))).toBe('-a#');
    }),
  );

  test(
    'a guest who does not keep up is dropped past the limit, and holds nobody',
    marbles((m) => {
      const { listen, connect, script } = m.memory();
      const room = new Subject<Bytes>();
      const reasons: CloseReason[] = [];
      const guest: Protocol<Bytes> = (said) => said.pipe(ignoreElements(), alongside(room, { limit: 200_000 }));
      listen('memory:room')
        .pipe(serve(guest))
        .subscribe((reason) => reasons.push(reason));
      const hearing = script('memory:room', '-');
      let heard = 0;
      hearing.received.subscribe((chunk) => (heard += chunk.length));
      connect('memory:room').subscribe({ error: () => {} }); // deaf: never reads
      m.cold('-'.padEnd(42, 'x')).subscribe(() => room.next(new Uint8Array(10_000)));
      m.flush();
      expect(reasons).toEqual([{ kind: 'aborted', error: expect.any(LimitExceeded) }]);
      expect(heard).toBe(410_000);
    }),
  );
});

describe('ask', () => {
  const answering: Protocol<Bytes> = (asked) =>
    characters(concatMap((character) => of(character.toUpperCase()).pipe(delay(5))))(asked, undefined as never);

  test(
    'one question, one answer',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:answers').pipe(serve(answering)).subscribe();
      m.expect(connect('memory:answers').pipe(concatMap((connection) => ask(connection.over(characters), 'a')))).toBe(
        '5ms A',
      );
    }),
  );

  test(
    'several questions are answered in order, and one that was cancelled does not take another answer',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:answers').pipe(serve(answering)).subscribe();
      const heard: string[] = [];
      connect('memory:answers').subscribe((connection) => {
        const duplex = connection.over(characters);
        const answers = ['a', 'b', 'c'].map((question) => ask(duplex, question));
        for (const answer of answers)
          answer.addCallbacks(
            (value) => heard.push(value),
            (error) => heard.push((error as Error).name),
          );
        answers[1].cancel();
        answers[2].addCallback(() => ask(duplex, 'd').addCallback((value) => heard.push(value)));
      });
      m.flush();
      expect(heard).toEqual(['Cancelled', 'A', 'C', 'D']);
    }),
  );

  test(
    'after all were cancelled, their answers are not given to the next',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:answers').pipe(serve(answering)).subscribe();
      const heard: string[] = [];
      connect('memory:answers').subscribe((connection) => {
        const duplex = connection.over(characters);
        ask(duplex, 'a')
          .addErrback(() => undefined)
          .cancel();
        ask(duplex, 'b').addCallback((value) => heard.push(value));
      });
      m.flush();
      expect(heard).toEqual(['B']);
    }),
  );

  test(
    'fails with ConnectionDone when the peer ends first, and with the loss when it is lost',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:mute')
        .pipe(serve(() => EMPTY))
        .subscribe();
      listen('memory:rude').subscribe((connection) => connection.error(new Error('no')));
      const asking = (name: string): Observable<string> =>
        connect(name).pipe(concatMap((connection) => ask(connection.over(characters), 'a')));
      m.expect(asking('memory:mute')).toBe('#', {}, ConnectionDone);
      m.expect(asking('memory:rude')).toBe('#', {}, ConnectionLost);
    }),
  );
});

describe('sendTo', () => {
  test(
    'writes everything, then the end, and emits nothing',
    marbles((m) => {
      const { listen, connect } = m.memory();
      const received: string[] = [];
      listen('memory:sink').subscribe((connection) =>
        connection
          .pipe(
            map((chunk) => utf8(chunk)),
            toArray(),
          )
          .subscribe((all) => received.push(...all)),
      );
      const source = m.cold('-a-b-|').pipe(map((text) => bytes(text)));
      // Nobody listens to what comes back: the connection lingers, and is closed (rule 6).
      m.expect(connect('memory:sink').pipe(concatMap((connection) => source.pipe(sendTo(connection))))).toBe(
        '5005ms |',
      );
      m.flush();
      expect(received).toEqual(['a', 'b']);
    }),
  );

  test(
    'holds the source while the duplex is full, and lets go when it is over',
    marbles((m) => {
      const { listen, connect } = m.memory();
      const spring = new Spring(1024);
      let taken: Connection | undefined;
      listen('memory:deaf').subscribe((connection) => (taken = connection));
      connect('memory:deaf').subscribe({
        next: (connection) =>
          pull(spring)
            .pipe(sendTo(connection))
            .subscribe({ error: () => {} }),
        error: () => {},
      });
      m.flush();
      // What the window and the marks hold, not what the source could give.
      expect(spring.drawn).toBeGreaterThan(65_536);
      expect(spring.drawn).toBeLessThan(200_000);
      taken?.error(new Error('enough'));
      m.flush();
      expect(spring.drawn).toBeLessThan(300_000);
    }),
  );
});

describe('relay', () => {
  test(
    'carries both directions, and each half-close',
    marbles((m) => {
      const { listen, connect, script } = m.memory();
      listen('memory:echo').pipe(serve(identity)).subscribe();
      listen('memory:proxy')
        .pipe(serve(relay(connect('memory:echo'))))
        .subscribe();
      m.expect(script('memory:proxy', '-a-b-|').received).toBe('-a-b-|');
      m.expectNothingOpen();
    }),
  );

  test(
    'a far side that ends first leaves the other direction open',
    marbles((m) => {
      const { listen, connect, script } = m.memory();
      const heard: string[] = [];
      listen('memory:hello').subscribe((connection) => {
        connection.next(bytes('hello'));
        connection.complete();
        connection.subscribe((chunk) => heard.push(utf8(chunk)));
      });
      listen('memory:proxy')
        .pipe(serve(relay(connect('memory:hello'))))
        .subscribe();
      m.expect(script('memory:proxy', '-a-b-|').received).toBe('(h|)', { h: 'hello' });
      m.flush();
      expect(heard).toEqual(['a', 'b']);
      m.expectNothingOpen();
    }),
  );

  test(
    'a far side that refuses, or breaks off, aborts the near one',
    marbles((m) => {
      const { listen, connect, script } = m.memory();
      const reasons: CloseReason[] = [];
      listen('memory:proxy')
        .pipe(serve(relay(connect('memory:nobody'))))
        .subscribe((reason) => reasons.push(reason));
      m.expect(script('memory:proxy', '-a').received).toBe('#', {}, ConnectionLost);
      listen('memory:rude').subscribe((connection) =>
        connection.subscribe({ next: () => connection.error(new Error('rude')), error: () => {} }),
      );
      listen('memory:other')
        .pipe(serve(relay(connect('memory:rude'))))
        .subscribe((reason) => reasons.push(reason));
      m.expect(script('memory:other', '-a').received).toBe('-#', {}, ConnectionLost);
      m.flush();
      expect(reasons).toEqual([
        { kind: 'aborted', error: expect.any(ConnectionRefused) },
        { kind: 'aborted', error: expect.any(ConnectionLost) },
      ]);
      m.expectNothingOpen();
    }),
  );

  test(
    'a near side that breaks off aborts the far one',
    marbles((m) => {
      const { listen, connect, script } = m.memory();
      const reasons: CloseReason[] = [];
      listen('memory:echo')
        .pipe(serve(identity))
        .subscribe((reason) => reasons.push(reason));
      listen('memory:proxy')
        .pipe(serve(relay(connect('memory:echo'))))
        .subscribe();
      script('memory:proxy', '-a-#').received.subscribe({ error: () => {} });
      m.flush();
      expect(reasons).toEqual([{ kind: 'lost', error: expect.any(ConnectionLost) }]);
      m.expectNothingOpen();
    }),
  );

  test(
    'reads nothing before the target is there, and loses nothing then',
    marbles((m) => {
      const { listen, connect, script } = m.memory();
      listen('memory:echo').pipe(serve(identity)).subscribe();
      const late = of(0).pipe(
        delay(10),
        concatMap(() => connect('memory:echo')),
      );
      listen('memory:proxy')
        .pipe(serve(relay(late)))
        .subscribe();
      m.expect(script('memory:proxy', 'a-b-|').received).toBe('10ms (ab|)');
    }),
  );

  test(
    'pressure reaches through it: a far side that does not read holds the near one',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:deaf').subscribe();
      listen('memory:proxy')
        .pipe(serve(relay(connect('memory:deaf'))))
        .subscribe();
      const spring = new Spring(16_384);
      connect('memory:proxy').subscribe((connection) => pull(spring).pipe(tap(), sendTo(connection)).subscribe());
      m.flush();
      expect(spring.drawn).toBeGreaterThan(131_072);
      expect(spring.drawn).toBeLessThan(600_000);
    }),
  );
});
