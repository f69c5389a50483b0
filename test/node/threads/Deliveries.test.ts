/** A turn of the event loop is not kept up by what threads say. */
import { Deliveries } from '../../../src/node/threads/Deliveries.ts';

/** A loop by hand, on a clock that only work moves. */
class Loop {
  readonly log: string[] = [];
  readonly deliveries: Deliveries;
  private now = 0;
  private next: (() => void)[] = [];

  constructor() {
    this.deliveries = new Deliveries(
      () => this.now,
      (work) => this.next.push(work),
    );
  }

  /** Something that takes so many milliseconds is said. */
  say(name: string, takes: number, then?: () => void): void {
    this.deliveries.deliver(() => {
      this.log.push(name);
      this.now += takes;
      then?.();
    });
  }

  /** The next turn; gives what was handed on in it. */
  turn(): string[] {
    const before = this.log.length;
    for (const work of this.next.splice(0)) work();
    return this.log.slice(before);
  }

  get idle(): boolean {
    return this.next.length === 0;
  }
}

test('what takes no time is handed on at once', () => {
  const loop = new Loop();
  for (let n = 0; n < 1000; n++) loop.say('quick', 0);
  expect(loop.log).toHaveLength(1000);
});

test('once a turn has lasted for five milliseconds the rest waits for the next ones, in order', () => {
  const loop = new Loop();
  for (const name of ['a', 'b', 'c', 'd', 'e']) loop.say(name, 3);
  expect(loop.log).toEqual(['a', 'b']);
  expect([loop.turn(), loop.turn(), loop.turn()]).toEqual([['c', 'd'], ['e'], []]);
  expect(loop.idle).toBe(true);
});

test('what comes while others wait is behind them, however quick it is', () => {
  const loop = new Loop();
  loop.say('slow', 9);
  loop.say('waits', 1);
  loop.say('comes then', 0);
  expect(loop.turn()).toEqual(['waits', 'comes then']);
  loop.say('new', 0);
  expect(loop.log.at(-1)).toBe('new');
});

test('what is said in answer is behind what waits', () => {
  const loop = new Loop();
  loop.say('first', 9);
  loop.say('second', 1, () => loop.say('answer', 0));
  loop.say('third', 1);
  loop.turn();
  loop.turn();
  expect(loop.log).toEqual(['first', 'second', 'third', 'answer']);
});

test('one that throws is told to whoever runs the loop, and what waits goes on in the next turn', () => {
  const loop = new Loop();
  loop.say('slow', 9);
  loop.say('bad', 0, () => {
    throw new RangeError('bad');
  });
  loop.say('after', 0);
  expect(() => loop.turn()).toThrow('bad');
  expect(loop.turn()).toEqual(['after']);
});
