/** A datagram socket on a platform that takes nothing until it is told to. The whole contract: `datagramComplianceOf`. */
import { asyncScheduler, delay, filter, finalize, interval, NEVER, Observable, of, takeUntil, timer } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import {
  bytes,
  ConnectionLost,
  DatagramRefused,
  Datagrams,
  feed,
  HoldGroup,
  inOrder,
  joinSink,
  onWarning,
  PathAddress,
  sendTo,
  succeed,
  type Address,
  type Bytes,
  type CloseReason,
  type DatagramEvents,
  type DatagramTransport,
  type Flushable,
  type Service,
} from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';

const here = new PathAddress('here');
const there: Address = new PathAddress('there');

class Stubborn implements DatagramTransport {
  readonly scheduler = asyncScheduler;
  readonly connected = false;
  readonly events: DatagramEvents;
  readonly asked: string[] = [];
  readonly turns: Flushable[] = [];
  unsent = 0;

  constructor(events: DatagramEvents) {
    this.events = events;
  }

  now = (): number => 0;
  join = (): void => void this.asked.push('join');
  leave = (): void => void this.asked.push('leave');
  set = (): void => void this.asked.push('set');
  end = (): void => void this.asked.push('end');

  atTurnEnd(flushable: Flushable): void {
    this.turns.push(flushable);
  }

  send(data: Bytes): void {
    this.asked.push(`send ${data.length}`);
    this.unsent += data.length;
  }

  abort(): void {
    this.asked.push('abort');
    this.events.closed();
  }

  /** Takes so many bytes of what waits. */
  take(length: number): void {
    this.unsent -= length;
    this.events.drained();
  }
}

function setUp(): { socket: Datagrams; platform: Stubborn; source: HoldGroup; held: string[]; reasons: CloseReason[] } {
  let platform!: Stubborn;
  const socket = new Datagrams('stubborn:', (events) => (platform = new Stubborn(events)));
  const held: string[] = [];
  const source = new HoldGroup({ pause: () => held.push('held'), resume: () => held.push('released'), now: () => 0 });
  const reasons: CloseReason[] = [];
  socket.closed.addCallback((reason) => void reasons.push(reason));
  return { socket, platform, source, held, reasons };
}

const datagram = (length: number): { data: Bytes; remote: Address } => ({
  data: new Uint8Array(length),
  remote: there,
});

describe('rule 1: what is asked before the bind', () => {
  test('is done then, in the order in which it was asked', () => {
    const { socket, platform } = setUp();
    socket.join('group');
    socket.next(datagram(1));
    socket.set({ ttl: 3 });
    socket.next(datagram(2));
    socket.leave('group');
    socket.complete();
    expect(platform.asked).toEqual([]);
    platform.events.bound(here);
    expect(platform.asked).toEqual(['join', 'send 1', 'set', 'send 2', 'leave', 'end']);
    socket.error(new Error('enough'));
  });

  test('is not done once the socket was aborted, nor on a bind that comes too late', () => {
    const { socket, platform, reasons } = setUp();
    socket.join('group');
    socket.error(new Error('enough'));
    platform.events.bound(here);
    expect([platform.asked, socket.local, reasons.length]).toEqual([['abort'], undefined, 1]);
  });
});

describe('rule 5: a platform that is full', () => {
  test('holds whoever feeds from 64 KiB on, and lets go at 16 KiB', () => {
    const { socket, platform, source, held } = setUp();
    platform.events.bound(here);
    feed(source, socket, datagram(65535));
    expect(held).toEqual([]);
    feed(source, socket, datagram(1));
    expect(held).toEqual(['held']);
    expect(source.holds[0]).toMatchObject({ reason: 'its send buffer is full', holder: { backlog: 65536 } });
    expect(String(source.holds[0].holder)).toBe('the datagram socket at here');
    platform.take(65536 - 16385);
    expect(held).toEqual(['held']);
    platform.take(1);
    expect(held).toEqual(['held', 'released']);
    socket.error(new Error('enough'));
  });

  test('holds the sources of a pipeline that ends in sendTo(socket), also behind what shifts time', () => {
    new TestScheduler(() => {}).run(({ flush }) => {
      const { socket, platform, source, held } = setUp();
      platform.events.bound(here);
      // One datagram a millisecond, for as long as nobody holds it.
      const ticking = interval(1).pipe(
        filter(() => !source.held),
        takeUntil(timer(500)),
      );
      const ticks = new Observable<{ data: Bytes; remote: Address }>((subscriber) => {
        const sink = joinSink(source);
        subscriber.add(() => sink?.leave(source));
        return ticking.subscribe(() => feed(source, subscriber, datagram(1024)));
      });
      const sending = ticks.pipe(delay(10), sendTo(socket)).subscribe();
      flush();
      // 64 of them fill it; those that were on their way through `delay` still come.
      expect([platform.asked.filter((what) => what === 'send 1024').length, held]).toEqual([74, ['held']]);
      sending.unsubscribe();
      socket.error(new Error('enough'));
    });
  });

  test('with nobody to hold: at 1 MiB one warning, and what comes is dropped until there is room', () => {
    const { socket, platform } = setUp();
    platform.events.bound(here);
    const warnings: string[] = [];
    const before = onWarning(({ name }) => warnings.push(name));
    try {
      for (let n = 0; n < 1030; n++) socket.next(datagram(1024));
    } finally {
      onWarning(before);
    }
    expect(warnings).toEqual(['UnpressuredSink']);
    expect(socket.state).toMatchObject({ dropped: 6, sent: 1024, unsent: 1 << 20 });
    platform.take(1024);
    socket.next(datagram(1024));
    expect(socket.state).toMatchObject({ dropped: 6, sent: 1025 });
    socket.error(new Error('enough'));
  });
});

describe('rule 6: complete', () => {
  test('waits five seconds for the last datagrams, then says that they were lost', () => {
    new TestScheduler(() => {}).run(({ flush }) => {
      const { socket, platform, reasons } = setUp();
      platform.events.bound(here);
      socket.next(datagram(100));
      socket.complete();
      expect(platform.asked).toEqual(['send 100', 'end']);
      flush();
      expect(platform.asked).toEqual(['send 100', 'end', 'abort']);
      const [reason] = reasons;
      expect(reason.kind === 'lost' && reason.error).toBeInstanceOf(ConnectionLost);
      expect(String(reason.kind === 'lost' && reason.error)).toContain('still had 100 bytes to send after 5000 ms');
    });
  });

  test('of source$.subscribe(socket) comes with the end of the source', () => {
    const { socket, platform, reasons } = setUp();
    platform.events.bound(here);
    of(datagram(1), datagram(2)).subscribe(socket);
    expect(platform.asked).toEqual(['send 1', 'send 2', 'end']);
    platform.events.closed();
    expect(reasons).toEqual([{ kind: 'done' }]);
  });
});

describe('rule 8: the end', () => {
  test('that nobody asked for is a loss', () => {
    const { platform, reasons } = setUp();
    platform.events.bound(here);
    platform.events.closed();
    expect(reasons[0]).toMatchObject({ kind: 'lost', error: { name: 'ConnectionLost' } });
  });

  test('is told once, and nothing that the platform tells after it matters', () => {
    const { socket, platform, reasons } = setUp();
    const heard: unknown[] = [];
    socket.subscribe({ next: (value) => heard.push(value), error: () => heard.push('error') });
    socket.errors$.subscribe((error) => heard.push(error));
    platform.events.bound(here);
    socket.error(new Error('enough'));
    platform.events.received(bytes('late'), there);
    platform.events.failed(new DatagramRefused('late'));
    platform.events.drained();
    platform.events.closed(new Error('again'));
    expect([heard, reasons.length, socket.state.failed]).toEqual([['error'], 1, 0]);
  });
});

describe('a service that opens a socket', () => {
  function story(...taken: string[]): string[] {
    const lines: string[] = [];
    new TestScheduler(() => {}).run(({ flush }) => {
      const { datagrams } = memory();
      for (const place of taken) datagrams(place);
      const first: Service = () => {
        const socket = datagrams('memory:place');
        socket.address$.subscribe((address) => lines.push(`bound at ${address}`));
        return socket.pipe(finalize(() => socket.complete()));
      };
      const second: Service = () => {
        lines.push('the next one starts');
        return NEVER;
      };
      const running = inOrder(first, second)(NEVER).subscribe({ error: ({ name }: Error) => lines.push(name) });
      flush();
      running.unsubscribe();
      flush();
    });
    return lines;
  }

  test('is ready when the socket is bound', () => {
    expect(story()).toEqual(['bound at place', 'the next one starts']);
  });

  test('fails when it cannot be bound, and the next one never starts', () => {
    expect(story('memory:place')).toEqual(['AddressInUse']);
  });
});

test(
  'in virtual time datagrams take no time, and sockets are in the world that m.memory() makes',
  marbles((m) => {
    const { datagrams } = m.memory();
    const [server, client] = [datagrams('memory:server'), datagrams('memory:')];
    const heard = m.expect(server);
    for (const text of ['a', 'b']) client.next({ data: bytes(text), remote: { path: 'server' } });
    const remote = new PathAddress('#1');
    heard.toBe('(ab)', { a: { data: bytes('a'), remote }, b: { data: bytes('b'), remote } });
  }),
);

test('m.expectNothingOpen() is told of sockets, too', () => {
  const trial = (close: boolean): (() => void) =>
    marbles((m) => {
      const socket = m.memory().datagrams('memory:left');
      m.expectNothingOpen();
      if (close) socket.complete();
    });
  expect(trial(false)).toThrow('the datagram socket at left is still open (open)');
  expect(trial(true)).not.toThrow();
});

test('a Deferred carries a socket as it is', () => {
  const { socket } = setUp();
  const carried: unknown[] = [];
  succeed(null)
    .addCallback(() => socket)
    .addCallback((value) => void carried.push(value));
  expect(carried).toEqual([socket]);
  socket.error(new Error('enough'));
});

test('worlds in memory do not hear each other', () => {
  new TestScheduler(() => {}).run(({ flush }) => {
    const [one, two] = [memory(), memory()].map(({ datagrams }) => datagrams('memory:same'));
    flush();
    expect([one.state.phase, two.state.phase]).toEqual(['open', 'open']);
    for (const socket of [one, two]) socket.complete();
    flush();
    expect([one.state.phase, two.state.phase]).toEqual(['closed', 'closed']);
  });
});
