/** A connection that comes back: over memory, in virtual time. */
import { asyncScheduler, map, Observable, Subject, throwError, timer } from 'rxjs';
import {
  bytes,
  connecting,
  ConnectionLost,
  ConnectionRefused,
  lasting,
  lines,
  over,
  serve,
  type Connection,
  type Lasting,
} from 'ropewalk';
import { marbles, type Marbles } from 'ropewalk/marbles';

/** A server that shouts lines back, whose connections the test can end, and that can be away. */
function shouting(m: Marbles) {
  const { listen, connect } = m.memory();
  const connections: Connection[] = [];
  const heard: string[] = [];
  const server = listen('memory:shout');
  const open = () =>
    server
      .pipe(
        map((connection) => {
          connections.push(connection);
          return connection;
        }),
        serve(
          over(
            lines(),
            map((line) => {
              heard.push(line);
              return line.toUpperCase();
            }),
          ),
        ),
      )
      .subscribe();
  return { connect: connect('memory:shout'), connections, heard, open, last: () => connections.at(-1)! };
}

/** What is told from now on, with the time it was told. */
function log(told: Observable<unknown>): string[] {
  const entries: string[] = [];
  const at = (what: string): void => void entries.push(`${asyncScheduler.now()}: ${what}`);
  told.subscribe({
    next: (value) => at(String(value)),
    error: (error: Error) => at(error.message),
    complete: () => at('end'),
  });
  return entries;
}

const phases = (connection: Lasting) => log(connection.state$.pipe(map(({ phase, opened }) => `${phase} ${opened}`)));
const soon = (work: () => void, delay: number): void => void timer(delay).subscribe(work);

test(
  'dials at once, comes back when its connection is lost, and says where it stands',
  marbles((m) => {
    const world = shouting(m);
    const serving = world.open();
    const client = lasting(world.connect, { delay: 10 });
    const told = phases(client);
    soon(() => world.last().error(new ConnectionLost('pulled out')), 5);
    soon(() => client.close(), 50);
    m.flush();
    expect(told).toEqual([
      '0: connecting 0',
      '0: open 1',
      '5: waiting 1',
      '15: connecting 1',
      '15: open 2',
      '50: closed 2',
      '50: end',
    ]);
    expect(client.state.error).toBeUndefined();
    serving.unsubscribe();
  }),
);

test(
  'what was written before there is a connection waits for it, and is sent in order',
  marbles((m) => {
    const world = shouting(m);
    const client = lasting(world.connect, { delay: 10 });
    const said = client.over(lines());
    const told = log(said);
    said.next('a');
    said.next('b');
    soon(() => expect(client.state).toMatchObject({ phase: 'waiting', error: expect.any(ConnectionRefused) }), 1);
    soon(() => world.open(), 5);
    soon(() => client.close(), 50);
    m.flush();
    expect(told).toEqual(['10: A', '10: B', '50: end']);
  }),
);

test(
  'the layer begins anew with each connection: half a line of one is no part of the next',
  marbles((m) => {
    const world = shouting(m);
    const serving = world.open();
    const client = lasting(world.connect, { delay: 10 });
    const said = client.over(lines());
    const told = log(said);
    soon(() => world.last().next(bytes('half')), 1);
    soon(() => world.last().error(new ConnectionLost('pulled out')), 5);
    soon(() => said.next('whole'), 20);
    soon(() => client.close(), 50);
    m.flush();
    expect(told).toEqual(['20: WHOLE', '50: end']);
    expect(world.heard).toEqual(['whole']);
    serving.unsubscribe();
  }),
);

test(
  'a peer that ends in order is dialled again, too',
  marbles((m) => {
    const world = shouting(m);
    const serving = world.open();
    const client = lasting(world.connect, { delay: 10 });
    const told = phases(client);
    const said = log(client.over(lines()));
    soon(() => world.last().complete(), 5);
    // Both halves are over once this side has ended, too: nobody else would.
    soon(() => client.state.connection?.complete(), 6);
    soon(() => client.close(), 50);
    m.flush();
    expect(told).toContain('16: open 2');
    expect(said).toEqual(['50: end']);
    serving.unsubscribe();
  }),
);

test(
  'gives up when it is told to, and says why to whoever listens',
  marbles((m) => {
    const refused = new ConnectionRefused('nobody listens there');
    const client = lasting(
      throwError(() => refused),
      { delay: 5, attempts: 2 },
    );
    const told = phases(client);
    const said = client.over(lines());
    const heard = log(said);
    m.flush();
    expect(told.slice(-3)).toEqual(['10: waiting 0', '10: closed 0', '10: end']);
    expect(heard).toEqual(['10: nobody listens there']);
    expect(client.state.error).toBe(refused);
    said.next('too late');
    expect(client.state.dropped).toBe(1);
  }),
);

test(
  'so many values wait, and no more: the others are counted',
  marbles((m) => {
    const world = shouting(m);
    const client = lasting(world.connect, { delay: 10, backlog: 2 });
    const said = client.over(lines());
    const told = log(said);
    for (const line of ['a', 'b', 'c', 'd']) said.next(line);
    expect(client.state.dropped).toBe(2);
    soon(() => world.open(), 5);
    soon(() => client.close(), 20);
    m.flush();
    expect(told).toEqual(['10: A', '10: B', '20: end']);
  }),
);

test(
  'what the layer refuses ends that connection, and the next one is dialled',
  marbles((m) => {
    const world = shouting(m);
    const serving = world.open();
    const client = lasting(world.connect, { delay: 10 });
    const told = log(client.over(lines({ max: 4 })));
    const states = phases(client);
    soon(() => world.last().next(bytes('much too long\r\n')), 5);
    soon(() => world.last().next(bytes('good\r\n')), 20);
    soon(() => client.close(), 50);
    m.flush();
    expect(told).toEqual(['20: good', '50: end']);
    expect(states).toEqual(expect.arrayContaining(['5: waiting 1', '15: open 2']));
    serving.unsubscribe();
  }),
);

test(
  'several listeners hear the same, and one that leaves is told no more',
  marbles((m) => {
    const world = shouting(m);
    const serving = world.open();
    const client = lasting(world.connect, { delay: 10 });
    const said = client.over(lines());
    const [one, other] = [log(said), [] as string[]];
    const leaving = said.subscribe((line) => other.push(line));
    soon(() => said.next('a'), 1);
    soon(() => leaving.unsubscribe(), 2);
    soon(() => said.next('b'), 3);
    soon(() => client.close(), 9);
    m.flush();
    expect(one).toEqual(['1: A', '3: B', '9: end']);
    expect(other).toEqual(['A']);
    serving.unsubscribe();
  }),
);

test(
  'closing calls off a dial that goes on, and closing twice is harmless',
  marbles((m) => {
    const calledOff = new Subject<void>();
    let times = 0;
    calledOff.subscribe(() => times++);
    const client = lasting(connecting('memory:slow', () => () => calledOff.next()));
    client.close();
    client.close();
    m.flush();
    expect(times).toBe(1);
    expect(client.state.phase).toBe('closed');
  }),
);
