import { Listener, PathAddress, type Connection, type ListenerEvents } from 'ropewalk';

/** A platform in the hands of the test. */
function platform(): { listener: Listener; bindings: ListenerEvents[]; closed: number[] } {
  const bindings: ListenerEvents[] = [];
  const closed: number[] = [];
  const listener = new Listener((events) => {
    const binding = bindings.push(events) - 1;
    return () => closed.push(binding);
  });
  return { listener, bindings, closed };
}

describe('a listener', () => {
  const [here, there] = [new PathAddress('here'), new PathAddress('there')];

  test('binds at each subscription, and not before', () => {
    const { listener, bindings, closed } = platform();
    expect(bindings.length).toBe(0);
    const [one, two] = [listener.subscribe(), listener.subscribe()];
    expect(bindings.length).toBe(2);
    two.unsubscribe();
    one.unsubscribe();
    expect(closed).toEqual([1, 0]);
  });

  test('emits the connections that are accepted', () => {
    const { listener, bindings } = platform();
    const accepted: Connection[] = [];
    listener.subscribe((connection) => accepted.push(connection));
    const connection = {} as Connection;
    bindings[0].accepted(connection);
    expect(accepted).toEqual([connection]);
  });

  test('replays the addresses that are bound now, tells new ones, and forgets them when the port is closed', () => {
    const { listener, bindings } = platform();
    const early: string[] = [];
    listener.address$.subscribe((address) => early.push(String(address)));
    const one = listener.subscribe();
    bindings[0].bound(here);
    listener.subscribe();
    bindings[1].bound(there);
    one.unsubscribe();
    const late: string[] = [];
    listener.address$.subscribe((address) => late.push(String(address)));
    expect([early, late]).toEqual([['here', 'there'], ['there']]);
  });

  test('errors when it cannot bind; address$ does not', () => {
    const { listener, bindings, closed } = platform();
    const told: unknown[] = [];
    listener.address$.subscribe({ error: () => told.push('address$ failed') });
    listener.subscribe({ error: (error: unknown) => told.push(error) });
    const taken = new Error('taken');
    bindings[0].failed(taken);
    expect([told, closed]).toEqual([[taken], [0]]);
  });
});
