/** The pool, with connections that are none: who dials, who waits, who rests, who is closed. In virtual time. */
import { Deferred, QueueOverflow } from 'ropewalk';
import type { Request, Response } from 'ropewalk/http';
import { TestScheduler } from 'rxjs/testing';
import type { Carrier, Exchange } from '../../../../protocols/http/client/Carrier.ts';
import { Pool, type OpenEvents, type PoolLimits, type Waiter } from '../../../../protocols/http/client/Pool.ts';

const request = {} as Request;

/** A connection that carries as many exchanges as it is told, until they are said to be over. */
class FakeCarrier implements Carrier {
  busy = 0;
  open = true;
  ended = false;
  private readonly most: number;
  readonly changed: () => void;

  constructor(most: number, changed: () => void) {
    this.most = most;
    this.changed = changed;
  }

  get room(): number {
    return this.ended || !this.open ? 0 : this.most - this.busy;
  }

  send(): Exchange {
    if (this.room <= 0) throw new Error('no room');
    this.busy++;
    return { head: new Deferred<Response>(), sent: true, received: false, abort: () => this.lose() };
  }

  finish(): void {
    this.busy--;
    this.changed();
    if (this.ended && this.busy === 0) this.lose();
  }

  end(): void {
    this.ended = true;
    if (this.busy === 0) this.lose();
  }

  abort(): void {
    this.lose();
  }

  lose(): void {
    if (!this.open) return;
    this.open = false;
    this.changed();
  }
}

/** What happens, in words. Dials are answered by `opens` and `fails`, in the order in which they were begun. */
class World {
  readonly log: string[] = [];
  readonly pool: Pool;
  readonly carriers: FakeCarrier[] = [];
  private readonly dials: { events: OpenEvents; changed: () => void; key: string }[] = [];
  shares = false;
  most = 1;

  constructor(scheduler: TestScheduler, limits: PoolLimits) {
    this.pool = new Pool(limits, scheduler);
  }

  get dialling(): number {
    return this.dials.length;
  }

  ask(name: string, key = 'a'): () => void {
    const waiter: Waiter = {
      granted: (carrier, reused) => {
        carrier.send(request);
        this.log.push(`${name} on ${this.carriers.indexOf(carrier as FakeCarrier)}${reused ? ' again' : ''}`);
      },
      failed: (error) => this.log.push(`${name} failed: ${(error as Error).name}`),
      phase: (phase) => this.log.push(`${name}: ${phase}`),
    };
    const leave = this.pool.acquire(key, () => this.opener(key), waiter);
    return () => leave?.();
  }

  opens(index = 0): FakeCarrier {
    const [{ events, changed }] = this.dials.splice(index, 1);
    const carrier = new FakeCarrier(this.most, changed);
    this.carriers.push(carrier);
    events.opened(carrier);
    return carrier;
  }

  fails(): void {
    this.dials.shift()!.events.failed(new Error('refused'));
  }

  /** The dials' phases. */
  tell(phase: 'connect' | 'tls'): void {
    for (const { events } of this.dials) events.phase(phase);
  }

  private opener(key: string) {
    return {
      shares: this.shares,
      open: (events: OpenEvents, changed: () => void) => {
        const dial = { events, changed, key };
        this.dials.push(dial);
        return () => {
          this.log.push('a dial is called off');
          this.dials.splice(this.dials.indexOf(dial), 1);
        };
      },
      toString: () => key,
    };
  }
}

const inWorld = (limits: PoolLimits, body: (world: World, pass: (milliseconds: number) => void) => void) => () => {
  const scheduler = new TestScheduler(() => {});
  scheduler.run(() => {
    body(new World(scheduler, limits), (milliseconds) => {
      scheduler.maxFrames = scheduler.frame + milliseconds;
      scheduler.schedule(() => {}, milliseconds);
      scheduler.flush();
    });
  });
};

test(
  'each who asks gets a connection, and then the one that was used last',
  inWorld({}, (world) => {
    world.ask('one');
    world.ask('two');
    const [first, second] = [world.opens(), world.opens()];
    first.finish();
    second.finish();
    world.ask('three');
    second.finish();
    world.ask('four');
    world.ask('five');
    expect(world.log).toEqual(['one on 0', 'two on 1', 'three on 1 again', 'four on 1 again', 'five on 0 again']);
    expect(world.pool.size).toBe(2);
  }),
);

test(
  'whoever is beyond the limit waits, first come first served',
  inWorld({ perOrigin: 1 }, (world) => {
    for (const name of ['one', 'two', 'three']) world.ask(name);
    expect(world.dialling).toBe(1);
    const only = world.opens();
    only.finish();
    only.finish();
    expect(world.log).toEqual(['one on 0', 'two on 0 again', 'three on 0 again']);
  }),
);

test(
  'too many who wait are told so at once',
  inWorld({ perOrigin: 1, waiting: 1 }, (world) => {
    world.ask('one');
    world.opens();
    world.ask('two');
    world.ask('three');
    expect(world.log).toEqual(['one on 0', `three failed: ${QueueOverflow.name}`]);
  }),
);

test(
  'who leaves the queue leaves no hole, and a dial that nobody needs is called off',
  inWorld({ perOrigin: 2 }, (world) => {
    world.ask('one');
    const leave = world.ask('two');
    leave();
    leave();
    expect([world.dialling, world.pool.size]).toEqual([1, 1]);
    world.opens().finish();
    world.ask('three');
    expect(world.log).toEqual(['a dial is called off', 'one on 0', 'three on 0 again']);
  }),
);

test(
  'a dial goes on whose asker was served by another connection: the next one has it',
  inWorld({}, (world) => {
    world.ask('one');
    const first = world.opens();
    world.ask('two');
    first.finish();
    expect(world.dialling).toBe(1);
    world.opens();
    world.ask('three');
    expect(world.log).toEqual(['one on 0', 'two on 0 again', 'three on 1']);
  }),
);

test(
  'a dial that fails, fails whom it was for; the others have their own',
  inWorld({}, (world) => {
    world.ask('one');
    world.ask('two');
    world.fails();
    world.opens();
    expect(world.log).toEqual(['one failed: Error', 'two on 0']);
    expect(world.pool.size).toBe(1);
  }),
);

test(
  'how far a dial has come is told to whom it is for, as long as it waits',
  inWorld({}, (world) => {
    world.ask('one');
    world.tell('connect');
    world.tell('tls');
    world.opens();
    world.tell('connect');
    expect(world.log).toEqual(['one: connect', 'one: tls', 'one on 0']);
  }),
);

test(
  'what has rested long enough is closed, the others are not; then nothing is left',
  inWorld({ idleTime: 100 }, (world, pass) => {
    world.ask('one');
    world.ask('two');
    const [first, second] = [world.opens(), world.opens()];
    first.finish();
    pass(60);
    second.finish();
    pass(50);
    expect([first.open, second.open, world.pool.size]).toEqual([false, true, 1]);
    world.ask('three');
    pass(100);
    expect(second.open).toBe(true);
    second.finish();
    pass(100);
    expect([second.open, world.pool.size]).toEqual([false, 0]);
  }),
);

test(
  'a connection that is lost while it rests is never given to anybody',
  inWorld({}, (world) => {
    world.ask('one');
    const first = world.opens();
    first.finish();
    first.lose();
    world.ask('two');
    world.opens();
    expect(world.log).toEqual(['one on 0', 'two on 1']);
  }),
);

test(
  'one that is distrusted, and rests, is closed',
  inWorld({}, (world) => {
    world.ask('one');
    world.ask('two');
    const [first, second] = [world.opens(), world.opens()];
    first.finish();
    world.pool.distrust('a');
    world.pool.distrust('nobody');
    expect([first.open, second.open]).toEqual([false, true]);
  }),
);

test(
  'one that is lost while others wait is replaced',
  inWorld({ perOrigin: 1 }, (world) => {
    world.ask('one');
    const first = world.opens();
    world.ask('two');
    first.lose();
    world.opens();
    expect(world.log).toEqual(['one on 0', 'two on 1']);
  }),
);

describe('limits in all', () => {
  test(
    'whoever rests longest makes room for another origin',
    inWorld({ total: 2 }, (world, pass) => {
      world.ask('one', 'a');
      const first = world.opens();
      first.finish();
      pass(1);
      world.ask('two', 'b');
      const second = world.opens();
      second.finish();
      pass(1);
      world.ask('three', 'c');
      world.opens();
      expect([first.open, second.open, world.pool.size]).toEqual([false, true, 2]);
    }),
  );

  test(
    'if nobody rests, origins wait for each other in turn',
    inWorld({ total: 1 }, (world) => {
      world.ask('one', 'a');
      const first = world.opens();
      world.ask('two', 'b');
      world.ask('three', 'c');
      world.ask('four', 'a');
      expect(world.dialling).toBe(0);
      first.finish();
      // Who waits for this very connection is served before others are dialled for.
      expect(world.log).toEqual(['one on 0', 'four on 0 again']);
      first.finish();
      expect(first.open).toBe(false);
      world.opens().finish();
      world.opens().finish();
      expect(world.log.slice(2)).toEqual(['two on 1', 'three on 2']);
      expect(world.pool.size).toBe(1);
    }),
  );

  test(
    'who waited and left is not dialled for',
    inWorld({ total: 1 }, (world) => {
      world.ask('one', 'a');
      const first = world.opens();
      world.ask('two', 'b')();
      first.finish();
      expect([first.open, world.dialling]).toEqual([true, 0]);
    }),
  );
});

describe('a connection that carries many exchanges', () => {
  test(
    'is dialled once, and carries all who wait',
    inWorld({}, (world) => {
      world.shares = true;
      world.most = 2;
      for (const name of ['one', 'two', 'three']) world.ask(name);
      expect(world.dialling).toBe(1);
      world.opens();
      expect(world.log).toEqual(['one on 0', 'two on 0 again']);
      // The third needs another.
      expect(world.dialling).toBe(1);
      world.opens();
      expect(world.log.at(-1)).toBe('three on 1');
    }),
  );

  test(
    'that turns out to carry one at a time is dialled as often as needed',
    inWorld({}, (world) => {
      world.shares = true;
      for (const name of ['one', 'two', 'three']) world.ask(name);
      world.opens();
      expect(world.dialling).toBe(2);
    }),
  );

  test(
    'whose one dial fails, fails all who wait for it',
    inWorld({}, (world) => {
      world.shares = true;
      for (const name of ['one', 'two']) world.ask(name);
      world.fails();
      expect(world.log).toEqual(['one failed: Error', 'two failed: Error']);
      expect(world.pool.size).toBe(0);
    }),
  );
});

test(
  'a pool that is closed closes what rests, fails who waits, and finishes what goes on',
  inWorld({ perOrigin: 1 }, (world) => {
    world.ask('one');
    const first = world.opens();
    world.ask('two');
    world.ask('other', 'b');
    world.pool.close();
    world.ask('late');
    expect(world.log).toEqual([
      'one on 0',
      'two failed: Cancelled',
      'other failed: Cancelled',
      'a dial is called off',
      'late failed: Cancelled',
    ]);
    expect(first.open).toBe(true);
    first.finish();
    expect([first.open, world.pool.size]).toEqual([false, 0]);
  }),
);
