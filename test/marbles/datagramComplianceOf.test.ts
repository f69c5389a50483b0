import { VirtualTimeScheduler } from 'rxjs';
import type { Address, Bytes, DatagramEvents, Datagrams, PathAddress } from 'ropewalk';
import { datagramComplianceOf } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';

jest.setTimeout(30_000);

const named = (address: Address): string => (address as PathAddress).path;

/** The rules that a world in memory breaks once each of its datagram sockets has been spoiled. */
async function broken(spoil: (socket: Datagrams) => void): Promise<Set<number>> {
  const scheduler = new VirtualTimeScheduler();
  const world = memory(scheduler);
  let names = 0;
  const cases = datagramComplianceOf({
    datagrams(endpoint) {
      const socket = world.datagrams(endpoint);
      spoil(socket);
      return socket;
    },
    endpoint: () => 'memory:',
    at: (address) => `memory:${named(address)}`,
    connectedTo: (peer) => `memory:to=${named(peer)}`,
    group() {
      const name = `group${++names}`;
      return {
        name,
        member: () => 'memory:',
        destination: () => ({ path: name }),
        senders: ['wanted', 'other'].map((sender) => ({ endpoint: `memory:${sender}`, source: sender })),
      };
    },
    longest: 65507,
    can: { refused: true, groups: true, loopbackOff: true, sources: true },
    advance() {
      const now = scheduler.frame + 10;
      scheduler.maxFrames = now;
      scheduler.flush();
      scheduler.frame = now;
    },
  });
  const rules = new Set<number>();
  for (const { rule, run } of cases) await run().catch(() => rules.add(rule));
  return rules;
}

/** What a socket in memory has inside. */
interface Listening {
  readonly events: DatagramEvents;
  receive(data: Bytes, sender: { readonly address: Address }): void;
}

const sorted = (rules: Set<number>): number[] => [...rules].toSorted((a, b) => a - b);

describe('the cases of the datagram contract notice', () => {
  test('nothing, when nothing is wrong', async () => {
    expect(sorted(await broken(() => {}))).toEqual([]);
  });

  test('a network that loses one datagram in a thousand', async () => {
    let count = 0;
    const rules = await broken(({ mailbox }) => {
      const received = mailbox.received.bind(mailbox);
      mailbox.received = (data, remote) => {
        if (++count % 1000 !== 0) received(data, remote);
      };
    });
    expect(sorted(rules)).toContain(2);
  });

  test('a platform that overtakes: each datagram changes places with the next', async () => {
    const rules = await broken(({ mailbox: { transport } }) => {
      const send = transport.send.bind(transport);
      let kept: Parameters<typeof send> | undefined;
      transport.send = (...datagram) => {
        if (kept === undefined) kept = datagram;
        else {
          send(...datagram);
          send(...kept);
          kept = undefined;
        }
      };
    });
    expect(sorted(rules)).toEqual(expect.arrayContaining([1, 2, 6]));
  });

  test('a platform that cuts what is long', async () => {
    const rules = await broken(({ mailbox }) => {
      const received = mailbox.received.bind(mailbox);
      mailbox.received = (data, remote) => received(data.subarray(0, 8192), remote);
    });
    expect(sorted(rules)).toContain(2);
  });

  test('a socket that cannot be held', async () => {
    const rules = await broken(({ mailbox: { arrivals } }) => (arrivals.pause = () => {}));
    expect(sorted(rules)).toEqual([2]);
  });

  test('a platform that says nothing of what it did not send', async () => {
    const rules = await broken(({ mailbox }) => (mailbox.failed = () => {}));
    expect(sorted(rules)).toEqual(expect.arrayContaining([4, 9, 10]));
  });

  test('a platform for which a refusal is the end', async () => {
    const rules = await broken(({ mailbox }) => (mailbox.failed = (error) => mailbox.closed(error)));
    expect(sorted(rules)).toEqual(expect.arrayContaining([4, 9, 10]));
  });

  test('a platform that does not tell when it took something', async () => {
    const rules = await broken(({ mailbox }) => {
      mailbox.drained = () => {};
      mailbox.bound = (local) => {
        mailbox.departures.drained = () => {};
        Object.getPrototypeOf(mailbox).bound.call(mailbox, local);
      };
    });
    expect(sorted(rules)).toEqual([5]);
  });

  test('a platform that closes before all is sent', async () => {
    const rules = await broken(({ mailbox: { transport } }) => (transport.end = () => transport.abort()));
    expect(sorted(rules)).toContain(6);
  });

  test('a platform that never lets go', async () => {
    const rules = await broken(({ mailbox: { transport } }) => (transport.abort = () => {}));
    expect(sorted(rules)).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 7, 8, 9, 10]));
  });

  test('an abort that sends what waits', async () => {
    const rules = await broken((socket) => (socket.error = () => socket.complete()));
    expect(sorted(rules)).toContain(7);
  });

  test('a socket that says closed and goes on hearing', async () => {
    const rules = await broken(({ mailbox }) => {
      mailbox.arrivals.finish = () => {};
    });
    expect(sorted(rules)).toEqual(expect.arrayContaining([6, 7, 8]));
  });

  test('a connected socket that listens to strangers', async () => {
    const rules = await broken(({ mailbox: { transport } }) => {
      if (!transport.connected) return;
      const socket = transport as unknown as Listening;
      socket.receive = (data, { address }) => socket.events.received(data, address);
    });
    expect(sorted(rules)).toEqual([9]);
  });

  test('a platform whose members cannot leave', async () => {
    const rules = await broken(({ mailbox: { transport } }) => (transport.leave = () => {}));
    expect(sorted(rules)).toEqual([10]);
  });

  test('a platform that ignores the wanted source', async () => {
    const rules = await broken(({ mailbox: { transport } }) => {
      const join = transport.join.bind(transport);
      transport.join = ({ group }) => join({ group });
    });
    expect(sorted(rules)).toEqual([10]);
  });

  test('a socket that forgets what was asked before it was bound', async () => {
    const rules = await broken(({ mailbox }) => {
      mailbox.whenBound = (work) => {
        if (mailbox.local !== undefined) work();
      };
    });
    expect(sorted(rules)).toEqual(expect.arrayContaining([1, 5, 6]));
  });
});
