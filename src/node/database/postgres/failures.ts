/**
 * PostgreSQL's error codes, by family.
 * Source: https://www.postgresql.org/docs/current/errcodes-appendix.html; a code is five characters, the first two its class.
 */
import {
  ConstraintViolated,
  DatabaseBusy,
  DatabaseConnectionLost,
  DatabaseError,
  DatabasePermissionDenied,
  DatabaseReadOnly,
  DatabaseUnavailable,
  InvalidParameter,
  NoSuchColumn,
  NoSuchTable,
  SqlSyntaxError,
  TransactionFailed,
  type ConstraintKind,
  type DatabaseErrorDetails,
} from '../errors.ts';

/** What a server says about an error; what the socket says has none of it but a message and a code. */
interface ServerError extends Error {
  readonly code?: string;
  readonly severity?: string;
  readonly constraint?: string;
}

type Family = new (message: string, details: DatabaseErrorDetails) => DatabaseError;

const constraints: Record<string, ConstraintKind> = {
  '23502': 'not null',
  '23503': 'foreign key',
  '23505': 'unique',
  '23514': 'check',
  '23P01': 'exclusion',
};

const families: Record<string, Family> = {
  '08P01': InvalidParameter, // protocol_violation: more or fewer values than the statement has
  '22P02': InvalidParameter, // invalid_text_representation
  '25P02': TransactionFailed, // in_failed_sql_transaction
  '25006': DatabaseReadOnly, // read_only_sql_transaction
  '40001': DatabaseBusy, // serialization_failure
  '40P01': DatabaseBusy, // deadlock_detected
  '42501': DatabasePermissionDenied, // insufficient_privilege
  '42601': SqlSyntaxError, // syntax_error
  '42703': NoSuchColumn, // undefined_column
  '42P01': NoSuchTable, // undefined_table
  '42P18': InvalidParameter, // indeterminate_datatype: a parameter whose type nothing tells
  '55P03': DatabaseBusy, // lock_not_available
};

/** The server ends this session: by hand, because it stops, or because a neighbour crashed. */
const ending = /^57P0[1245]$/;
/** cannot_connect_now: it starts, stops or recovers; too_many_connections: there will be a place. */
const starting = new Set(['57P03', '53300']);

/** An error of a statement, or of the connection under it. */
export function queryFailure(error: Error, sql: string | undefined): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { code, severity, constraint } = error as ServerError;
  const details = { cause: error, code, sql };
  if (ending.test(code ?? '') || (severity === undefined && ofNetwork(error))) return lost(error);
  if (code !== undefined && code.startsWith('23'))
    return new ConstraintViolated(error.message, { ...details, kind: constraints[code] ?? 'other', constraint });
  return new (families[code ?? ''] ?? DatabaseError)(error.message, details);
}

/** What the socket, or pg about its socket, says. Other errors without a severity are about values that cannot be sent or read. */
function ofNetwork(error: Error): boolean {
  return /^E[A-Z]+$/.test((error as ServerError).code ?? '') || /^(Connection|Client) /.test(error.message);
}

/** The session is over. */
export function lost(cause: Error): DatabaseConnectionLost {
  const { code } = cause as ServerError;
  return new DatabaseConnectionLost(`the connection to PostgreSQL is lost: ${cause.message}`, { cause, code });
}

/** There never was a session. */
export function openingFailure(name: string, cause: Error): DatabaseUnavailable {
  if (cause instanceof DatabaseUnavailable) return cause;
  const { code, severity } = cause as ServerError;
  // A server has a severity for everything it says; without one it was the network that spoke.
  const state = starting.has(code ?? '') ? 'starting' : severity === undefined ? 'absent' : 'refused';
  return new DatabaseUnavailable(`opening ${name}: ${tell(cause)}`, { cause, code, state });
}

/** Of several addresses that were tried, what the first one said. */
function tell(error: Error): string {
  return error instanceof AggregateError ? String((error.errors as Error[])[0]?.message) : error.message;
}
