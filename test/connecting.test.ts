import { identity, Subject, take, takeUntil } from 'rxjs';
import {
  bytes,
  ConnectionRefused,
  connecting,
  dialling,
  onWarning,
  serve,
  type Connection,
  type DialEvents,
} from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { pair } from 'ropewalk/memory';

/** A dial in the hands of the test. */
function dial(): { connect: ReturnType<typeof connecting>; dials: DialEvents[]; cancelled: number[] } {
  const dials: DialEvents[] = [];
  const cancelled: number[] = [];
  const connect = connecting('test:', (events) => {
    const number = dials.push(events) - 1;
    return () => cancelled.push(number);
  });
  return { connect, dials, cancelled };
}

describe('connecting', () => {
  test('dials at each subscription; unsubscribing before it opens cancels the dial', () => {
    const { connect, dials, cancelled } = dial();
    expect(dials.length).toBe(0);
    const [one] = [connect.subscribe(), connect.subscribe()];
    one.unsubscribe();
    expect([dials.length, cancelled]).toEqual([2, [0]]);
  });

  test('errors when the dial fails', () => {
    const { connect, dials } = dial();
    const told: unknown[] = [];
    connect.subscribe({ error: (error: unknown) => told.push(error) });
    const refused = new ConnectionRefused('nobody');
    dials[0].failed(refused);
    expect(told).toEqual([refused]);
  });

  test(
    'lives as long as its connection: completes, errors with the loss, or with the reason of an abort',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:a').subscribe((connection) => {
        connection.subscribe({
          next: (chunk) => (chunk[0] === 33 ? connection.error(new Error('!')) : undefined),
          error() {},
          complete: () => connection.complete(),
        });
      });
      const enough = new Error('enough');
      const seen: string[] = [];
      const watch = (name: string, act: (connection: Connection) => void): void => {
        connect('memory:a').subscribe({
          next: act,
          error: (error: unknown) => seen.push(`${name}: ${String(error)}`),
          complete: () => seen.push(`${name}: complete`),
        });
      };
      watch('ended', (connection) => connection.complete());
      watch('lost', (connection) => connection.next(bytes('!')));
      watch('aborted', (connection) => connection.error(enough));
      m.flush();
      expect(seen.toSorted()).toEqual([
        'aborted: Error: enough',
        'ended: complete',
        'lost: ConnectionLost: the connection with a was reset by the peer',
      ]);
    }),
  );

  test(
    'unsubscribing closes the connection, flushed and in order, even while somebody listens',
    marbles((m) => {
      const { listen, connect } = m.memory();
      const over = new Subject<void>();
      m.expect(listen('memory:echo').pipe(serve(identity))).toBe('---d', { d: { kind: 'done' } });
      connect('memory:echo')
        .pipe(takeUntil(over))
        .subscribe((connection) => {
          m.expect(connection).toBe('---(b|)', { b: 'bye' });
          m.cold('---x').subscribe(() => {
            connection.next(bytes('bye'));
            over.next();
          });
        });
      m.expectNothingOpen();
    }),
  );

  test('warns who lets go of the connection at the moment it comes', () => {
    const { connect, dials } = dial();
    const warnings: string[] = [];
    const before = onWarning(({ name }) => warnings.push(name));
    connect.pipe(take(1)).subscribe();
    const [near] = pair();
    dials[0].opened(near);
    onWarning(before);
    expect(warnings).toEqual(['ConnectionDropped']);
    expect(near.state.phase).toBe('ending');
    near.error(new Error('the test is over'));
  });
});

describe('dialling', () => {
  test('is eager, and gives the connection away', () => {
    const { connect, dials, cancelled } = dial();
    const dialled = dialling(connect);
    expect(dials.length).toBe(1);
    const [near] = pair();
    dials[0].opened(near);
    const seen: unknown[] = [];
    dialled.addCallback((connection) => {
      seen.push(connection);
    });
    expect(seen.length === 1 && seen[0] === near).toBe(true);
    expect([cancelled, near.state.phase]).toEqual([[], 'open']);
    near.error(new Error('the test is over'));
  });

  test('cancel stops the dial', () => {
    const { connect, cancelled } = dial();
    const dialled = dialling(connect);
    dialled.subscribe({ error() {} });
    dialled.cancel();
    expect(cancelled).toEqual([0]);
  });

  test('errbacks when the dial fails', () => {
    const { connect, dials } = dial();
    const told: unknown[] = [];
    dialling(connect).subscribe({ error: (error: unknown) => told.push(error) });
    const refused = new ConnectionRefused('nobody');
    dials[0].failed(refused);
    expect(told).toEqual([refused]);
  });
});
