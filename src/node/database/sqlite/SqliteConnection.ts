/**
 * One connection with SQLite, in a thread of its own.
 * Knows: one question at a time, what becomes of one that was called off. Does not know: pools, transactions; what the
 * thread does (insideSqlite.ts).
 *
 * The thread is never ended while it works: a thread that is, in the middle of SQLite, may go on to commit (node:sqlite), or
 * takes the whole process along (libsql panics where an exception is pending). It is told, and left alone until it is done.
 */
import { asyncScheduler, first, merge, Subject, Subscription } from 'rxjs';
import { Deferred } from '../../../Deferred.ts';
import { fail, succeed } from '../../../deferred/constructors.ts';
import { Cancelled, ThreadError } from '../../../errors.ts';
import type { ThreadPool } from '../../../threads/ThreadPool.ts';
import type { Batch, Cursor, DriverConnection, Outcome, Row } from '../Driver.ts';
import { DatabaseConnectionLost, DatabaseError, InvalidParameter } from '../errors.ts';
import type { SqlValue, Statement } from '../Statement.ts';
import { statementFailure } from './failures.ts';
import type { insideSqlite } from './insideSqlite.ts';
import type { Command, Ran, Rows, SqlCell } from './messages.ts';

export type SqliteThread = ThreadPool<{ fn: typeof insideSqlite }>;

export interface SqliteConnectionOptions {
  /** How long a statement that was called off may go on before the connection is given up, in ms; never, if it is not told. */
  readonly grace: number | undefined;
  /** Nobody may take its place before its thread is gone: it may have the lock of whoever writes. */
  readonly exclusive: boolean;
  /** Called once its thread is gone, which may be long after it was given up. */
  gone(): void;
}

export class SqliteConnection implements DriverConnection {
  readonly lost = new Subject<DatabaseConnectionLost>();
  private readonly thread: SqliteThread;
  private readonly options: SqliteConnectionOptions;
  private broken: DatabaseConnectionLost | undefined;
  /** What is being asked. */
  private asking: Deferred<unknown> | undefined;
  private readonly patience = new Subscription();
  private cursors = 0;

  constructor(thread: SqliteThread, options: SqliteConnectionOptions) {
    this.thread = thread;
    this.options = options;
  }

  run({ sql, text, params, prepared }: Statement): Deferred<Outcome> {
    return this.ask<Ran>(sql, () => ({ kind: 'run', text, values: cells(params, sql), keep: prepared })).addCallback(
      ({ columns, values, changes, lastId }): Outcome => {
        const rows = rowsOf(columns, values);
        return lastId === undefined ? { rows, changes } : { rows, changes, lastId };
      },
    );
  }

  script(sql: string): Deferred<unknown> {
    return this.ask(sql, () => ({ kind: 'script', sql }));
  }

  open({ sql, text, params }: Statement): Deferred<Cursor> {
    const number = ++this.cursors;
    let last = false;
    const batch = (rows: Rows): Batch => {
      ({ last } = rows);
      return { rows: rowsOf(rows.columns, rows.values), last };
    };
    return this.ask<Rows>(sql, () => ({ kind: 'cursor', number, text, values: cells(params, sql) })).addCallback(
      (first): Cursor => ({
        first: batch(first),
        next: () => this.ask<Rows>(sql, () => ({ kind: 'next', number })).addCallback(batch),
        close: () =>
          last || this.broken !== undefined ? succeed(undefined) : this.ask(sql, () => ({ kind: 'forget', number })),
      }),
    );
  }

  idle(): Deferred<boolean> {
    const { thread } = this;
    const watching = new Subscription();
    const idle = new Deferred<boolean>({ canceller: () => watching.unsubscribe() });
    const settle = (): void => {
      if (this.broken === undefined) idle.callback(true);
      else if (this.options.exclusive) thread.close().addCallback(() => idle.callback(false));
      else idle.callback(false);
    };
    if (this.broken !== undefined || thread.state.running === 0) settle();
    else {
      const free = thread.state$.pipe(first(({ running }) => running === 0));
      watching.add(merge(free, this.lost).pipe(first()).subscribe(settle));
    }
    return idle;
  }

  keepAlive(): void {
    // A thread keeps the process alive while it works, and not else.
  }

  close(): Deferred<unknown> {
    if (this.broken === undefined) this.end();
    return this.thread.close();
  }

  abort(): void {
    this.breakOff('it was given up');
  }

  private ask<T>(sql: string, command: () => Command): Deferred<T> {
    // A thread may die while it has nothing to do, and the pool would start another one, which has no connection.
    if (this.thread.state.lost > 0) this.breakOff('its thread has died');
    if (this.broken !== undefined)
      return fail(new DatabaseConnectionLost(this.broken.message, { cause: this.broken, sql }));
    const asking = new Deferred<T>({ canceller: () => this.callOff(call) });
    this.asking = asking;
    const call = succeed(undefined)
      .addCallback(() => this.thread.call('fn', command()))
      .addCallbacks(
        (answer) => asking.called || asking.callback(answer as T),
        (error) => {
          const failure = this.failure(error as Error, sql);
          if (!asking.called) asking.errback(failure);
        },
      );
    return asking;
  }

  private callOff(call: Deferred<unknown>): void {
    const { grace } = this.options;
    call.markHandled().cancel();
    if (grace === undefined || this.thread.state.running === 0) return;
    const tooLong = asyncScheduler.schedule(
      () => this.breakOff('a statement that was called off did not come to its end'),
      grace,
    );
    this.patience.add(tooLong);
    this.idle().addCallback(() => tooLong.unsubscribe());
  }

  private failure(error: Error, sql: string): Error {
    if (error instanceof Cancelled || error instanceof DatabaseError) return error;
    if (!(error instanceof ThreadError)) return statementFailure(error, sql);
    this.breakOff(error.message);
    return new DatabaseConnectionLost(this.broken!.message, { cause: error, sql });
  }

  private breakOff(why: string): void {
    if (this.broken !== undefined) return;
    this.broken = new DatabaseConnectionLost(`the connection with SQLite is lost: ${why}`);
    const { asking } = this;
    if (asking !== undefined && !asking.called) {
      asking.errback(this.broken);
      asking.cancel();
    }
    this.patience.unsubscribe();
    this.end();
    this.lost.next(this.broken);
    this.lost.complete();
  }

  /** Closes it once the thread has done what it does, and ends the thread. */
  private end(): void {
    // What a close could fail with has no one to tell.
    this.thread.call('fn', { kind: 'close' }).markHandled();
    this.thread.close().addCallback(() => this.options.gone());
  }
}

/** Truth and time have no type in SQLite. */
function cells(values: readonly SqlValue[], sql: string): SqlCell[] {
  return values.map((value, at) => {
    if (value === null || typeof value === 'string') return value;
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (typeof value === 'number' && !Number.isNaN(value)) return value;
    if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
    if (value instanceof Uint8Array) return value;
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
    const what = typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'an object') : String(value);
    throw new InvalidParameter(`parameter ${at + 1} is ${what}, which SQLite has no type for`, { sql });
  });
}

function rowsOf(columns: readonly string[], values: readonly unknown[]): Row[] {
  const rows: Row[] = [];
  const width = columns.length;
  for (let at = 0; at < values.length; at += width) {
    const row: Row = {};
    for (let column = 0; column < width; column++) row[columns[column]] = values[at + column];
    rows.push(row);
  }
  return rows;
}
