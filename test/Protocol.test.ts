import { identity, map, mergeMap, NEVER, of, Subject, takeUntil, timer, type Observable } from 'rxjs';
import {
  bytes,
  codec,
  ConnectionAborted,
  over,
  serve,
  utf8,
  type Bytes,
  type Connection,
  type Protocol,
} from 'ropewalk';
import { marbles } from 'ropewalk/marbles';

const text = codec(
  map((chunk: Bytes) => utf8(chunk)),
  map((words: string) => bytes(words)),
);
const numbers = codec(
  map((words: string) => Number(words)),
  map((value: number) => String(value)),
);

describe('over', () => {
  test(
    'stacks layers, the one next to the wire first and the protocol last',
    marbles((m) => {
      const doubling: Protocol<Bytes> = over(
        text,
        numbers,
        map((value) => value * 2),
      );
      const { listen, script } = m.memory();
      listen('memory:double').pipe(serve(doubling)).subscribe();
      m.expect(script('memory:double', '-a-b|', { a: '1', b: '21' }).received).toBe('-A-B|', { A: '2', B: '42' });
    }),
  );

  test(
    'hands the connection through to the protocol',
    marbles((m) => {
      const seen: Connection[] = [];
      const { listen, script } = m.memory();
      const protocol: Protocol<string> = (said, connection) => {
        seen.push(connection);
        return said;
      };
      listen('memory:echo')
        .pipe(serve(over(text, protocol)))
        .subscribe((reason) => {
          expect(seen.map(({ state }) => state.phase)).toEqual(['closed']);
          expect(reason).toEqual({ kind: 'done' });
        });
      m.expect(script('memory:echo', '-a|').received).toBe('-a|');
    }),
  );

  test('with a protocol alone is that protocol', () => {
    const protocol: Protocol<string> = identity;
    expect(over(protocol)).toBe(protocol);
  });
});

test(
  'a codec is there as two operators, too',
  marbles((m) => {
    m.expect(m.cold('-a|', { a: bytes('7') }).pipe(text.decode, numbers.decode)).toBe('-a|', { a: 7 });
    m.expect(m.cold('-a|', { a: 7 }).pipe(numbers.encode, text.encode)).toBe('-a|', { a: '7' });
  }),
);

describe('serve', () => {
  test(
    'tells how each connection ended, and completes after the last once the source has',
    marbles((m) => {
      const { listen, script } = m.memory();
      const stop = m.cold('---s');
      m.expect(listen('memory:echo').pipe(takeUntil(stop), serve(identity))).toBe('-d---(d|)', { d: { kind: 'done' } });
      script('memory:echo', '-|');
      script('memory:echo', '--a--|');
      m.expectNothingOpen();
    }),
  );

  test(
    'completes with its source when nothing is being served',
    marbles((m) => {
      m.expect(
        m
          .memory()
          .listen('memory:echo')
          .pipe(takeUntil(timer(2)), serve(identity)),
      ).toBe('--|');
    }),
  );

  test(
    'aborts what it serves when it is unsubscribed, and when its source fails',
    marbles((m) => {
      const { listen, script } = m.memory();
      m.expect(listen('memory:a').pipe(serve(identity)), '^--!').toBe('');
      const peer = script('memory:a', '-a');
      m.expect(peer.received).toBe('-a-#');

      const failing = listen('memory:b').pipe(
        mergeMap((connection) => m.cold('c-#', { c: connection }, new Error('port'))),
      );
      m.expect(failing.pipe(serve(identity))).toBe('--#', {}, new Error('port'));
      m.expect(script('memory:b', '-a').received).toBe('-a#');
      m.expectNothingOpen();
    }),
  );

  test(
    'unsubscribes the protocol when the connection is over, whatever it was doing',
    marbles((m) => {
      const { listen, script } = m.memory();
      const work = m.cold('----------x');
      listen('memory:busy')
        .pipe(serve(() => work.pipe(map(() => bytes('x')))))
        .subscribe();
      script('memory:busy', '---#');
      m.expect(timer(5).pipe(map(() => unsubscribedAt(work)))).toBe('-----(s|)', { s: 3 });
    }),
  );

  test(
    'ends a connection when its protocol completes, and hears the peer out for five seconds',
    marbles((m) => {
      const { listen, script } = m.memory();
      m.expect(listen('memory:brief').pipe(serve(() => of(bytes('bye'))))).toBe('5s d', { d: { kind: 'done' } });
      m.expect(script('memory:brief', '').received).toBe('(b|)', { b: 'bye' });
    }),
  );

  test(
    'a connection that is aborted while its protocol is being called is over at once',
    marbles((m) => {
      const { listen, script } = m.memory();
      const enough = new Error('enough');
      const impatient: Protocol<Bytes> = (_, connection) => {
        connection.error(enough);
        return NEVER;
      };
      m.expect(listen('memory:x').pipe(serve(impatient))).toBe('a', { a: { kind: 'aborted', error: enough } });
      m.expect(script('memory:x', '').received).toBe('#');
      m.expectNothingOpen();
    }),
  );

  test(
    'a room is a Subject: what one says all hear',
    marbles((m) => {
      const room = new Subject<Bytes>();
      const { listen, script } = m.memory();
      const chat: Protocol<Bytes> = (said) => {
        said.subscribe({ next: (chunk) => room.next(chunk), error() {} });
        return room;
      };
      listen('memory:room').pipe(serve(chat)).subscribe();
      const [one, two] = [script('memory:room', '-a---c'), script('memory:room', '---b')];
      m.expect(one.received).toBe('-a-b-c');
      m.expect(two.received).toBe('-a-b-c');
    }),
  );
});

test(
  'the reason of a stopped server names it',
  marbles((m) => {
    const { listen, script } = m.memory();
    let connection: Connection | undefined;
    const server = listen('memory:a')
      .pipe(serve((incoming, served) => ((connection = served), incoming)))
      .subscribe();
    script('memory:a', '');
    timer(1).subscribe(() => server.unsubscribe());
    m.expect(timer(2).pipe(mergeMap(() => connection!.closed))).toBe('--(a|)', {
      a: { kind: 'aborted', error: new ConnectionAborted('the server was stopped') },
    });
  }),
);

/** When the cold Observable was last let go of. */
function unsubscribedAt(cold: Observable<unknown>): number | undefined {
  const { subscriptions } = cold as unknown as { subscriptions: { unsubscribedFrame: number }[] };
  return subscriptions.at(-1)?.unsubscribedFrame;
}
