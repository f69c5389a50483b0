/**
 * One connection in the hands of one asker: what is asked at once is done one after the other.
 * Knows: turns. Does not know: transactions, pools.
 */
import type { Deferred } from '../../Deferred.ts';
import { DeferredLock } from '../../deferred/locks.ts';
import type { Batch, Cursor, DriverConnection, Outcome } from './Driver.ts';
import type { Statement } from './Statement.ts';

export class Session {
  readonly connection: DriverConnection;
  private readonly lock = new DeferredLock();

  constructor(connection: DriverConnection) {
    this.connection = connection;
  }

  run(statement: Statement): Deferred<Outcome> {
    return this.inTurn(() => this.connection.run(statement));
  }

  /** SQL of our own: the bounds of a transaction. */
  control(text: string): Deferred<Outcome> {
    return this.run({ sql: text, text, params: [], prepared: false });
  }

  script(sql: string): Deferred<unknown> {
    return this.inTurn(() => this.connection.script(sql));
  }

  open(statement: Statement): Deferred<Cursor> {
    return this.inTurn(() => this.connection.open(statement)).addCallback((cursor): Cursor => ({
      first: cursor.first,
      next: (): Deferred<Batch> => this.inTurn(() => cursor.next()),
      close: () => this.inTurn(() => cursor.close()),
    }));
  }

  /** The turn is over when the connection is idle: what was cancelled may take a moment to stop. */
  private inTurn<T>(work: () => Deferred<T>): Deferred<T> {
    return this.lock.acquire().addCallback(() =>
      work().addBoth((result) => {
        this.connection.idle().addCallback(() => this.lock.release());
        return result;
      }),
    ) as Deferred<T>;
  }
}
