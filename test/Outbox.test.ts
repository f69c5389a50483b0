/** What is to be sent: gathered, bounded, and how it ends. The contract as a whole is tested by `complianceOf`. */
import { asyncScheduler } from 'rxjs';
import {
  feed,
  HoldGroup,
  onWarning,
  PathAddress,
  type Bytes,
  type Flushable,
  type Transport,
  type TransportEvents,
} from 'ropewalk';
import { hardLimit, heldMark, highWaterMark, Outbox, warningMark } from '../src/Outbox.ts';

/** A platform that takes nothing until it is told to. */
class Stubborn implements Transport {
  events!: TransportEvents;
  readonly local = new PathAddress('here');
  readonly remote = new PathAddress('there');
  readonly scheduler = asyncScheduler;
  readonly written: number[] = [];
  readonly turns: Flushable[] = [];
  unsent = 0;
  ended = false;

  now = (): number => 0;
  pause = (): void => {};
  resume = (): void => {};
  abort = (): void => {};
  close = (): void => {};

  atTurnEnd(flushable: Flushable): void {
    this.turns.push(flushable);
  }

  write(parts: readonly Bytes[], length: number): boolean {
    this.written.push(parts.length);
    this.unsent += length;
    return false;
  }

  end(): void {
    this.ended = true;
  }
}

function setUp(): { transport: Stubborn; outbox: Outbox; aborted: unknown[]; source: HoldGroup; held: string[] } {
  const transport = new Stubborn();
  const aborted: unknown[] = [];
  const owner = { backlog: 0, abort: (reason: unknown) => aborted.push(reason), filled() {}, toString: () => 'a sink' };
  const held: string[] = [];
  const source = new HoldGroup({ pause: () => held.push('held'), resume: () => held.push('released'), now: () => 0 });
  return { transport, outbox: new Outbox(transport, owner), aborted, source, held };
}

const chunk = new Uint8Array(highWaterMark);

test('what one turn writes is one write, at its end', () => {
  const { transport, outbox } = setUp();
  for (let n = 0; n < 5; n++) outbox.next(new Uint8Array(10));
  expect(transport.written).toEqual([]);
  expect(transport.turns).toEqual([outbox]);
  outbox.flush();
  expect(transport.written).toEqual([5]);
});

test('at the high-water mark it leaves at once, and what does not fit holds whoever feeds; drained, it lets go', () => {
  const { transport, outbox, source, held } = setUp();
  feed(source, outbox, chunk);
  expect(transport.written).toEqual([1]);
  expect(held).toEqual(['held']);
  transport.unsent = 0;
  outbox.drained();
  expect(held).toEqual(['held', 'released']);
});

test('a platform that is full is written to no more until it has drained, but for last words', () => {
  const { transport, outbox } = setUp();
  outbox.next(chunk);
  outbox.next(chunk);
  outbox.flush();
  expect(transport.written).toEqual([1]);
  outbox.complete();
  expect(transport.written).toEqual([1, 1]);
  expect(transport.ended).toBe(true);
});

test('the end lets go of whoever was held: what they still say is ignored', () => {
  const { outbox, source, held } = setUp();
  feed(source, outbox, chunk);
  outbox.complete();
  expect(held).toEqual(['held', 'released']);
  outbox.next(chunk);
  expect(outbox.dropped).toBe(1);
});

test('with nobody to hold there is one warning, and far beyond it an end', () => {
  const warnings: string[] = [];
  const before = onWarning(({ message }) => warnings.push(message));
  try {
    const { outbox, aborted } = setUp();
    for (let sent = 0; sent < warningMark + 2 * chunk.length; sent += chunk.length) outbox.next(chunk);
    expect(warnings).toEqual([
      expect.stringMatching(/^a sink has \d+ bytes unsent, and nothing that feeds it can be held/),
    ]);
    for (let sent = 0; sent < hardLimit; sent += chunk.length) outbox.next(chunk);
    expect(aborted.length).toBeGreaterThan(0);
    expect(aborted[0]).toMatchObject({ name: 'LimitExceeded', limit: hardLimit });
    expect(warnings).toHaveLength(1);
  } finally {
    onWarning(before);
  }
});

test('while somebody is held, what was stored on the way before the hold may still come; more than that is a warning', () => {
  const warnings: string[] = [];
  const before = onWarning(({ message }) => warnings.push(message));
  try {
    const { outbox, source } = setUp();
    outbox.join(source);
    for (let sent = 0; sent < heldMark; sent += chunk.length) outbox.next(chunk);
    expect([source.held, warnings]).toEqual([true, []]);
    outbox.next(chunk);
    expect(warnings).toHaveLength(1);
    outbox.stop();
  } finally {
    onWarning(before);
  }
});

test('a group may join more than once, and is held until it has left as often', () => {
  const { outbox, source, held } = setUp();
  const other = new HoldGroup({ pause: () => held.push('other held'), resume: () => {}, now: () => 0 });
  for (const group of [source, other, other]) outbox.join(group);
  outbox.leave(other);
  outbox.leave(source);
  outbox.next(chunk);
  expect(held).toEqual(['other held']);
  outbox.stop();
  expect(other.held).toBe(false);
});
