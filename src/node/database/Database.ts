/**
 * A database, as its users hold it.
 * Knows: who answers (a connection that reads, or one that writes), when it is closed. Does not know: any driver.
 */
import { asyncScheduler, type Observable } from 'rxjs';
import type { Deferred } from '../../Deferred.ts';
import { gatherResults } from '../../deferred/joins.ts';
import type { Settled } from '../../deferred/awaitable.ts';
import type { Steps } from '../../deferred/inlineCallbacks.ts';
import { Asking } from './Asking.ts';
import { Connections, type ConnectionsOptions, type Lease } from './Connections.ts';
import type { Driver, Notification, NotifyingDriver, Outcome, Role, TransactionOptions } from './Driver.ts';
import { DatabaseReadOnly } from './errors.ts';
import type { OpenCursor } from './reading.ts';
import { Session } from './Session.ts';
import { Statements, type Statement } from './Statement.ts';
import { Transaction } from './Transaction.ts';
import { transacting } from './transacting.ts';
import { Watch, type SlowQuery } from './Watch.ts';

export interface DatabaseOptions extends ConnectionsOptions {
  /** How long a statement may take, in ms (no limit); waiting for a connection counts. */
  readonly timeout?: number;
  /** From how many ms on a statement is told of on `slow$` (200). */
  readonly slow?: number;
}

/** How many statements that write although they were asked as a query are remembered. */
const remembered = 1000;

export class Database<D extends Driver = Driver> extends Asking {
  /** Statements that took longer than they should. */
  readonly slow$: Observable<SlowQuery>;
  private readonly driver: D;
  private readonly writers: Connections;
  private readonly readers: Connections;
  /** What was asked as a query, and refused by a connection that only reads. */
  private readonly writing = new Set<string>();

  /** See {@link database}. */
  constructor(driver: D, { timeout, slow = 200, ...options }: DatabaseOptions = {}) {
    const { scheduler = asyncScheduler } = options;
    super(new Statements(driver.dialect), new Watch(scheduler, slow, timeout));
    const settings = {
      waiting: 1_000,
      healthQuery: 'select 1',
      healthAfter: 30_000,
      healthTimeout: 5_000,
      patience: 10_000,
      ...options,
      scheduler,
    };
    this.driver = driver;
    this.slow$ = this.watch.slow$.asObservable();
    this.writers = new Connections(driver, 'write', driver.writers, settings);
    this.readers = driver.readers === 0 ? this.writers : new Connections(driver, 'read', driver.readers, settings);
  }

  transaction<Out>(work: (tx: Transaction) => Steps<Out>, options?: TransactionOptions): Deferred<Settled<Out>>;
  transaction<Out>(work: (tx: Transaction) => Out, options?: TransactionOptions): Deferred<Settled<Out>>;
  transaction(work: (tx: Transaction) => unknown, options: TransactionOptions = {}): Deferred<never> {
    const { driver, statements, watch } = this;
    const connections = options.readOnly === true ? this.readers : this.writers;
    return connections.acquire().addCallback(({ connection, release }) => {
      const session = new Session(connection);
      const tx = new Transaction(session, statements, watch);
      const { result, over } = transacting<never>(
        session,
        { begin: driver.begin(options), commit: 'commit', rollback: ['rollback'] },
        () => work(tx),
        (reason) => tx.end(reason),
      );
      over.addCallback(release);
      return result;
    });
  }

  /**
   * What other sessions say on this channel: `NOTIFY channel, 'payload'`, or `select pg_notify('channel', 'payload')`.
   * `listening` is called once nothing more is missed. Errors with {@link DatabaseConnectionLost}: what was said until somebody
   * listens again is missed, so look at the tables then. All channels share one connection, beside the others.
   */
  notifications(
    this: Database<NotifyingDriver>,
    channel: string,
    listening: () => void = () => {},
  ): Observable<Notification> {
    return this.driver.notifications(channel, listening);
  }

  /**
   * Takes no more questions, answers those that were asked, and closes: fires when all is closed.
   * Cancelling it waits for no answers: whoever was asked fails.
   */
  close(): Deferred<void> {
    const { readers, writers } = this;
    const closing = readers === writers ? [writers.close()] : [readers.close(), writers.close()];
    this.driver.close?.();
    return gatherResults(closing).addCallback(() => this.watch.slow$.complete());
  }

  override toString(): string {
    return this.driver.name;
  }

  protected answer(statement: Statement, role: Role, running: () => void): Deferred<Outcome> {
    return this.asked(role, statement, (lease) => {
      running();
      return releasing(new Session(lease.connection).run(statement), lease);
    });
  }

  protected runScript(sql: string, running: () => void): Deferred<unknown> {
    return this.writers.acquire().addCallback((lease) => {
      running();
      return releasing(new Session(lease.connection).script(sql), lease);
    });
  }

  protected open(statement: Statement): Deferred<OpenCursor> {
    return this.asked('read', statement, (lease, role) => {
      const session = new Session(lease.connection);
      if (role === 'read') return readingAlone(session, statement, lease);
      return readingWithin(session, this.driver.begin({}), statement, lease);
    });
  }

  /** A connection for it: one that only reads, unless that has refused this statement. */
  private asked<T>(role: Role, statement: Statement, ask: (lease: Lease, role: Role) => Deferred<T>): Deferred<T> {
    const write = (): Deferred<T> => this.writers.acquire().addCallback((lease) => ask(lease, 'write')) as Deferred<T>;
    if (role === 'write' || this.readers === this.writers || this.writing.has(statement.sql)) return write();
    return this.readers
      .acquire()
      .addCallback((lease) => ask(lease, 'read'))
      .addErrback(DatabaseReadOnly, (refusal) => {
        if (this.driver.writers === 0) throw refusal;
        if (this.writing.size >= remembered) this.writing.clear();
        this.writing.add(statement.sql);
        return write();
      }) as Deferred<T>;
  }
}

/** Gives the connection back, and hands on whatever came of it. */
function releasing<T>(asked: Deferred<T>, { release }: Lease): Deferred<T> {
  return asked.addBoth((result) => {
    release();
    return result;
  }) as Deferred<T>;
}

/** A cursor that reads needs no transaction. */
function readingAlone(session: Session, statement: Statement, lease: Lease): Deferred<OpenCursor> {
  return session.open(statement).addCallbacks(
    (cursor): OpenCursor => ({
      cursor,
      finish: () => releasing(cursor.close(), lease),
      abandon: () => void cursor.close().addBoth(lease.release),
    }),
    (error): never => {
      lease.release();
      throw error;
    },
  );
}

/** One that may write is in a transaction of its own: leaving it undoes what it has done. */
function readingWithin(session: Session, begin: string, statement: Statement, lease: Lease): Deferred<OpenCursor> {
  const undo = (): void => {
    session
      .control('rollback')
      .addErrback(() => session.connection.abort())
      .addCallback(lease.release);
  };
  const undoing = (error: unknown): never => {
    undo();
    throw error;
  };
  return session
    .control(begin)
    .addCallback(() => session.open(statement))
    .addCallbacks(
      (cursor): OpenCursor => ({
        cursor,
        finish: () =>
          cursor
            .close()
            .addCallback(() => session.control('commit'))
            .addCallbacks(() => lease.release(), undoing),
        abandon: () => {
          cursor.close().markHandled();
          undo();
        },
      }),
      undoing,
    ) as Deferred<OpenCursor>;
}
