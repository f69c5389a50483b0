/**
 * What goes wrong with databases, by family: the same names whatever the driver.
 * Knows: names, what a message must tell. Does not know: the codes of any driver; each maps its own onto these.
 */
import { brand } from '../../brand.ts';
import { show } from '../../bytes.ts';
import { RopewalkError, type ErrorDetails } from '../../errors.ts';

export interface DatabaseErrorDetails extends ErrorDetails {
  /** The statement. Its parameters are never part of an error: they may be secrets. */
  readonly sql?: string;
}

/**
 * The database, or the way to it, refused. `code` is the driver's own (`SQLITE_CONSTRAINT_UNIQUE`, `23505`), `cause` its error.
 * Family: {@link ConstraintViolated}, {@link NoSuchTable}, {@link NoSuchColumn}, {@link SqlSyntaxError}, {@link InvalidParameter},
 * {@link DatabaseBusy}, {@link DatabaseReadOnly}, {@link DatabasePermissionDenied}, {@link TransactionFailed},
 * {@link DatabaseUnavailable}, {@link DriverMissing}, {@link DatabaseConnectionLost}, {@link DatabaseClosed}.
 */
export class DatabaseError extends RopewalkError {
  readonly sql?: string;

  constructor(message: string, details: DatabaseErrorDetails = {}) {
    super(details.sql === undefined ? message : `${message}, in ${show(oneLine(details.sql), { max: 100 })}`, details);
    if (details.sql !== undefined) this.sql = details.sql;
  }
}

/** What kind of rule a row would have broken. */
export type ConstraintKind = 'unique' | 'foreign key' | 'not null' | 'check' | 'exclusion' | 'other';

export interface ConstraintDetails extends DatabaseErrorDetails {
  readonly kind: ConstraintKind;
  /** PostgreSQL's name of the constraint, or the columns as SQLite tells them (`users.email`). */
  readonly constraint?: string;
}

/** A row would have broken a rule of its table; nothing was changed. */
export class ConstraintViolated extends DatabaseError {
  readonly kind: ConstraintKind;
  readonly constraint?: string;

  constructor(message: string, details: ConstraintDetails) {
    super(message, details);
    this.kind = details.kind;
    if (details.constraint !== undefined) this.constraint = details.constraint;
  }
}

/** The statement names a table that is not there. */
export class NoSuchTable extends DatabaseError {}
/** The statement names a column that is not there. */
export class NoSuchColumn extends DatabaseError {}
/** It is not SQL, or not one statement. */
export class SqlSyntaxError extends DatabaseError {}
/** A parameter is of a kind that the database does not have, or there are too many or too few. */
export class InvalidParameter extends DatabaseError {}
/** Somebody else holds the lock, or the two got in each other's way: nothing was changed, trying again may help. */
export class DatabaseBusy extends DatabaseError {}
/** It may only be read, or this connection may. */
export class DatabaseReadOnly extends DatabaseError {}
/** The database forbids it to this user. */
export class DatabasePermissionDenied extends DatabaseError {}
/** The work has returned, but a statement of it had failed, and the database has rolled it back. */
export class TransactionFailed extends DatabaseError {}

export interface UnavailableDetails extends DatabaseErrorDetails {
  /** `starting`: it says that it will be there soon. `absent`: nobody answers. `refused`: it answers, and will not have us. */
  readonly state: 'starting' | 'absent' | 'refused';
}

/** It could not be opened: nothing was asked. */
export class DatabaseUnavailable extends DatabaseError {
  readonly state: 'starting' | 'absent' | 'refused';

  constructor(message: string, details: UnavailableDetails) {
    super(message, details);
    this.state = details.state;
  }
}
/** The package that speaks with this database is not installed; the message tells how to install it. */
export class DriverMissing extends DatabaseUnavailable {}
/** The connection broke while it was needed. An open transaction is undone; of a lone statement nobody knows. */
export class DatabaseConnectionLost extends DatabaseError {}
/** It was asked after its `close()`, or a transaction after its end. */
export class DatabaseClosed extends DatabaseError {}

function oneLine(sql: string): string {
  return sql.replaceAll(/\s+/g, ' ').trim();
}

const families = {
  DatabaseError,
  ConstraintViolated,
  NoSuchTable,
  NoSuchColumn,
  SqlSyntaxError,
  InvalidParameter,
  DatabaseBusy,
  DatabaseReadOnly,
  DatabasePermissionDenied,
  TransactionFailed,
  DatabaseUnavailable,
  DriverMissing,
  DatabaseConnectionLost,
  DatabaseClosed,
};
for (const [name, type] of Object.entries(families)) {
  brand(type, name);
  // On the prototype, and written out, so that a minifier cannot change it.
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true });
}
