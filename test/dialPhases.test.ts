/** How far a dial has come, told to whoever watches it, and to nobody else. */
import { map, NEVER, Observable } from 'rxjs';
import { connecting, currentDial, runtime, serve, watchingDial, type DialPhase } from 'ropewalk';
import { connectProxy, connectProxyClient } from 'ropewalk/connect-proxy';
import { marbles } from 'ropewalk/marbles';

test(
  'a dial in memory is reaching somebody, whether he is there or not',
  marbles((m) => {
    const { listen, connect } = m.memory();
    listen('memory:here')
      .pipe(serve(() => NEVER))
      .subscribe();
    for (const place of ['memory:here', 'memory:nobody']) {
      const phases: DialPhase[] = [];
      const dial = watchingDial(
        (phase) => phases.push(phase),
        () => connect(place).subscribe({ error: () => {} }),
      );
      m.flush();
      dial.unsubscribe();
      expect(phases).toEqual(['connect']);
    }
    m.flush();
  }),
);

test(
  'through endpoints around each other all of it is told, in its order',
  marbles((m) => {
    const memory = m.memory();
    memory
      .listen('memory:there')
      .pipe(serve(() => NEVER))
      .subscribe();
    memory
      .listen('memory:proxy')
      .pipe(serve(connectProxy({ connect: ({ host }) => memory.connect(`memory:${host}`) })))
      .subscribe();
    const { connect } = runtime({
      servers: { memory: memory.server },
      clients: { memory: memory.client, connect: connectProxyClient },
    });
    const phases: string[] = [];
    const tell = (phase: DialPhase): number => phases.push(phase);
    const dialled = connect('connect:proxy:1:to=tcp\\:there\\:1:endpoint=memory\\:proxy');
    const dial = watchingDial(tell, () => dialled.pipe(map(() => phases.push('there'))).subscribe());
    m.flush();
    dial.unsubscribe();
    m.flush();
    // The proxy has dialled, too: that is not this dial.
    expect(phases).toEqual(['connect', 'proxy', 'there']);
  }),
);

test('two watchers hear of their own dials, and a dial inside of a watched one of neither but its own', () => {
  const told: string[] = [];
  const asking = (): ReturnType<typeof currentDial> => currentDial();
  const [one, two] = ['one', 'two'].map((who) =>
    watchingDial(
      (phase) => told.push(`${who} ${phase}`),
      () => {
        const outer = asking();
        watchingDial((phase) => told.push(`inside ${who} ${phase}`), asking)('tls');
        // What comes after it is the first one's again.
        expect(asking()).toBe(outer);
        return outer;
      },
    ),
  );
  one('name');
  two('name');
  one('connect');
  expect(told).toEqual(['inside one tls', 'inside two tls', 'one name', 'two name', 'one connect']);
});

test('whoever watches no more is not told, even if the subscription failed', () => {
  const told: DialPhase[] = [];
  const oops = new Error('oops');
  expect(() =>
    watchingDial(
      (phase) => told.push(phase),
      () => {
        throw oops;
      },
    ),
  ).toThrow(oops);
  currentDial()('connect');
  expect(told).toEqual([]);
});

test('an endpoint of your own tells, too, whenever it gets there', () => {
  let arrive = (): void => {};
  const mine: Observable<unknown> = connecting('mine', () => {
    const tell = currentDial();
    tell('name');
    arrive = () => tell('tls');
    return () => {};
  });
  const told: DialPhase[] = [];
  const dial = watchingDial(
    (phase) => told.push(phase),
    () => mine.subscribe(),
  );
  expect(told).toEqual(['name']);
  arrive();
  expect(told).toEqual(['name', 'tls']);
  dial.unsubscribe();
});
