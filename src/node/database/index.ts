/**
 * Databases: what is asked is answered on the main scheduler, whoever works it out.
 * Knows: the names of the room.
 */
import { Database, type DatabaseOptions } from './Database.ts';
import type { Driver } from './Driver.ts';

export { Database, type DatabaseOptions } from './Database.ts';
export type {
  Batch,
  Cursor,
  Driver,
  DriverConnection,
  Notification,
  NotifyingDriver,
  Outcome,
  Role,
  Row,
  TransactionOptions,
} from './Driver.ts';
export * from './errors.ts';
export { postgres, type PostgresOptions } from './postgres/postgres.ts';
export { sqlite, type SqliteOptions } from './sqlite/sqlite.ts';
export type { Changes, Queryable, QueryOptions } from './Queryable.ts';
export { prepared, Prepared, type Dialect, type SqlValue, type Statement } from './Statement.ts';
export type { Transaction } from './Transaction.ts';
export type { SlowQuery } from './Watch.ts';

/**
 * A database behind a driver: {@link sqlite}, {@link postgres}, or one of your own.
 *
 * In plain words: ask with `query` (all rows), `rows` (one by one, through a cursor, held while you are busy), `execute` (what
 * has changed), `transaction` (all or nothing). Answers are Deferreds, so they chain, time out and can be cancelled, and what is
 * cancelled stops. Values are always bound. Connections are opened when they are needed and replaced when they are lost;
 * an idle one does not keep the program alive. `close()` answers what was asked, then closes.
 *
 * Limits: `waiting` questions for a connection (1,000, then {@link QueueOverflow}); `timeout` for each statement.
 * Errors: the family of {@link DatabaseError}; {@link Cancelled}, {@link TimedOut}.
 *
 * ```ts
 * interface User { readonly id: number; readonly name: string }
 *
 * const db = database(sqlite('app.db'));
 * db.query<User>('select * from users where id = ?', [7])
 *   .addCallback(([user]) => user.name)
 *   .addErrback(NoSuchTable, () => 'nobody');
 * db.transaction(function* (tx) {
 *   const [from] = yield tx.query('select balance from accounts where id = ?', [1]);
 *   if (from.balance < 10) throw new Error('not enough');
 *   yield tx.execute('update accounts set balance = balance - 10 where id = ?', [1]);
 * });
 * ```
 */
export function database<D extends Driver>(driver: D, options?: DatabaseOptions): Database<D> {
  return new Database(driver, options);
}
