import { asyncScheduler, map, timer } from 'rxjs';
import {
  bytes,
  Connection,
  ConnectionLost,
  PathAddress,
  type Bytes,
  type Flushable,
  type TransportEvents,
} from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { pair } from 'ropewalk/memory';

/** A connection whose platform is in the hands of the test. */
function handmade(): {
  connection: Connection;
  events: TransportEvents;
  written: Bytes[];
  transport: { unsent: number };
} {
  const written: Bytes[] = [];
  let events: TransportEvents | undefined;
  const transport = {
    local: new PathAddress('here'),
    remote: new PathAddress('there'),
    scheduler: asyncScheduler,
    unsent: 0,
    now: () => 0,
    pause() {},
    resume() {},
    atTurnEnd: (flushable: Flushable) => void asyncScheduler.schedule(() => flushable.flush()),
    write(parts: readonly Bytes[], length: number) {
      written.push(...parts);
      transport.unsent += length;
      return true;
    },
    end: () => events!.sentEnd(),
    abort: () => events!.closed(),
    close: () => events!.closed(),
  };
  const connection = new Connection((told) => {
    events = told;
    return Object.assign(transport, { events: told });
  });
  return { connection, events: events!, written, transport };
}

describe('a connection', () => {
  test('tells what the platform has not taken yet, also when it never said that it was full', () => {
    const { connection, transport } = handmade();
    connection.next(bytes('some words'));
    expect(connection.state.unsent).toBe(10);
    connection.flush();
    expect(connection.state).toMatchObject({ unsent: 10, bytesSent: 10 });
    transport.unsent = 0;
    expect(connection.state.unsent).toBe(0);
    transport.unsent = 5;
    connection.error(new Error('enough'));
    expect(connection.state).toMatchObject({ unsent: 0, phase: 'closed' });
  });

  test('that its platform closes too early is lost, not done', () => {
    const { connection, events } = handmade();
    const reasons: unknown[] = [];
    connection.closed.addCallback((reason) => {
      reasons.push(reason);
    });
    events.received(bytes('half'));
    events.closed();
    expect(reasons).toEqual([{ kind: 'lost', error: expect.any(ConnectionLost) }]);
    const heard: unknown[] = [];
    connection.subscribe({ next: (chunk) => heard.push(chunk), error: (error: unknown) => heard.push(error) });
    expect(heard).toEqual([bytes('half'), expect.any(ConnectionLost)]);
  });

  test(
    'gives up a peer that takes no more of its last words for a minute',
    marbles((m) => {
      // The first look, after five seconds, still sees that something was taken.
      const [near] = pair();
      near.next(new Uint8Array(500_000));
      near.complete();
      m.expect(near.closed.pipe(map(({ kind }) => kind))).toBe('65s (a|)', { a: 'aborted' });
    }),
  );

  test(
    'gives it up also when it has ended its own half',
    marbles((m) => {
      const [near, far] = pair();
      // It looks as if it listened, and never reads.
      far.subscribe({ error() {} });
      far.complete();
      const deafness = far.halves.group.hold({ backlog: 0, toString: () => 'deafness' }, 'a test');
      timer(61_000).subscribe(() => deafness.release());
      near.subscribe({
        complete() {
          near.next(new Uint8Array(500_000));
          near.complete();
        },
      });
      m.expect(near.closed.pipe(map(({ kind }) => kind))).toBe('60s (a|)', { a: 'aborted' });
    }),
  );

  test(
    'that lingers in vain resets the peer whose bytes it never read',
    marbles((m) => {
      const [near, far] = pair();
      near.subscribe({ error() {} });
      near.next(new Uint8Array(200_000));
      // Somebody holds the reading: the window stays full.
      const deafness = far.halves.group.hold({ backlog: 0 }, 'a test');
      timer(6_000).subscribe(() => deafness.release());
      far.complete();
      m.expect(far.closed).toBe('5s (d|)', { d: { kind: 'done' } });
      m.expect(near.closed.pipe(map(({ kind }) => kind))).toBe('5s (l|)', { l: 'lost' });
    }),
  );

  test(
    'tells its state whenever it is held or let go, and whenever its peer stops or begins to take what is sent',
    marbles((m) => {
      const [near, far] = pair();
      const seen: string[] = [];
      near.state$.subscribe(({ unsent }) => seen.push(unsent > 0 ? 'unsent' : 'sent'));
      far.state$.subscribe(({ held, phase }) => seen.push(`${phase}, ${held ? 'held' : 'reads'}`));
      expect(seen.splice(0)).toEqual(['sent', 'open, reads']);
      timer(1).subscribe(() => near.next(new Uint8Array(200_000)));
      timer(5).subscribe(() => {
        // One chunk is read ahead, and nobody listens.
        expect(seen.splice(0)).toEqual(['unsent', 'open, held']);
        far.subscribe({ error() {} });
      });
      timer(9).subscribe(() => {
        expect(seen.splice(0)).toEqual(['open, reads', 'sent']);
        near.error(new Error('enough'));
      });
      m.flush();
      expect(seen).toContain('closed, reads');
    }),
  );

  test(
    'tells its state at each change of phase',
    marbles((m) => {
      const [near, far] = pair();
      near.subscribe();
      far.subscribe();
      timer(2).subscribe(() => near.complete());
      timer(4).subscribe(() => far.complete());
      m.expect(near.state$.pipe(map(({ phase }) => phase))).toBe('o-e-(c|)', { o: 'open', e: 'ending', c: 'closed' });
    }),
  );
});
