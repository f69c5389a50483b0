/**
 * What can be asked: a database, or a transaction in it. A function that takes a `Queryable` works in both.
 * Knows: the four questions, and what they give. Does not know: where they are run.
 */
import type { Observable } from 'rxjs';
import type { Deferred } from '../../Deferred.ts';
import type { Settled } from '../../deferred/awaitable.ts';
import type { Steps } from '../../deferred/inlineCallbacks.ts';
import type { Row, TransactionOptions } from './Driver.ts';
import type { Prepared, SqlValue } from './Statement.ts';
import type { Transaction } from './Transaction.ts';

/** What a statement has changed. */
export interface Changes {
  /** How many rows were inserted, updated or deleted. */
  readonly changes: number;
  /** SQLite: the key of the row that was inserted last. In PostgreSQL, `query('insert ... returning id')` tells it. */
  readonly lastId?: number | bigint;
}

export interface QueryOptions {
  /** Fails with {@link TimedOut}, and stops the statement, after so many milliseconds; waiting counts. */
  readonly timeout?: number;
}

export interface Queryable {
  /**
   * All rows of one statement. Values are bound, never pasted: `?` stands for the next one, `$1` for the first.
   * Cancelling it stops the statement.
   */
  query<T = Row>(sql: string | Prepared<T>, params?: readonly SqlValue[], options?: QueryOptions): Deferred<T[]>;
  /**
   * The rows one by one, through a cursor: while whoever takes them is full, none are fetched. Cold: each subscriber asks
   * anew, and leaving closes the cursor. `timeout` is for each batch that is fetched, not for the whole.
   */
  rows<T = Row>(sql: string | Prepared<T>, params?: readonly SqlValue[], options?: QueryOptions): Observable<T>;
  /** Runs one statement for what it changes. */
  execute(sql: string | Prepared<unknown>, params?: readonly SqlValue[], options?: QueryOptions): Deferred<Changes>;
  /** Runs several statements, without values: a schema. */
  script(sql: string, options?: QueryOptions): Deferred<void>;
  /**
   * Runs the work between a begin and an end: committed when it returns, rolled back when it throws, or when the Deferred is
   * cancelled. Inside of another transaction it is a savepoint. The work is a generator function that yields what it
   * waits for, an async function, or any other function whose result is waited for.
   */
  transaction<Out>(work: (tx: Transaction) => Steps<Out>, options?: TransactionOptions): Deferred<Settled<Out>>;
  transaction<Out>(work: (tx: Transaction) => Out, options?: TransactionOptions): Deferred<Settled<Out>>;
}
