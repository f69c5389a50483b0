/** What SQLite alone does: files, locks, one writer, and steps that nobody can interrupt. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, take } from 'rxjs';
import { Cancelled, deferLater, gatherResults } from 'ropewalk';
import {
  database,
  DatabaseBusy,
  DatabaseReadOnly,
  DatabaseUnavailable,
  DriverMissing,
  InvalidParameter,
  prepared,
  sqlite,
  type Database,
  type DatabaseOptions,
  type SqliteOptions,
} from 'ropewalk/node';
import { failureOf } from './failureOf.ts';

jest.setTimeout(30_000);

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-sqlite-'));
const open: Database[] = [];
let files = 0;
const newFile = (): string => join(folder, `${++files}.db`);
const opened = (file = newFile(), settings?: SqliteOptions, options?: DatabaseOptions): Database => {
  const db = database(sqlite(file, settings), options);
  open.push(db);
  return db;
};
const counting = (upTo: number): string =>
  `with recursive c (n) as (select 1 union all select n + 1 from c where n < ${upTo})`;

afterEach(async () => {
  for (const db of open.splice(0)) await db.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('files', () => {
  test('a file that is there keeps what was written', async () => {
    const file = newFile();
    const db = opened(file);
    await db.script('create table t (x); insert into t values (1)');
    await db.close();
    expect(await opened(file).query('select x from t')).toEqual([{ x: 1 }]);
  });

  test.each([
    ['in a folder that is not there', () => join(folder, 'nowhere', 'a.db')],
    ['that is no database', () => (writeFileSync(join(folder, 'text'), 'x'.repeat(5_000)), join(folder, 'text'))],
  ])('one %s', async (_, file) => {
    const db = opened(file());
    for (const ask of [() => db.execute('create table t (x)'), () => db.query('select * from sqlite_master')]) {
      const error = (await failureOf(ask())) as DatabaseUnavailable;
      expect(error.name).toBe(error.code === 'SQLITE_NOTADB' ? error.name : 'DatabaseUnavailable');
      expect(error.code).toMatch(/^SQLITE_(CANTOPEN|NOTADB)$/);
    }
  });

  test('one that is only read: what writes is refused, and it is not made', async () => {
    const file = newFile();
    expect(await failureOf(opened(file, { readOnly: true }).query('select 1'))).toBeInstanceOf(DatabaseUnavailable);
    await opened(file).script('create table t (x)');
    const db = opened(file, { readOnly: true });
    expect(await failureOf(db.execute('insert into t values (1)'))).toBeInstanceOf(DatabaseReadOnly);
    expect(await failureOf(db.query('insert into t values (1) returning x'))).toBeInstanceOf(DatabaseReadOnly);
    expect(await db.query('select * from t')).toEqual([]);
  });

  test('a lock that another program has is waited for, and then told of', async () => {
    const file = newFile();
    const one = opened(file);
    await one.script('create table t (x)');
    const other = opened(file, { busyTimeout: 20 });
    await one.transaction(async (tx) => {
      await tx.execute('insert into t values (1)');
      const error = (await failureOf(other.execute('insert into t values (2)'))) as DatabaseBusy;
      expect(error).toBeInstanceOf(DatabaseBusy);
      expect(error.code).toBe('SQLITE_BUSY');
    });
    await other.execute('insert into t values (3)');
    expect(await one.query('select x from t')).toEqual([{ x: 1 }, { x: 3 }]);
  });

  test('setup is told to each connection', async () => {
    const db = opened(newFile(), { setup: 'pragma cache_size = -4321;' });
    expect(await db.query('pragma cache_size')).toEqual([{ cache_size: -4321 }]);
    expect(await db.transaction((tx) => tx.query('pragma cache_size'))).toEqual([{ cache_size: -4321 }]);
  });
});

describe('in memory', () => {
  test('one connection for all, which is never given up: the database would be gone with it', async () => {
    const db = opened(':memory:', { grace: 1 });
    await db.script('create table t (x); insert into t values (1)');
    const asked = db.query(`${counting(2_000_000)} select count(*) from c`);
    await deferLater(20);
    asked.cancel();
    expect(await failureOf(asked)).toBeInstanceOf(Cancelled);
    expect(await db.query('select x from t')).toEqual([{ x: 1 }]);
  });
});

describe('values', () => {
  test('whole numbers are bound as integers, others as they are', async () => {
    const db = opened(':memory:');
    const [row] = await db.query('select typeof(?) a, typeof(?) b, typeof(?) c, ? / 2 as half', [1, 1.5, 2n ** 62n, 3]);
    expect(row).toEqual({ a: 'integer', b: 'real', c: 'integer', half: 1 });
  });

  test('truth is 1 and 0, time is text that SQLite understands', async () => {
    const db = opened(':memory:');
    const when = new Date('2026-11-29T12:00:00.500Z');
    const [row] = await db.query("select ? as yes, ? as no, ? as at, strftime('%Y', ?) as year", [
      true,
      false,
      when,
      when,
    ]);
    expect(row).toEqual({ yes: 1, no: 0, at: '2026-11-29T12:00:00.500Z', year: '2026' });
  });

  test.each([
    ['an object', { a: 1 }],
    ['a list', [1, 2]],
    ['NaN', NaN],
    ['an integer of more than 64 bits', 2n ** 63n],
    ['no date', new Date(NaN)],
  ])('%s is refused', async (_, value) => {
    const db = opened(':memory:');
    expect(await failureOf(db.query('select ?', [value]))).toBeInstanceOf(InvalidParameter);
    expect(await failureOf(lastValueFrom(db.rows('select ?', [value])))).toBeInstanceOf(InvalidParameter);
  });

  test('execute tells the key of the row that was inserted, and of nothing else', async () => {
    const db = opened();
    await db.script('create table t (id integer primary key, x)');
    expect(await db.execute('insert into t (x) values (?), (?)', ['a', 'b'])).toEqual({ changes: 2, lastId: 2 });
    expect(await db.execute('update t set x = 1')).toEqual({ changes: 2 });
    expect(await db.execute('create table u (x)')).toEqual({ changes: 0 });
    expect(await db.execute('select 1')).toEqual({ changes: 0 });
    expect(await db.execute('pragma user_version = 3')).toEqual({ changes: 0 });
    expect(await db.execute('vacuum')).toEqual({ changes: 0 });
    expect(await db.execute('insert into t (id, x) values (9, 9) returning x')).toEqual({ changes: 1, lastId: 9 });
  });

  test('a prepared statement has the columns that the table has now', async () => {
    const db = opened();
    await db.script('create table t (a); insert into t values (1)');
    const all = prepared('select * from t');
    expect(await db.query(all)).toEqual([{ a: 1 }]);
    await db.script('alter table t add column b default 2');
    expect(await db.query(all)).toEqual([{ a: 1, b: 2 }]);
  });
});

describe('what nobody can interrupt', () => {
  const long = `insert into t ${counting(3_000_000)} select n from c`;

  test('a change that was cancelled is undone when its step ends, and whoever writes next waits for that', async () => {
    const db = opened(newFile(), { grace: 10 });
    await db.script('create table t (x)');
    const asked = db.execute(long);
    await deferLater(100);
    asked.cancel();
    expect(await failureOf(asked)).toBeInstanceOf(Cancelled);
    expect(await db.query('select count(*) as n from t')).toEqual([{ n: 0 }]);
    await db.execute('insert into t values (1)');
    expect(await db.query('select x from t')).toEqual([{ x: 1 }]);
  });

  test('the same for one that a query asks, a cursor, and a statement of a transaction', async () => {
    const db = opened(newFile(), { grace: 10 });
    await db.script('create table t (x)');
    for (const ask of [
      () => db.query(`${long} returning x`),
      () => db.transaction((tx) => tx.execute(long)),
      () => db.transaction((tx) => tx.execute('insert into t values (1)').addCallback(() => tx.execute(long))),
    ]) {
      const asked = ask();
      await deferLater(150);
      asked.cancel();
      expect(await failureOf(asked)).toBeInstanceOf(Cancelled);
    }
    const subscription = db.rows(`${long} returning x`).subscribe();
    await deferLater(150);
    subscription.unsubscribe();
    await db.execute('create table u (x)');
    expect(await db.query('select count(*) as n from t')).toEqual([{ n: 0 }]);
  });

  test('readers that were given up are replaced, but never more than there may be', async () => {
    const db = opened(newFile(), { readers: 1, grace: 1 });
    await db.script('create table t (x)');
    const slow = `${counting(3_000_000)} select count(*) from c`;
    const asked = Array.from({ length: 4 }, () => db.query(slow, [], { timeout: 30 }));
    const errors = await gatherResults(asked.map((one) => one.addErrback((error) => error)));
    expect(errors.map((error) => (error as Error).name)).toEqual(asked.map(() => 'TimedOut'));
    expect(await db.query('select count(*) as n from t')).toEqual([{ n: 0 }]);
  });

  test('a cursor stops between two rows', async () => {
    const db = opened(newFile(), { readers: 1 });
    const nothing = lastValueFrom(db.rows(`${counting(1e9)} select n from c where n % 1000 = 0`).pipe(take(5)));
    expect(await nothing).toEqual({ n: 5_000 });
    expect(await db.query('select 1 as x')).toEqual([{ x: 1 }]);
  });

  test('whoever left a cursor sees what is written later', async () => {
    const db = opened(newFile(), { readers: 1 });
    await db.script(`create table t (x); insert into t ${counting(5_000)} select n from c`);
    await lastValueFrom(db.rows('select x from t').pipe(take(1)));
    await db.execute('insert into t values (1)');
    expect(await db.query('select count(*) as n from t')).toEqual([{ n: 5_001 }]);
  });
});

describe('the package', () => {
  const program = (lines: string): string =>
    execFileSync('npx', ['ts-node', '-e', lines], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  test('without one, the error tells how to install it', () => {
    const output = program(`
      const modules = require('node:module');
      const resolve = modules._resolveFilename;
      modules._resolveFilename = function (name, ...rest) {
        if (name === 'libsql') throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
        return resolve.call(this, name, ...rest);
      };
      const { database, sqlite, DriverMissing } = require('./src/node/index.ts');
      database(sqlite(':memory:', { engine: 'libsql' })).query('select 1').addErrback(DriverMissing, (error) => console.log(error.message));
    `);
    expect(output).toContain('npm install libsql');
  });

  test('node:sqlite is not there before Node 22.16', async () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const asked = opened(':memory:', { engine: 'node:sqlite' }).query('select 1 as x');
    if (major > 22 || (major === 22 && minor >= 16)) expect(await asked).toEqual([{ x: 1 }]);
    else expect(await failureOf(asked)).toBeInstanceOf(DriverMissing);
  });

  test('a program that has asked, and does nothing else, ends, and says nothing else', () => {
    const file = JSON.stringify(newFile());
    const output = program(`
      const { database, sqlite } = require('./src/node/index.ts');
      database(sqlite(${file})).query('select 6 * 7 as x').addCallback(([row]) => console.log(row.x));
    `);
    expect(output).toBe('42\n');
  });
});
