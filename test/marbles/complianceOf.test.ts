import { VirtualTimeScheduler } from 'rxjs';
import type { Connection, Hold, PathAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';

jest.setTimeout(30_000);

/** The rules that a world in memory breaks once each of its connections has been spoiled. */
async function broken(spoil: (connection: Connection) => void): Promise<Set<number | string>> {
  const scheduler = new VirtualTimeScheduler();
  const world = memory(scheduler, (...ends) => ends.forEach(spoil));
  let places = 0;
  const cases = complianceOf({
    ...world,
    endpoint: () => `memory:place${++places}`,
    reach: (address) => `memory:${(address as PathAddress).path}`,
    can: { reset: true, halfClose: true },
    advance() {
      const now = scheduler.frame + 10;
      scheduler.maxFrames = now;
      scheduler.flush();
      scheduler.frame = now;
    },
  });
  const rules = new Set<number | string>();
  for (const { rule, run } of cases) await run().catch(() => rules.add(rule));
  return rules;
}

describe('the cases of the contract notice', () => {
  test('nothing, when nothing is wrong', async () => {
    expect(await broken(() => {})).toEqual(new Set());
  });

  test('a platform that cannot be held', async () => {
    const rules = await broken(({ halves }) => (halves.transport.pause = () => {}));
    expect([...rules]).toEqual(expect.arrayContaining([1, 8]));
  });

  test('a platform that never tells the peer that this side has ended', async () => {
    const rules = await broken(({ halves }) => (halves.transport.end = () => {}));
    expect([...rules]).toEqual(expect.arrayContaining([3, 5, 6]));
  });

  test('a platform whose abort looks like an end', async () => {
    const rules = await broken(({ halves }) => {
      halves.transport.abort = () => {
        halves.transport.end();
        halves.transport.close();
      };
    });
    expect([...rules]).toEqual(expect.arrayContaining([1, 4, 5, 7, 'connect']));
  });

  test('a platform that never lets go', async () => {
    const rules = await broken(({ halves }) => (halves.transport.close = () => {}));
    expect([...rules]).toEqual(expect.arrayContaining([3, 6]));
  });

  test('a platform that sends each write by itself', async () => {
    const rules = await broken(({ halves: { outbox } }) => {
      const next = outbox.next.bind(outbox);
      outbox.next = (chunk) => {
        next(chunk);
        outbox.flush();
      };
    });
    expect([...rules]).toContain(8);
  });

  test('a platform that loses a byte in a hundred thousand', async () => {
    const rules = await broken(({ halves }) => {
      const received = halves.received.bind(halves);
      let count = 0;
      halves.received = (chunk) => {
        const before = count;
        count += chunk.length;
        const lost = Math.floor(count / 100_000) > Math.floor(before / 100_000);
        received(lost ? chunk.subarray(1) : chunk);
      };
    });
    expect([...rules]).toEqual(expect.arrayContaining([1, 3, 8]));
  });

  test('a connection that keeps a hold', async () => {
    const holds: Hold[] = [];
    const rules = await broken((connection) => {
      connection.closed.addCallback(() => {
        holds.push(connection.halves.group.hold({ backlog: 0 }, 'it forgot'));
      });
    });
    for (const hold of holds) hold.release();
    expect(rules.size).toBeGreaterThan(9);
  });

  test('an abort that is told as a loss', async () => {
    const rules = await broken(({ halves }) => {
      halves.abort = (reason) => halves.closed(reason as Error);
    });
    expect([...rules]).toEqual(expect.arrayContaining([4, 9]));
  });
});
