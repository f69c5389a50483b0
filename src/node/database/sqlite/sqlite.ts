/**
 * SQLite as a driver: one connection that writes, several that read beside it, each in a thread.
 * Knows: which package speaks with SQLite here, how connections are opened. Does not know: what is asked.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Deferred } from '../../../Deferred.ts';
import { fail } from '../../../deferred/constructors.ts';
import { DeferredSemaphore } from '../../../deferred/locks.ts';
import { Cancelled } from '../../../errors.ts';
import { threads } from '../../threads/threads.ts';
import type { Driver, DriverConnection, Role } from '../Driver.ts';
import { DatabaseUnavailable, DriverMissing } from '../errors.ts';
import { openingFailure } from './failures.ts';
import { insideSqlite } from './insideSqlite.ts';
import type { Launch } from './messages.ts';
import { SqliteConnection, type SqliteThread } from './SqliteConnection.ts';

export interface SqliteOptions {
  /** How many connections read beside the one that writes (2). A database in memory has one connection for all. */
  readonly readers?: number;
  /** It is never written to. */
  readonly readOnly?: boolean;
  /** How long to wait for a lock that another program has, in ms (5,000); then {@link DatabaseBusy}. */
  readonly busyTimeout?: number;
  /** Readers go on while somebody writes (write-ahead log; true). Without, they wait for each other. */
  readonly wal?: boolean;
  /** SQL that each connection is told first: pragmas. */
  readonly setup?: string;
  /** How long a statement that was called off may go on before its thread is given up, in ms (100). */
  readonly grace?: number;
  /** Which package speaks with SQLite: `node:sqlite` where that is there (from Node 22.16 on), else `libsql`. */
  readonly engine?: 'node:sqlite' | 'libsql';
}

/**
 * SQLite: a file, or `:memory:`. From Node 22.16 on nothing is to be installed; before, `npm install libsql` (no compiler is needed).
 *
 * In plain words: give it to {@link database}. Each connection works in a thread, so the event loop stays free. Queries go to
 * connections that only read, beside the one that writes. Values: integers are numbers, and bigints beyond 2^53; truth is stored
 * as 1 and 0, a `Date` as the text of ISO 8601; bytes come back as `Uint8Array`.
 *
 * Neither package can interrupt a step that runs in SQLite: a statement that was cancelled fails at once, what it has changed is
 * undone, and if it goes on for longer than `grace`, its thread is given up and another one takes its place; that thread ends
 * when the step does. A database in memory lives in its thread: there the next statement waits for the end of that step.
 * Errors: {@link DatabaseUnavailable} for a file that cannot be opened or is no database, {@link DriverMissing} without a package.
 *
 * ```ts
 * const db = database(sqlite('app.db', { setup: 'pragma synchronous = normal' }));
 * ```
 */
export function sqlite(file: string, options: SqliteOptions = {}): Driver {
  const { readers = 2, readOnly = false, busyTimeout = 5_000, wal = true, setup = '', grace = 100 } = options;
  if (!(readers >= 1)) throw new RangeError(`expected at least 1 reader, got ${readers}`);
  const inMemory = file === ':memory:' || file === '';
  const name = `sqlite:${file}`;
  /** Those that read, and those that were given up and are busy all the same: never more of these than of those. */
  const places = new DeferredSemaphore(readers * 2);

  const open = (role: Role): Deferred<SqliteThread> => {
    const engine = engineOf(options.engine);
    if (engine instanceof DriverMissing) return fail(engine);
    if (readOnly && !inMemory && !existsSync(file))
      return fail(new DatabaseUnavailable(`opening ${name}: there is no such file`, { state: 'refused' }));
    const pragmas = [
      `pragma busy_timeout = ${busyTimeout}`,
      'pragma foreign_keys = on',
      role === 'write' && !inMemory && wal ? 'pragma journal_mode = wal' : '',
      setup.replace(/;\s*$/, ''),
      role === 'read' ? 'pragma query_only = on' : '',
    ];
    const data: Launch = {
      engine,
      file: inMemory ? file : resolve(file),
      role,
      setup: pragmas.filter((pragma) => pragma !== '').join(';\n'),
      from: here,
    };
    const thread = threads({ size: 1, fn: insideSqlite, data, name: 'sqlite', grace: never });
    return thread.call('fn', { kind: 'open' }).addCallbacks(
      () => thread,
      (error) => {
        thread.close();
        throw error instanceof Cancelled ? error : openingFailure(name, error as Error);
      },
    );
  };
  const connected = (thread: SqliteThread, exclusive: boolean, gone: () => void): DriverConnection =>
    new SqliteConnection(thread, { grace: inMemory ? undefined : grace, exclusive, gone });
  return {
    name,
    dialect: { quotes: 'sqlite', placeholder: (n) => `?${n}` },
    readers: inMemory || readOnly ? 0 : readers,
    writers: readOnly ? readers : 1,
    begin: ({ readOnly: reads }) => (reads === true || readOnly ? 'begin' : 'begin immediate'),
    open(role) {
      if (role === 'write' && !readOnly) return open(role).addCallback((thread) => connected(thread, true, () => {}));
      return places.acquire().addCallback(() =>
        open('read').addCallbacks(
          (thread) => connected(thread, false, () => places.release()),
          (error): never => {
            places.release();
            throw error;
          },
        ),
      ) as Deferred<DriverConnection>;
    },
  };
}

/** The pool never ends a thread that works. (In milliseconds: the longest time that a timer has.) */
const never = 2 ** 31 - 1;

/** A file from which packages are looked for: this one, or, where modules have no file (ESM), the program. */
const here = typeof __filename === 'string' ? __filename : join(process.cwd(), 'program.js');

function engineOf(wanted: SqliteOptions['engine']): Launch['engine'] | DriverMissing {
  if (wanted !== 'libsql' && hasSqlite()) return 'node:sqlite';
  if (wanted === 'node:sqlite')
    return new DriverMissing(`node:sqlite is there from Node 22.16 on, and this is Node ${process.version}`, {
      state: 'refused',
    });
  try {
    createRequire(here).resolve('libsql');
    return 'libsql';
  } catch (cause) {
    const why = `SQLite comes with Node from 22.16 on; for Node ${process.version} there is the package libsql`;
    return new DriverMissing(`${why}: npm install libsql`, { cause, state: 'refused' });
  }
}

/** Rows as arrays, and the names of columns, came later than the module. */
function hasSqlite(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major >= 24 || (major === 22 && minor >= 16);
}
