/** Machines and networks that are not as they should be: clocks, backlogs, names, datagrams. */
import { asyncScheduler, take, tap, timer } from 'rxjs';
import {
  bytes,
  ConnectionRefused,
  ConnectTimeout,
  DatagramRefused,
  DatagramTooLong,
  InvalidAddress,
  MulticastJoinError,
  UnknownHost,
  utf8,
  type Address,
  type IpAddress,
} from 'ropewalk';
import { datagramComplianceOf, simulate, simulatedRuntime, type SimulatedWorld } from 'ropewalk/marbles';

const still = { seed: 1, profile: 'still' } as const;

describe('the clock of a host', () => {
  test('may go before the others, or after them: what it tells differs, how long things take does not', () => {
    const told: unknown[] = [];
    simulate(still, ({ host, now }) => {
      for (const [name, ahead] of [
        ['early', '5s'],
        ['late', '-5s'],
        ['right', 0],
      ] as const)
        host(name, () => timer(1000).pipe(tap(() => told.push([name, asyncScheduler.now(), now()]))), { ahead });
    });
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([
        ['early', 6000, 1000],
        ['late', -4000, 1000],
        ['right', 1000, 1000],
      ]),
    );
  });

  test('may run too fast: its timers come too early, and by its own clock in time', () => {
    const told: unknown[] = [];
    simulate(still, ({ host, now }) => {
      host('fast', () => timer(1000).pipe(tap(() => told.push([asyncScheduler.now(), now()]))), { rate: 2 });
    });
    expect(told).toEqual([[1000, 500]]);
  });

  test('must run forward', () => {
    expect(() => simulate(still, ({ host }) => void host('one', () => {}, { rate: 0 }))).toThrow('a rate above 0');
  });
});

describe('a host whose backlog is full', () => {
  const dialled = (timeout: number, relief: `${number}s`): [number, unknown] => {
    let told: [number, unknown] = [NaN, undefined];
    simulate(still, ({ host, link, at, now }) => {
      const server = host('server', (net) => net.listen('tcp:7'));
      host('client', (net) => {
        net.connect({ type: 'tcp', host: 'server', port: 7, timeout }).subscribe({
          next: (connection) => {
            told = [now(), 'opened'];
            connection.error('enough');
          },
          error: (error: unknown) => (told = told[1] === undefined ? [now(), error] : told),
        });
      });
      link('client', 'server').latency('10ms');
      server.overload();
      at(relief, () => server.accept());
    });
    return told;
  };

  test('answers nobody, and who dials gives up', () => {
    const [at, error] = dialled(5000, '20s');
    expect([at, error]).toEqual([5000, expect.any(ConnectTimeout)]);
  });

  test('answers as soon as it can and the kernel has tried again: after 1 s, then 2 s, then 4 s (RFC 6298)', () => {
    // Each try takes 10 ms to be lost; the last one is answered 10 ms after it came.
    expect(dialled(30_000, '4s')).toEqual([1010 + 2010 + 4010 + 20, 'opened']);
  });
});

describe('a name', () => {
  /** When a dial of `db` came to what: the host that answered, or the error. */
  const dialled = (prepare: (world: SimulatedWorld) => void): [number, unknown] => {
    let told: [number, unknown] = [NaN, undefined];
    simulate(still, (world) => {
      for (const name of ['one', 'two']) world.host(name, (net) => net.listen('tcp:7'));
      world.host('three', () => {});
      world.host('client', (net) => {
        net.connect('tcp:db:7:timeout=10000').subscribe({
          next(connection) {
            told = [world.now(), (connection.remote as IpAddress).host];
            connection.error('enough');
          },
          error: (error: unknown) => (told = told[1] === undefined ? [world.now(), error] : told),
        });
      });
      prepare(world);
    });
    return told;
  };

  test('of several addresses leads to the first that answers', () => {
    expect(dialled(({ name }) => name('db', { hosts: ['one', 'two'] }))).toEqual([0, '10.0.0.1']);
    expect(dialled(({ name }) => name('db', { hosts: ['three', 'two'] }))).toEqual([0, '10.0.0.2']);
  });

  test('does not wait for a black hole: after 250 ms the next one is tried (RFC 8305)', () => {
    const [at, answered] = dialled(({ name, link }) => {
      name('db', { hosts: ['one', 'two'] });
      link('client', 'one').cut();
    });
    expect([at, answered]).toEqual([250, '10.0.0.2']);
  });

  test('all of whose addresses refuse is refused', () => {
    const [, error] = dialled(({ name }) => name('db', { hosts: ['three', 'three'] }));
    expect(error).toBeInstanceOf(ConnectionRefused);
  });

  test('may be answered late, and too late', () => {
    expect(dialled(({ name }) => name('db', { hosts: ['one'], after: '3s' }))).toEqual([3000, '10.0.0.1']);
    const [at, error] = dialled(({ name }) => name('db', { hosts: ['one'], after: '11s' }));
    expect([at, error]).toEqual([10_000, expect.any(ConnectTimeout)]);
  });

  test('may fail, and may come back', () => {
    const [at, error] = dialled(({ name }) => name('db', { fails: true, after: '2s' }));
    expect([at, error]).toEqual([2000, expect.any(UnknownHost)]);
  });
});

describe('datagrams', () => {
  /** What arrives of a hundred that are sent, and when. */
  const arrived = (prepare: (world: SimulatedWorld) => void, size = 3, options: object = {}): string[] => {
    const heard: string[] = [];
    simulate({ ...still, ...options }, (world) => {
      world.host('server', (net) => {
        const socket = net.datagrams('udp:53');
        socket.subscribe(({ data }) => heard.push(utf8(data).trimEnd()));
        return () => socket.complete();
      });
      world.host('client', (net) => {
        const socket = net.datagrams('udp:0:to=server\\:53');
        return timer(0, 10).pipe(
          take(100),
          tap((at) => socket.next({ data: bytes(String(at).padEnd(size)) })),
          tap({ complete: () => socket.complete() }),
        );
      });
      prepare(world);
    });
    return heard;
  };
  const all = Array.from({ length: 100 }, (_, at) => String(at));

  test('arrive, once and in order, where nothing goes wrong', () => {
    expect(arrived(() => {})).toEqual(all);
  });

  test('may be lost', () => {
    const heard = arrived(({ link }) => link('client', 'server').datagrams({ loss: 0.3 }));
    expect(heard.length).toBeGreaterThan(50);
    expect(heard.length).toBeLessThan(90);
    expect(heard).toEqual(all.filter((one) => heard.includes(one)));
  });

  test('may come twice', () => {
    const heard = arrived(({ link }) => link('client', 'server').datagrams({ doubled: 0.3 }));
    expect(heard.length).toBeGreaterThan(110);
    expect([...new Set(heard)]).toEqual(all);
  });

  test('may be overtaken', () => {
    const heard = arrived(({ link }) => link('client', 'server').datagrams({ reordered: 0.3 }));
    expect(heard).not.toEqual(all);
    expect(heard.toSorted((a, b) => Number(a) - Number(b))).toEqual(all);
  });

  test('are cut at the MTU: one of many pieces that is lost loses them all (RFC 791, 3.2)', () => {
    const few = arrived(({ link }) => link('client', 'server').datagrams({ loss: 0.05, mtu: 100 }), 5000);
    const many = arrived(({ link }) => link('client', 'server').datagrams({ loss: 0.05, mtu: 9000 }), 5000);
    expect(few.length).toBeLessThan(30);
    expect(many.length).toBeGreaterThan(80);
  });

  test('are lost on a way that is cut, and wait on one that is held', () => {
    expect(arrived(({ link }) => link('client', 'server').cut())).toEqual([]);
    const late = arrived(({ link, at }) => {
      link('client', 'server').hold();
      at('5s', () => link('client', 'server').release());
    });
    expect(late).toEqual(all);
  });

  test('a probability that is none is refused', () => {
    expect(() => arrived(({ link }) => link('client', 'server').datagrams({ loss: 2 }))).toThrow(
      'expected a probability from 0 to 1 for loss, got 2',
    );
    expect(() => arrived(({ link }) => link('client', 'server').datagrams({ mtu: 0 }))).toThrow('a number of bytes');
  });

  test('what cannot be sent is told, and the socket goes on', () => {
    const errors: unknown[] = [];
    simulate(still, ({ host }) => {
      host('server', () => {});
      host('client', (net) => {
        const open = net.datagrams('udp:0');
        open.errors$.subscribe((error) => errors.push(error.constructor));
        open.next({ data: bytes('to a name'), remote: { host: 'server', port: 7 } });
        open.next({ data: new Uint8Array(65_508), remote: net.address('server', 7) });
        open.join('224.0.0.251');
        const connected = net.datagrams('udp:0:to=server\\:7');
        connected.errors$.subscribe((error) => errors.push(error.constructor));
        connected.next({ data: bytes('anybody?') });
        return timer(1000).pipe(
          tap(() => {
            open.complete();
            connected.complete();
          }),
        );
      });
    });
    expect(errors).toEqual(
      expect.arrayContaining([InvalidAddress, DatagramTooLong, MulticastJoinError, DatagramRefused]),
    );
  });

  test('a socket that nobody closes is told of; one of a crashed host is not', () => {
    const world =
      (crashes: boolean) =>
      ({ host, at }: SimulatedWorld) => {
        const one = host('one', (net) => void net.datagrams('udp:53'));
        if (crashes) at('1s', () => one.crash());
      };
    expect(() => simulate(still, world(false))).toThrow(/the datagram socket at 10\.0\.0\.1:53 is left open \(open\)/);
    // Healed worlds start their hosts again, and so it is open once more, and left so once more.
    expect(() => simulate(still, world(true))).toThrow(/is left open/);
  });
});

describe('datagrams of a world keep their contract (docs/datagrams.md)', () => {
  const address = (at: Address): IpAddress => at as IpAddress;
  const world = simulatedRuntime({ seed: 1 });
  const cases = datagramComplianceOf({
    ...world,
    endpoint: () => 'udp:0',
    at: (place) => `udp:${address(place).port}`,
    connectedTo: (peer) => `udp:0:to=${address(peer).host}\\:${address(peer).port}`,
    longest: 65_507,
    can: { refused: true, groups: false, loopbackOff: false, sources: false },
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});
