import { identity, of, Subject } from 'rxjs';
import {
  bytes,
  ConnectionLost,
  Deferred,
  IpAddress,
  LimitExceeded,
  serve,
  type CloseReason,
  type Connection,
} from 'ropewalk';
import { marbles, wire } from 'ropewalk/marbles';
import { gather, limitBytes, limitConnections } from 'ropewalk/operators';

describe('limitBytes', () => {
  test(
    'passes on up to the limit, and not a byte more',
    marbles((m) => {
      m.expect(wire('-a-b-|', { a: 'four', b: 'six...' }).pipe(limitBytes(10))).toBe('-a-b-|', {
        a: 'four',
        b: 'six...',
      });
      m.expect(wire('-a-b-|', { a: 'four', b: 'seven..' }).pipe(limitBytes(10))).toBe(
        '-a-#',
        { a: 'four' },
        LimitExceeded,
      );
    }),
  );
});

describe('gather', () => {
  test(
    'emits all of it at the end',
    marbles((m) => {
      m.expect(wire('-a-b-|', { a: 'one ', b: 'two' }).pipe(gather())).toBe('-----(c|)', { c: 'one two' });
      m.expect(wire('-|', {}).pipe(gather())).toBe('-(c|)', { c: '' });
    }),
  );

  test(
    'stops at the limit, at once',
    marbles((m) =>
      m.expect(wire('-a-b-|', { a: 'one ', b: 'two' }).pipe(gather({ max: 6 }))).toBe('---#', {}, LimitExceeded),
    ),
  );
});

describe('limitConnections', () => {
  test(
    'in all: refuses who comes when it is full, and takes the next when there is room again',
    marbles((m) => {
      const { listen, script } = m.memory();
      const reasons: CloseReason[] = [];
      listen('memory:echo')
        .pipe(limitConnections({ total: 1 }), serve(identity))
        .subscribe((reason) => reasons.push(reason));
      const first = script('memory:echo', '-a---|');
      m.expect(first.received).toBe('-a---|');
      m.cold('--(x|)').subscribe(() => {
        m.expect(script('memory:echo', '-b-').received).toBe('--#', {}, ConnectionLost);
      });
      m.cold('--------(x|)').subscribe(() => {
        m.expect(script('memory:echo', '-c-|').received).toBe('---------c-|');
      });
      m.flush();
      expect(reasons.map(({ kind }) => kind)).toEqual(['done', 'done']);
    }),
  );

  test(
    'can say why to those who are refused',
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:echo')
        .pipe(limitConnections({ total: 0, refuse: () => of(bytes('busy')) }), serve(identity))
        .subscribe();
      m.expect(script('memory:echo', '-a-|').received).toBe('(b|)', { b: 'busy' });
    }),
  );

  test('for each peer: counts by address, and forgets who has left', () => {
    const arriving = new Subject<Connection>();
    const admitted: Connection[] = [];
    arriving.pipe(limitConnections({ perPeer: 2 })).subscribe((connection) => admitted.push(connection));
    const visit = (host: string): FakeVisit => {
      const visitor = new FakeVisit(host);
      arriving.next(visitor as unknown as Connection);
      return visitor;
    };
    const [a1, a2, a3, b1] = [visit('10.0.0.1'), visit('10.0.0.1'), visit('10.0.0.1'), visit('10.0.0.2')];
    expect([a1, a2, a3, b1].map(({ error }) => error.mock.calls.length)).toEqual([0, 0, 1, 0]);
    expect(a3.error.mock.calls[0][0]).toBeInstanceOf(LimitExceeded);
    a1.leave();
    expect(visit('10.0.0.1').error.mock.calls.length).toBe(0);
    expect(visit('10.0.0.1').error.mock.calls.length).toBe(1);
  });
});

/** As much of a connection as is counted. */
class FakeVisit {
  readonly remote: IpAddress;
  readonly closed = new Deferred<CloseReason>();
  readonly error = jest.fn();

  constructor(host: string) {
    this.remote = new IpAddress(host, 1234);
  }

  leave(): void {
    this.closed.callback({ kind: 'done' });
  }
}
