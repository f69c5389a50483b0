/**
 * The connections of one role: opened when they are needed, lent to one asker at a time, replaced when they are lost.
 * Knows: who waits, what is lent, when to ask a connection whether it is still there. Does not know: what is asked.
 */
import type { SchedulerLike } from 'rxjs';
import { backoff } from '../../../operators/backoff.ts';
import { Deferred } from '../../Deferred.ts';
import { fail } from '../../deferred/constructors.ts';
import { QueueOverflow } from '../../errors.ts';
import type { Driver, DriverConnection, Role } from './Driver.ts';
import { DatabaseClosed, DatabaseUnavailable } from './errors.ts';
import { Statements } from './Statement.ts';

export interface ConnectionsOptions {
  /** How many may wait for a connection (1,000); one more fails with {@link QueueOverflow}. */
  readonly waiting?: number;
  /** What a connection that has been idle for `healthAfter` ms (30,000) is asked before it is used again (`select 1`). */
  readonly healthQuery?: string;
  readonly healthAfter?: number;
  /** How long it may take to answer that, in ms (5,000), before it is replaced. */
  readonly healthTimeout?: number;
  /** A database that was there before, or says that it is about to be, is dialled again for so many ms (10,000). */
  readonly patience?: number;
  /** Where timers run (`asyncScheduler`). */
  readonly scheduler?: SchedulerLike;
}

/** A connection, for as long as it is needed. */
export interface Lease {
  readonly connection: DriverConnection;
  /** Gives it back; once. */
  release(): void;
}

interface Idle {
  readonly connection: DriverConnection;
  readonly since: number;
}

const delayOf = backoff({ first: 50, factor: 2, max: 1_000 });

export class Connections {
  private readonly driver: Driver;
  private readonly role: Role;
  private readonly size: number;
  private readonly options: Required<ConnectionsOptions>;
  private readonly health: string;

  private readonly waiting = new Set<Deferred<Lease>>();
  private idle: Idle[] = [];
  /** Lent ones, and those that are given back but still busy. */
  private readonly lent = new Set<DriverConnection>();
  /** All that there are, and those on their way. */
  private count = 0;
  /** On their way to somebody who waits: being opened, or asked whether they are well. */
  private coming = 0;
  /** A connection was there once: if there is none now, there will be one again. */
  private known = false;
  private failures = 0;
  private failingSince = 0;
  private closing = false;
  private readonly closers = new Set<Deferred<void>>();
  private readonly opening = new Set<Deferred<unknown>>();

  constructor(driver: Driver, role: Role, size: number, options: Required<ConnectionsOptions>) {
    this.driver = driver;
    this.role = role;
    this.size = size;
    this.options = options;
    this.health = options.healthQuery;
  }

  /** One that nobody else has. Cancelling it leaves the queue. */
  acquire(): Deferred<Lease> {
    if (this.closing) return fail(new DatabaseClosed(`${this.driver.name} is closed`));
    const { waiting: limit } = this.options;
    // Those for whom a connection is on its way, or free, do not count as waiting.
    const served = this.coming + this.idle.length + this.size - this.count;
    if (this.waiting.size - served >= limit)
      return fail(new QueueOverflow(`more than ${limit} wait for a connection of ${this.driver.name}`, limit));
    const waiter = new Deferred<Lease>({ canceller: () => this.waiting.delete(waiter) });
    this.waiting.add(waiter);
    this.supply();
    return waiter;
  }

  /** Lends no more to who asks from now on; fires when who had asked before is served, and all is closed. Cancelling it aborts. */
  close(): Deferred<void> {
    const closed = new Deferred<void>({
      canceller: () => {
        this.closers.delete(closed);
        this.abort();
      },
    });
    this.closing = true;
    this.closers.add(closed);
    this.settle();
    return closed;
  }

  private abort(): void {
    for (const waiter of this.waiting) waiter.errback(new DatabaseClosed(`${this.driver.name} was closed`));
    this.waiting.clear();
    for (const opening of this.opening) opening.cancel();
    for (const connection of this.lent) connection.abort();
  }

  /** Brings connections to those who wait, as many as there may be. */
  private supply(): void {
    while (this.waiting.size > this.coming) {
      const idle = this.idle.pop();
      if (idle !== undefined) this.reuse(idle);
      else if (this.count < this.size) this.open();
      else break;
    }
    this.settle();
  }

  private reuse({ connection, since }: Idle): void {
    if (this.options.scheduler.now() - since < this.options.healthAfter) return this.lend(connection);
    this.coming++;
    connection.keepAlive(true);
    connection
      .run(new Statements(this.driver.dialect).statement(this.health))
      .addTimeout(this.options.healthTimeout, { scheduler: this.options.scheduler })
      .addCallbacks(
        () => true,
        () => false,
      )
      .addCallback((healthy) => {
        this.coming--;
        if (healthy) return this.lend(connection);
        connection.abort();
        this.forget();
      });
  }

  private open(): void {
    this.count++;
    this.coming++;
    const opening = this.driver.open(this.role);
    this.opening.add(opening);
    opening.addCallbacks(
      (connection) => this.opened(connection),
      (error) => this.failed(error),
    );
    opening.addBoth(() => this.opening.delete(opening));
  }

  private opened(connection: DriverConnection): void {
    this.coming--;
    this.known = true;
    this.failures = 0;
    connection.lost.subscribe(() => {
      const { length } = this.idle;
      this.idle = this.idle.filter((idle) => idle.connection !== connection);
      if (this.idle.length < length) this.forget();
    });
    this.lend(connection);
  }

  private failed(error: unknown): void {
    const { patience, scheduler } = this.options;
    if (this.failures++ === 0) this.failingSince = scheduler.now();
    const hopeful =
      error instanceof DatabaseUnavailable &&
      (error.state === 'starting' || (this.known && error.state === 'absent')) &&
      scheduler.now() - this.failingSince < patience;
    if (hopeful && this.waiting.size > 0) {
      scheduler.schedule(() => {
        this.count--;
        this.coming--;
        this.supply();
      }, delayOf(this.failures));
      return;
    }
    this.count--;
    this.coming--;
    const [waiter] = this.waiting;
    if (waiter !== undefined) {
      this.waiting.delete(waiter);
      waiter.errback(error);
    }
    this.supply();
  }

  /** Hands it to whoever has waited longest, if anybody still waits. */
  private lend(connection: DriverConnection): void {
    const [waiter] = this.waiting;
    if (waiter === undefined) return this.keep(connection);
    this.waiting.delete(waiter);
    this.lent.add(connection);
    connection.keepAlive(true);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      connection.idle().addCallback((usable) => {
        this.lent.delete(connection);
        if (usable) this.lend(connection);
        else this.forget();
      });
    };
    waiter.callback({ connection, release });
  }

  private keep(connection: DriverConnection): void {
    connection.keepAlive(false);
    this.idle.push({ connection, since: this.options.scheduler.now() });
    this.settle();
  }

  /** One is gone. */
  private forget(): void {
    this.count--;
    this.supply();
  }

  /** Once closing, and nobody waits or is served: the end. */
  private settle(): void {
    if (!this.closing || this.waiting.size > 0) return;
    for (const { connection } of this.idle.splice(0)) {
      this.lent.add(connection);
      connection.keepAlive(true);
      connection.close().addBoth(() => {
        this.lent.delete(connection);
        this.forget();
      });
    }
    if (this.count > 0) return;
    for (const closed of this.closers) {
      this.closers.delete(closed);
      closed.callback();
    }
  }
}
