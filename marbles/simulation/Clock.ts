/**
 * The one clock of a world: who does what when, and nothing before its time.
 * Knows: what is planned, whose it is, in which order things of one moment happen. Does not know: networks, checks.
 *
 * It is a TestScheduler, so that in its `run` rxjs's own providers (timestamps, timeouts) tell virtual time. Beyond that
 * `asapScheduler` and `asyncScheduler` are lent its `schedule`: rxjs's timers would not say whose they are, and what a
 * crashed host has planned must go with it.
 */
import { asapScheduler, asyncScheduler, Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

/** Whose work it is: a host. */
export interface Owner {
  readonly index: number;
  /** How often it has begun anew. Work of an earlier life is dropped. */
  readonly life: number;
  /** Whether it takes on work at all. */
  readonly up: boolean;
  /** Its own clock: by how many milliseconds it goes before that of the world at the beginning, and how fast it runs. */
  readonly ahead: number;
  readonly rate: number;
  toString(): string;
}

/** Something planned. */
interface Plan {
  readonly at: number;
  /** The turn of its owner among those who have something to do at that moment. */
  readonly turn: number;
  /** 0: at the end of this turn of the event loop (asap). 1: a timer, or something that arrives. */
  readonly kind: 0 | 1;
  readonly index: number;
  readonly owner: Owner | undefined;
  /** The life of the owner that it belongs to; `undefined` for what the owner's kernel does. */
  readonly life: number | undefined;
  /** Gone once it is done or called off. */
  work: (() => void) | undefined;
}

type Work<T> = (this: SchedulerAction<T>, state?: T) => void;

/** This many things at one moment are no honest work: time stands still. */
const tooManyAtOnce = 1_000_000;

export class Clock extends TestScheduler {
  /** Whose work is being done right now. */
  current: Owner | undefined;
  private readonly seed: number;
  private readonly plans: Plan[] = [];
  private planned = 0;
  /** The moment of what was done last, and how much was done at it. */
  private moment = -1;
  private atThisMoment = 0;

  constructor(seed: number) {
    super(() => {});
    this.seed = seed;
    // What rxjs asks while a host is at work is what that host's clock says.
    this.now = () => this.timeOf(this.current);
  }

  /** For rxjs: work of whoever is at work now. */
  override schedule<T>(work: Work<T>, delay = 0, state?: T): Subscription {
    return this.scheduleFor(this.current, 1, work, delay, state);
  }

  /** `run` flushes when it ends; a world passes its time by `step`. */
  override flush(): void {}

  /** A scheduler whose work is the owner's, whoever calls it. */
  schedulerOf(owner: Owner): SchedulerLike {
    return {
      now: () => this.timeOf(owner),
      schedule: <T>(work: Work<T>, delay = 0, state?: T) =>
        this.scheduleFor(owner, delay > 0 ? 1 : 0, work, delay, state),
    };
  }

  /** Something that happens at the owner, whatever its programs do: a packet arrives. */
  arrive(owner: Owner | undefined, at: number, work: () => void): void {
    this.plan(owner, undefined, 1, at, work);
  }

  /** Does something as the owner: what is scheduled meanwhile is its work. */
  as<R>(owner: Owner | undefined, work: () => R): R {
    const before = this.current;
    this.current = owner;
    try {
      return work();
    } finally {
      this.current = before;
    }
  }

  /** What the owner's clock says. */
  timeOf(owner: Owner | undefined): number {
    return owner === undefined ? this.frame : owner.ahead + this.frame * owner.rate;
  }

  /** When the next thing happens; `undefined` when nothing is planned. */
  get nextAt(): number | undefined {
    const { plans } = this;
    while (plans.length > 0 && !isAlive(plans[0])) pop(plans);
    return plans[0]?.at;
  }

  /** Does the next thing. Throws what it throws. */
  step(): void {
    const plan = this.nextAt === undefined ? undefined : pop(this.plans);
    if (plan?.work === undefined) return;
    // Not by `frame`: whoever looks at the time before this has moved it already.
    this.atThisMoment = plan.at > this.moment ? 0 : this.atThisMoment + 1;
    this.moment = Math.max(this.moment, plan.at);
    if (this.atThisMoment > tooManyAtOnce)
      throw new Error(`time stands still: ${tooManyAtOnce} things happened at ${this.frame} ms, and there are more`);
    this.frame = Math.max(this.frame, plan.at);
    const { work } = plan;
    plan.work = undefined;
    this.as(plan.owner, work);
  }

  /** The owners of the timers that are still to come, one for each. */
  get timers(): Owner[] {
    return this.plans.flatMap((plan) => (isAlive(plan) && plan.life !== undefined ? plan.owner! : []));
  }

  /** Lends rxjs's schedulers the clock for the time of `work`, and then gives them back. */
  rule(work: () => void): void {
    const lend = (scheduler: SchedulerLike, kind: 0 | 1): (() => unknown) => {
      const schedule = <T>(what: Work<T>, delay = 0, state?: T): Subscription =>
        this.scheduleFor(this.current, delay > 0 ? 1 : kind, what, delay, state);
      Object.defineProperty(scheduler, 'schedule', { value: schedule, configurable: true, writable: true });
      return () => Reflect.deleteProperty(scheduler, 'schedule');
    };
    if (Object.hasOwn(asyncScheduler, 'schedule'))
      throw new Error('one world at a time: this simulation was begun inside another');
    const returned = [lend(asapScheduler, 0), lend(asyncScheduler, 1)];
    try {
      this.run(work);
    } finally {
      for (const giveBack of returned) giveBack();
    }
  }

  private scheduleFor<T>(owner: Owner | undefined, kind: 0 | 1, work: Work<T>, delay: number, state?: T): Subscription {
    const life = owner?.life ?? 0;
    const plan = (then: () => void, after: number): (() => void) =>
      this.plan(owner, life, after > 0 ? 1 : kind, this.frame + Math.max(0, after) / (owner?.rate ?? 1), then);
    return new Task(plan, work).schedule(state, delay);
  }

  /** Returns how to call it off. */
  private plan(
    owner: Owner | undefined,
    life: number | undefined,
    kind: 0 | 1,
    at: number,
    work: () => void,
  ): () => void {
    // Infinity is a time that never comes; who is down plans nothing.
    if (at === Infinity || (life !== undefined && owner?.up === false)) return () => {};
    const plan: Plan = { at, turn: this.turnOf(owner, at), kind, index: this.planned++, owner, life, work };
    push(this.plans, plan);
    return () => (plan.work = undefined);
  }

  /**
   * Machines have no order among themselves, so at each moment the seed decides on one. What one machine does at one
   * moment stays in the order in which it was planned: programs rely on it, as they may.
   */
  private turnOf(owner: Owner | undefined, at: number): number {
    if (owner === undefined) return -1;
    let mixed = this.seed ^ Math.imul(owner.index + 1, 0x9e3779b1) ^ Math.imul(Math.floor(at * 1000), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}

/** One action of rxjs: it may plan itself again from within its work. */
class Task<T> extends Subscription implements SchedulerAction<T> {
  private readonly plan: (then: () => void, after: number) => () => void;
  private readonly work: Work<T>;
  private callOff: (() => void) | undefined;

  constructor(plan: (then: () => void, after: number) => () => void, work: Work<T>) {
    super();
    this.plan = plan;
    this.work = work;
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this;
    this.callOff?.();
    this.callOff = this.plan(() => {
      this.callOff = undefined;
      this.work(state);
    }, delay);
    return this;
  }

  override unsubscribe(): void {
    this.callOff?.();
    this.callOff = undefined;
    super.unsubscribe();
  }
}

function isAlive({ work, owner, life }: Plan): boolean {
  return work !== undefined && (life === undefined || owner === undefined || owner.life === life);
}

function isBefore(a: Plan, b: Plan): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.turn !== b.turn) return a.turn < b.turn;
  return a.kind === b.kind ? a.index < b.index : a.kind < b.kind;
}

/** A binary heap, the first to happen on top. */
function push(plans: Plan[], plan: Plan): void {
  let at = plans.length;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!isBefore(plan, plans[above])) break;
    plans[at] = plans[above];
    at = above;
  }
  plans[at] = plan;
}

function pop(plans: Plan[]): Plan {
  const [top] = plans;
  const last = plans.pop()!;
  if (plans.length === 0) return top;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= plans.length) break;
    if (below + 1 < plans.length && isBefore(plans[below + 1], plans[below])) below++;
    if (!isBefore(plans[below], last)) break;
    plans[at] = plans[below];
    at = below;
  }
  plans[at] = last;
  return top;
}
