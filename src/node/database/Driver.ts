/**
 * What a database driver gives: connections that run one statement at a time, and how its SQL is spelled.
 * Knows: the two sides' contract. Does not know: pools, transactions, pressure; those are the same for every driver.
 */
import type { Observable } from 'rxjs';
import type { Deferred } from '../../Deferred.ts';
import type { DatabaseConnectionLost } from './errors.ts';
import type { Dialect, Statement } from './Statement.ts';

/** A row, unless its type is told. */
export type Row = Record<string, unknown>;

/** What came of a statement. */
export interface Outcome {
  readonly rows: readonly Row[];
  /** How many rows were inserted, updated or deleted. */
  readonly changes: number;
  /** SQLite: the key of the row that was inserted last, by this connection. */
  readonly lastId?: number | bigint;
}

/** The next rows of a cursor; after the last ones, it is closed by itself. */
export interface Batch {
  readonly rows: readonly Row[];
  readonly last: boolean;
}

/** A result that is read piece by piece. */
export interface Cursor {
  readonly first: Batch;
  /** About 64 KiB of rows, and at most 1,000 of them. */
  next(): Deferred<Batch>;
  /** Forgets the rest. */
  close(): Deferred<unknown>;
}

/**
 * One connection. It is asked one thing at a time: the next only after {@link DriverConnection.idle}.
 * A Deferred that it gives can be cancelled: that fails at once, and the database stops what it does; `idle` tells when.
 */
export interface DriverConnection {
  run(statement: Statement): Deferred<Outcome>;
  /** Inside of a transaction, or of what only reads. */
  open(statement: Statement): Deferred<Cursor>;
  /** Several statements, without values; what they give is not told. */
  script(sql: string): Deferred<unknown>;
  /** Fires once it is asked nothing more: `true` if it may be asked again, `false` if it is of no use any more. Never fails. */
  idle(): Deferred<boolean>;
  /** Fires if the connection breaks. */
  readonly lost: Observable<DatabaseConnectionLost>;
  /** Whether it keeps the process alive. */
  keepAlive(needed: boolean): void;
  /** Ends it in order. Never fails. */
  close(): Deferred<unknown>;
  /** Ends it now, whatever it does. */
  abort(): void;
}

/** What a connection is for: `read` is refused whatever changes something. */
export type Role = 'read' | 'write';

export interface TransactionOptions {
  /** It changes nothing: SQLite runs it beside the one that writes. */
  readonly readOnly?: boolean;
  /** How much of others' work it sees meanwhile; PostgreSQL's own default unless told. In SQLite, all are `serializable`. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
}

/** A message from another session of the database: `NOTIFY channel, 'payload'`. */
export interface Notification {
  readonly channel: string;
  readonly payload: string;
  /** The process of the server that sent it. */
  readonly processId: number;
}

export interface Driver {
  /** Which database, for people: without its password. */
  readonly name: string;
  readonly dialect: Dialect;
  /** How many connections there may be that only read (none: all do both), and how many that write. */
  readonly readers: number;
  readonly writers: number;
  /** How the transaction is begun. */
  begin(options: TransactionOptions): string;
  open(role: Role): Deferred<DriverConnection>;
  /** The database is closed: what the driver keeps beside its connections ends, too. */
  close?(): void;
}

/** A driver whose database tells what happens. */
export interface NotifyingDriver extends Driver {
  /** Emits what is told on the channel; `listening` is called once nothing more is missed. Errors when the connection is lost. */
  notifications(channel: string, listening: () => void): Observable<Notification>;
}
