/**
 * SQLite in its thread: one connection, and whatever is asked of it.
 * Knows: the two packages that speak with SQLite, statements, cursors, how a change is undone that was called off.
 * Does not know: who asks, pools, pressure.
 *
 * The function is sent to the thread as text, so it uses nothing from outside of itself. SQLite does its work before it
 * returns: meanwhile the thread hears nothing. So what was called off is seen after the step that was running, and a statement
 * that writes stands between a begin and a commit of ours, so that it can still be undone then.
 */
import type { Job } from '../../../threads/ThreadPool.ts';
import type { Command, Launch, Rows, Ran, SqlCell } from './messages.ts';

/** A prepared statement, as both packages have it. */
interface Prepared {
  /** Rows are arrays, integers bigints. */
  all(values: readonly SqlCell[]): unknown[][];
  run(values: readonly SqlCell[]): void;
  iterate(values: readonly SqlCell[]): Iterator<unknown[]>;
  columns(): string[];
  /** Ends what `iterate` has begun. */
  reset(rows: Iterator<unknown[]>): void;
}

interface Engine {
  prepare(text: string): Prepared;
  exec(sql: string): void;
  close(): void;
}

interface OpenCursor {
  readonly statement: Prepared;
  readonly rows: Iterator<unknown[]>;
  columns: string[] | undefined;
}

/** What stays in the thread from one job to the next. */
interface Connection {
  readonly engine: Engine;
  readonly counters: Prepared | undefined;
  readonly schema: Prepared;
  readonly kept: Map<string, Prepared>;
  version: unknown;
  readonly cursors: Map<number, OpenCursor>;
  inTransaction: boolean;
}

export const insideSqlite = function (this: Job, command: Command): Rows | Ran | undefined {
  const key = Symbol.for('ropewalk.sqlite');
  const realm = globalThis as { [key]?: Connection };
  const { signal } = this;
  const launch = this.data as Launch;
  /** A batch has no more rows than this, and ends after so many bytes. */
  const batchRows = 1_000;
  const batchBytes = 65_536;
  /** How many prepared statements are kept. */
  const most = 200;

  const open = (): Connection => {
    const { createRequire } = process.getBuiltinModule('node:module');
    const require = createRequire(launch.from);
    const engine = launch.engine === 'node:sqlite' ? openNode(require) : openLibsql(require);
    engine.exec(launch.setup);
    return {
      engine,
      counters: launch.role === 'write' ? engine.prepare(counting) : undefined,
      schema: engine.prepare('pragma schema_version'),
      kept: new Map(),
      version: undefined,
      cursors: new Map(),
      inTransaction: false,
    };
  };
  const counting = 'select total_changes() as total, changes() as changes, last_insert_rowid() as id';

  const openNode = (require: NodeJS.Require): Engine => {
    // It is no experiment any more where it is not behind a flag; the warning would come from a thread nobody knows.
    const { emitWarning } = process;
    process.emitWarning = () => {};
    const { DatabaseSync } = require('node:sqlite') as NodeSqlite;
    process.emitWarning = emitWarning;
    const db = new DatabaseSync(launch.file);
    return {
      exec: (sql) => db.exec(sql),
      close: () => db.close(),
      prepare(text) {
        const statement = db.prepare(text);
        statement.setReturnArrays(true);
        statement.setReadBigInts(true);
        return {
          all: (values) => statement.all(...values),
          run: (values) => void statement.run(...values),
          iterate: (values) => statement.iterate(...values),
          columns: () => statement.columns().map(({ name }) => name),
          reset: (rows) => void rows.return?.(),
        };
      },
    };
  };

  const openLibsql = (require: NodeJS.Require): Engine => {
    const Database = require('libsql') as Libsql;
    const db = new Database(launch.file);
    db.defaultSafeIntegers(true);
    return {
      exec: (sql) => db.exec(sql),
      close: () => db.close(),
      prepare(text) {
        const statement = db.prepare(text);
        const columns = (): string[] => statement.columns().map(({ name }) => name);
        // A statement that gives no rows does not know what to make of them.
        if (columns().length > 0) statement.raw(true);
        return {
          all: (values) => statement.all(values),
          run: (values) => void statement.run(values),
          iterate: (values) => statement.iterate(values),
          columns,
          // Without an end of its own, one step of another kind ends what `iterate` has begun: a reader that does not end
          // would see what was there when it began for ever.
          reset() {
            try {
              statement.get();
            } catch {
              // What it says about that row is of no interest any more.
            }
          },
        };
      },
    };
  };

  /** A kept statement is good for as long as the schema is what it was: `select *` has other columns then. */
  const prepare = (connection: Connection, text: string, keep: boolean): Prepared => {
    if (!keep) return connection.engine.prepare(text);
    const version = connection.schema.all([])[0]?.[0];
    if (version !== connection.version) connection.kept.clear();
    connection.version = version;
    const kept = connection.kept.get(text);
    if (kept !== undefined) return kept;
    const statement = connection.engine.prepare(text);
    if (connection.kept.size >= most) connection.kept.delete(connection.kept.keys().next().value!);
    connection.kept.set(text, statement);
    return statement;
  };

  /** A JavaScript number would be bound as a fraction. */
  const bound = (values: readonly SqlCell[]): SqlCell[] =>
    values.map((value) => (typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value));

  const cell = (value: unknown): unknown => {
    if (typeof value === 'bigint') {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }
    // A copy: a view would take the whole buffer along.
    if (value instanceof ArrayBuffer || value instanceof Uint8Array) return new Uint8Array(value);
    return value;
  };

  const sizeOf = (value: unknown): number =>
    typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.length : 8;

  const calledOff = (): Error => new DOMException('the statement was called off', 'AbortError');

  const run = (connection: Connection, text: string, values: readonly SqlCell[], keep: boolean): Ran => {
    const { counters } = connection;
    const statement = prepare(connection, text, keep);
    const before = counters?.all([])[0] ?? [];
    let rows: unknown[][] = [];
    let columns = statement.columns();
    if (columns.length === 0) statement.run(bound(values));
    else {
      rows = statement.all(bound(values));
      columns = statement.columns();
    }
    const [total, changes, id] = counters?.all([])[0] ?? [];
    const changed = total !== before[0] ? Number(changes) : 0;
    const inserted = changed > 0 && (id !== before[2] || /^\s*(insert|replace)\b/i.test(text));
    return {
      columns,
      values: rows.flatMap((row) => row.map((value) => cell(value))),
      changes: changed,
      lastId: inserted ? (cell(id) as number | bigint) : undefined,
    };
  };

  /** Between a begin and a commit, so that it can be undone when it was called off meanwhile. */
  const runAlone = (connection: Connection, text: string, values: readonly SqlCell[], keep: boolean): Ran => {
    connection.engine.exec('begin immediate');
    try {
      const ran = run(connection, text, values, keep);
      if (signal.aborted) throw calledOff();
      connection.engine.exec('commit');
      return ran;
    } catch (error) {
      rollback(connection);
      throw error;
    }
  };
  /** What may stand between them: not `pragma`, `vacuum` and the like. */
  const undoable = /^\s*(insert|replace|update|delete|with|create|drop|alter|reindex)\b/i;

  const rollback = (connection: Connection): void => {
    connection.inTransaction = false;
    try {
      connection.engine.exec('rollback');
    } catch (error) {
      // SQLite has undone it by itself, or it was never begun.
      if (!/no transaction is active/.test((error as Error).message)) throw error;
    }
  };

  const batch = (connection: Connection, number: number, cursor: OpenCursor): Rows => {
    const { rows, statement } = cursor;
    const values: unknown[] = [];
    let bytes = 0;
    for (let count = 0; count < batchRows && bytes < batchBytes; count++) {
      if (signal.aborted) throw calledOff();
      const next = rows.next();
      if (next.done) {
        connection.cursors.delete(number);
        return { columns: cursor.columns ?? statement.columns(), values, last: true };
      }
      cursor.columns ??= statement.columns();
      for (const value of next.value) {
        const made = cell(value);
        bytes += sizeOf(made);
        values.push(made);
      }
    }
    return { columns: cursor.columns ?? [], values, last: false };
  };

  const close = (connection: Connection, number: number): void => {
    const cursor = connection.cursors.get(number);
    if (cursor === undefined) return;
    connection.cursors.delete(number);
    cursor.statement.reset(cursor.rows);
  };

  const closeAll = (connection: Connection): void => {
    for (const number of connection.cursors.keys()) close(connection, number);
  };

  const control = (connection: Connection, text: string): Ran => {
    // No cursor outlives its transaction.
    if (text === 'commit' || text === 'rollback') closeAll(connection);
    if (text === 'rollback') rollback(connection);
    else connection.engine.exec(text);
    if (text.startsWith('begin')) connection.inTransaction = true;
    else if (text === 'commit') connection.inTransaction = false;
    return { columns: [], values: [], changes: 0, lastId: undefined };
  };
  const bounds = /^(begin|commit$|rollback|savepoint|release)/;

  if (command.kind === 'open') {
    realm[key] = open();
    return undefined;
  }
  const connection = realm[key]!;
  switch (command.kind) {
    case 'run': {
      const { text, values, keep } = command;
      if (bounds.test(text)) return control(connection, text);
      const alone = connection.counters !== undefined && !connection.inTransaction && undoable.test(text);
      return alone ? runAlone(connection, text, values, keep) : run(connection, text, values, keep);
    }
    case 'script':
      connection.engine.exec(command.sql);
      return undefined;
    case 'cursor': {
      const { number, text, values } = command;
      const statement = connection.engine.prepare(text);
      const cursor: OpenCursor = { statement, rows: statement.iterate(bound(values)), columns: undefined };
      connection.cursors.set(number, cursor);
      try {
        return batch(connection, number, cursor);
      } catch (error) {
        close(connection, number);
        throw error;
      }
    }
    case 'next': {
      const cursor = connection.cursors.get(command.number);
      if (cursor === undefined) throw new Error('the cursor was closed');
      return batch(connection, command.number, cursor);
    }
    case 'forget':
      close(connection, command.number);
      return undefined;
    case 'close':
      closeAll(connection);
      connection.engine.close();
      return undefined;
  }
};

interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => {
    exec(sql: string): void;
    close(): void;
    prepare(text: string): {
      all(...values: readonly SqlCell[]): unknown[][];
      run(...values: readonly SqlCell[]): unknown;
      iterate(...values: readonly SqlCell[]): Iterator<unknown[]>;
      columns(): { readonly name: string }[];
      setReturnArrays(on: boolean): void;
      setReadBigInts(on: boolean): void;
    };
  };
}

type Libsql = new (file: string) => {
  exec(sql: string): void;
  close(): void;
  defaultSafeIntegers(on: boolean): void;
  prepare(text: string): {
    all(values: readonly SqlCell[]): unknown[][];
    run(values: readonly SqlCell[]): unknown;
    get(): unknown;
    iterate(values: readonly SqlCell[]): Iterator<unknown[]>;
    columns(): { readonly name: string }[];
    raw(on: boolean): void;
  };
};
