/**
 * SQLite's result codes, by family.
 * Source: https://www.sqlite.org/rescode.html; the low byte is the primary code, the others tell more.
 */
import {
  ConstraintViolated,
  DatabaseBusy,
  DatabaseError,
  DatabasePermissionDenied,
  DatabaseReadOnly,
  DatabaseUnavailable,
  InvalidParameter,
  NoSuchColumn,
  NoSuchTable,
  SqlSyntaxError,
  type ConstraintKind,
  type DatabaseErrorDetails,
} from '../errors.ts';

/** `node:sqlite` tells `errcode`, `libsql` tells `rawCode`. */
interface SqliteError extends Error {
  readonly errcode?: number;
  readonly rawCode?: number;
}

type Family = new (message: string, details: DatabaseErrorDetails) => DatabaseError;

/** The primary codes. */
const names: Record<number, string> = {
  1: 'SQLITE_ERROR',
  2: 'SQLITE_INTERNAL',
  3: 'SQLITE_PERM',
  4: 'SQLITE_ABORT',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  15: 'SQLITE_PROTOCOL',
  17: 'SQLITE_SCHEMA',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  21: 'SQLITE_MISUSE',
  23: 'SQLITE_AUTH',
  25: 'SQLITE_RANGE',
  26: 'SQLITE_NOTADB',
};

/** The extended codes of a constraint. */
const constraints: Record<number, readonly [name: string, kind: ConstraintKind]> = {
  275: ['CHECK', 'check'],
  531: ['COMMITHOOK', 'other'],
  787: ['FOREIGNKEY', 'foreign key'],
  1043: ['FUNCTION', 'other'],
  1299: ['NOTNULL', 'not null'],
  1555: ['PRIMARYKEY', 'unique'],
  1811: ['TRIGGER', 'other'],
  2067: ['UNIQUE', 'unique'],
  2323: ['VTAB', 'other'],
  2579: ['ROWID', 'unique'],
  2835: ['PINNED', 'other'],
  3091: ['DATATYPE', 'check'],
};

const families: Record<number, Family> = {
  3: DatabasePermissionDenied,
  5: DatabaseBusy,
  6: DatabaseBusy,
  8: DatabaseReadOnly,
  23: DatabasePermissionDenied,
  25: InvalidParameter,
};

/** SQLite has one code for whatever is wrong with a statement. */
const byMessage: readonly (readonly [RegExp, Family])[] = [
  [/^no such table:/, NoSuchTable],
  [/^no such column:|has no column named/, NoSuchColumn],
  [/syntax error|^incomplete input|^unrecognized token/, SqlSyntaxError],
];

/** What a statement failed with. */
export function statementFailure(cause: Error, sql: string): DatabaseError {
  const number = numberOf(cause);
  if (number === undefined) return new DatabaseError(cause.message, { cause, sql });
  const primary = number & 0xff;
  const [detail, kind] = constraints[number] ?? [];
  const name = names[primary] ?? `SQLITE_${primary}`;
  const details = { cause, sql, code: detail === undefined ? name : `${name}_${detail}` };
  if (primary === 19) {
    const [, constraint] = /constraint failed: (.+)/.exec(cause.message) ?? [];
    return new ConstraintViolated(cause.message, { ...details, kind: kind ?? 'other', constraint });
  }
  const family = families[primary] ?? byMessage.find(([words]) => words.test(cause.message))?.[1] ?? DatabaseError;
  return new family(cause.message, details);
}

/** Why a file cannot be opened, or is no database. */
export function openingFailure(name: string, cause: Error): DatabaseUnavailable {
  const code = names[(numberOf(cause) ?? 0) & 0xff];
  return new DatabaseUnavailable(`opening ${name}: ${cause.message}`, {
    cause,
    // Somebody else has it locked, for longer than we wait.
    state: code === 'SQLITE_BUSY' ? 'starting' : 'refused',
    ...(code === undefined ? {} : { code }),
  });
}

/** What `libsql` says of a file that it cannot open has its code at the end of the message. */
function numberOf({ errcode, rawCode, message }: SqliteError): number | undefined {
  const [, told] = /: (\d+)"\)$/.exec(message) ?? [];
  return errcode ?? rawCode ?? (told === undefined ? undefined : Number(told));
}
