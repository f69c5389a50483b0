/** SQLite, as a place to run the suite in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { database, sqlite, type DatabaseOptions, type SqliteOptions } from 'ropewalk/node';
import type { World } from './suite.ts';

const readers = 2;

export function sqliteWorld(options: SqliteOptions = {}): World {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-sqlite-'));
  let files = 0;
  return {
    name: 'SQLite',
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(rmSync(folder, { recursive: true })),
    make: (settings?: DatabaseOptions) =>
      database(
        sqlite(join(folder, `${++files}.db`), { readers, setup: 'pragma synchronous = off', ...options }),
        settings,
      ),
    async clear(db) {
      // The last one first: it may refer to those before it.
      const tables = await db.query<{ name: string }>(
        "select name from sqlite_master where type = 'table' order by rowid desc",
      );
      await db.script(tables.map(({ name }) => `drop table ${name};`).join('\n'));
    },
    // Counting takes about 100 ns a number.
    lasting: (seconds) =>
      `with recursive c (n) as (select 1 union all select n + 1 from c where n < ${Math.round(seconds * 4_000_000)}) select count(*) as n from c`,
    // SQLite is not interrupted: what was cancelled ends by itself, and whoever writes next waits for that.
    long: 0.75,
    numbers: (upTo) =>
      `with recursive c (n) as (select 1 union all select n + 1 from c where n < ${upTo}) select n from c`,
    key: 'integer primary key',
    bytes: 'blob',
    // SQLite divides by nothing, and says null; the smallest integer has no absolute value.
    division: 'abs(iif(n = 2000, -9223372036854775807 - 1, n))',
    locking: '',
    all: (db, sql) => Array.from({ length: readers }, () => db.query(sql)),
  };
}
