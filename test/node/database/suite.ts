/**
 * What every database keeps to, whatever its driver: the same tests for all of them.
 * Knows: the interface. Does not know: drivers, but for the SQL in which they differ.
 */
import { lastValueFrom, map, Observable, Subject, take, toArray } from 'rxjs';
import { concatMap } from 'ropewalk/operators';
import { Cancelled, deferLater, gatherResults, QueueOverflow, TimedOut, type Deferred } from 'ropewalk';
import {
  ConstraintViolated,
  DatabaseClosed,
  DatabaseError,
  InvalidParameter,
  NoSuchColumn,
  NoSuchTable,
  prepared,
  SqlSyntaxError,
  type Database,
  type DatabaseOptions,
  type Queryable,
  type SlowQuery,
} from 'ropewalk/node';
import { failureOf } from './failureOf.ts';

/** A driver, and where it is tried. */
export interface World {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Another database, without any table. */
  make(options?: DatabaseOptions): Database;
  /** Drops all tables. */
  clear(db: Database): Promise<void>;
  /** A query that takes about so long. */
  lasting(seconds: number): string;
  /** How long one lasts that nobody waits for, in seconds. */
  readonly long: number;
  /** `generate_series(1, n)`, as a table with one column `n`. */
  numbers(upTo: number): string;
  /** The type of a key that counts by itself; of bytes. */
  readonly key: string;
  readonly bytes: string;
  /** An expression over the column `n` that fails for 2,000. */
  readonly division: string;
  /** What makes a query lock the rows it reads, until the transaction ends. */
  readonly locking: string;
  /** Asks every connection that reads this. */
  all(db: Database, sql: string): Deferred<unknown>[];
}

interface Account {
  readonly id: number;
  readonly owner: string;
  readonly balance: number;
}

export function databaseSuite(world: World): void {
  let shared: Database;
  let db: Database;

  /** The one that most tests share, or one with options of its own. */
  const opened = async (options?: DatabaseOptions): Promise<Database> => {
    db = options === undefined ? (shared ??= world.make()) : world.make(options);
    await world.clear(db);
    await db.script(`
      create table accounts (id ${world.key}, owner text not null unique, balance integer not null check (balance >= 0));
      create table notes (account integer not null references accounts (id), body text);
      insert into accounts (owner, balance) values ('ada', 10), ('bob', 20), ('cyd', 30);
    `);
    return db;
  };
  const balances = async (asked: Queryable = db): Promise<number[]> =>
    (await asked.query<Account>('select balance from accounts order by id')).map(({ balance }) => balance);

  beforeAll(() => world.start(), 60_000);
  afterEach(async () => {
    if (db !== shared) await db.close();
  });
  afterAll(async () => {
    await shared?.close();
    await world.stop();
  });

  describe('asking', () => {
    beforeEach(() => opened());

    test('query gives all rows, typed by whoever asks', async () => {
      const rows = await db.query<Account>(
        'select id, owner, balance from accounts where balance > ? order by id',
        [15],
      );
      expect(rows).toEqual([
        { id: 2, owner: 'bob', balance: 20 },
        { id: 3, owner: 'cyd', balance: 30 },
      ]);
      expect(await db.query('select * from accounts where id = ?', [99])).toEqual([]);
    });

    test('it is a Deferred: it chains, and what fails in the chain fails there', async () => {
      const name = db.query<Account>('select owner from accounts where id = ?', [1]).addCallback(([row]) => row.owner);
      expect(await name).toBe('ada');
      const missing = db.query('select * from nowhere').addErrback(NoSuchTable, () => 'migrate');
      expect(await missing).toBe('migrate');
    });

    test('execute tells how many rows it has changed', async () => {
      expect((await db.execute('update accounts set balance = balance + 1 where balance < ?', [25])).changes).toBe(2);
      expect((await db.execute('delete from accounts where id = ?', [99])).changes).toBe(0);
      expect(await balances()).toEqual([11, 21, 30]);
    });

    test('a query that writes, writes', async () => {
      const insert = 'insert into accounts (owner, balance) values (?, 5) returning id, owner';
      expect(await db.query(insert, ['dan'])).toEqual([{ id: 4, owner: 'dan' }]);
      expect(await db.query(insert, ['eve'])).toEqual([{ id: 5, owner: 'eve' }]);
      expect(await balances()).toEqual([10, 20, 30, 5, 5]);
    });

    test('what was written is read by whoever asks next', async () => {
      for (let balance = 0; balance < 50; balance++) {
        await db.execute('update accounts set balance = ? where id = 1', [balance]);
        expect((await balances())[0]).toBe(balance);
      }
    });

    test('values are bound, and never read as SQL', async () => {
      const hostile = "x'; drop table accounts; --";
      await db.execute('insert into accounts (owner, balance) values (?, ?)', [hostile, 0]);
      expect(await db.query('select owner from accounts where owner = ?', [hostile])).toEqual([{ owner: hostile }]);
    });

    test('? is the next value and $1 the first, in every driver; in quotes and comments neither is', async () => {
      const sql = `select owner, '?' as mark from accounts where id = $2 and balance = $1 /* ? */ -- ?`;
      expect(await db.query(sql, [20, 2])).toEqual([{ owner: 'bob', mark: '?' }]);
      expect(await db.query('select id from accounts where balance = ? and owner = ?', [20, 'bob'])).toEqual([
        { id: 2 },
      ]);
    });

    test('integers are numbers, and bigints where a number is not exact', async () => {
      const big = 9_007_199_254_740_993n;
      const cast = (value: string): string => `cast(${value} as bigint)`;
      const [row] = await db.query(
        `select ${cast('?')} as big, ${cast('?')} as small, ${cast('?')} as negative, count(*) as n from accounts`,
        [big, 7, -big],
      );
      expect({ ...row }).toEqual({ big, small: 7, negative: -big, n: 3 });
    });

    test('text, bytes, null and numbers with a fraction come back as they went', async () => {
      await db.script(`create table things (t text, b ${world.bytes}, n integer, r double precision)`);
      const bytes = new Uint8Array([0, 1, 127, 128, 255]);
      await db.execute('insert into things values (?, ?, ?, ?)', ['héllo\n🪢', bytes, null, 0.1]);
      const [row] = await db.query<{ t: string; b: Uint8Array; n: null; r: number }>('select * from things');
      expect({ t: row!.t, n: row!.n, r: row!.r }).toEqual({ t: 'héllo\n🪢', n: null, r: 0.1 });
      expect(row!.b).toBeInstanceOf(Uint8Array);
      expect([...row!.b]).toEqual([...bytes]);
    });

    test('script runs several statements', async () => {
      await db.script(`create table a (x integer); create table b (x integer); insert into b values (1)`);
      expect(await db.query('select x from b')).toEqual([{ x: 1 }]);
    });

    test('a prepared statement is typed where it is written, and asked as often as you like', async () => {
      const byId = prepared<{ readonly owner: string }>('select owner from accounts where id = ?');
      const names: string[] = [];
      for (const id of [1, 2, 3]) names.push((await db.query(byId, [id]))[0]!.owner);
      expect(names).toEqual(['ada', 'bob', 'cyd']);
      expect(await db.transaction((tx) => tx.query(byId, [1]))).toEqual([{ owner: 'ada' }]);
      expect(await lastValueFrom(db.rows(byId, [2]).pipe(toArray()))).toEqual([{ owner: 'bob' }]);
    });

    test('many are asked at once, and each has its own answer', async () => {
      const asked = Array.from({ length: 200 }, (_, n) =>
        db.query<{ n: number }>('select cast(? as bigint) as n', [n]),
      );
      const answers = await gatherResults(asked);
      expect(answers.map(([row]) => row!.n)).toEqual(asked.map((_, n) => n));
    });
  });

  describe('errors', () => {
    beforeEach(() => opened());

    test.each([
      ['a table that is not there', NoSuchTable, 'select * from nowhere', []],
      ['a column that is not there', NoSuchColumn, 'select absent from accounts', []],
      ['what is no SQL', SqlSyntaxError, 'selec 1', []],
      ['no statement at all', SqlSyntaxError, ' -- nothing', []],
      ['more than one statement', SqlSyntaxError, 'select 1; select 2', []],
      ['too few values', InvalidParameter, 'select * from accounts where id = ?', []],
      ['too many values', InvalidParameter, 'select * from accounts where id = ?', [1, 2]],
      ['a value that is undefined', InvalidParameter, 'select * from accounts where id = ?', [undefined as never]],
    ])('%s', async (_, type, sql, params) => {
      const rows = (): Promise<unknown> => lastValueFrom(db.rows(sql, params));
      for (const ask of [() => db.query(sql, params), () => db.execute(sql, params), rows]) {
        const error = await failureOf(ask());
        expect(error).toBeInstanceOf(type);
        expect(error).toBeInstanceOf(DatabaseError);
        expect(error.name).toBe(type.name);
        expect((error as DatabaseError).sql).toBe(sql);
      }
      // And the connection goes on.
      expect(await balances()).toEqual([10, 20, 30]);
    });

    test.each([
      ['unique', 'insert into accounts (owner, balance) values (?, 1)', 'ada'],
      ['not null', 'insert into accounts (owner, balance) values (?, 1)', null],
      ['check', 'update accounts set balance = -1 where owner = ?', 'ada'],
      ['foreign key', 'insert into notes (account, body) values (99, ?)', 'lost'],
    ])('a constraint: %s', async (kind, sql, value) => {
      const error = (await failureOf(db.execute(sql, [value]))) as ConstraintViolated;
      expect(error).toBeInstanceOf(ConstraintViolated);
      expect(error.kind).toBe(kind);
      expect(error.code).toEqual(expect.any(String));
      expect(error.cause).toBeInstanceOf(Error);
      expect(await balances()).toEqual([10, 20, 30]);
    });

    test('the message names the statement, and no value of it', async () => {
      const error = await failureOf(db.execute('insert into accounts (owner, balance) values (?, 1)', ['ada']));
      expect(error.message).toContain('insert into accounts');
      expect(String(error)).not.toContain("'ada'");
    });
  });

  describe('rows', () => {
    beforeEach(() => opened());

    test('come one by one, in order, then the end', async () => {
      const seen = await lastValueFrom(
        db.rows<{ n: number }>(world.numbers(5_000)).pipe(
          map(({ n }) => n),
          toArray(),
        ),
      );
      expect(seen).toEqual(Array.from({ length: 5_000 }, (_, at) => at + 1));
    });

    test('none at all is an end, too', async () => {
      expect(await lastValueFrom(db.rows('select * from accounts where id = 99').pipe(toArray()))).toEqual([]);
    });

    test('are cold: each subscriber asks anew', async () => {
      const rows = db.rows<Account>('select balance from accounts where id = 1');
      expect(await lastValueFrom(rows)).toEqual({ balance: 10 });
      await db.execute('update accounts set balance = 11 where id = 1');
      expect(await lastValueFrom(rows)).toEqual({ balance: 11 });
    });

    test('leaving closes the cursor: the connection serves the next one', async () => {
      for (let round = 0; round < 30; round++)
        expect(await lastValueFrom(db.rows(world.numbers(1_000_000)).pipe(take(3), toArray()))).toHaveLength(3);
      expect(await balances()).toEqual([10, 20, 30]);
    });

    test('a slow consumer holds them: no more are fetched than it takes', async () => {
      let delivered = 0;
      const done = new Subject<void>();
      const work: Observable<unknown>[] = [];
      const subscription = db
        .rows(world.numbers(100_000))
        .pipe(
          map((row) => {
            delivered++;
            return row;
          }),
          concatMap((row) => {
            const free = new Subject<unknown>();
            work.push(free);
            if (work.length === 10) done.next();
            setImmediate(() => {
              free.next(row);
              if (work.length < 10) free.complete();
            });
            return free;
          }),
        )
        .subscribe();
      await new Promise<void>((resolve) => done.subscribe(resolve));
      // The tenth is not done: one more waits, and whatever was fetched stays where it is.
      await deferLater(50);
      expect(delivered).toBeLessThanOrEqual(11);
      subscription.unsubscribe();
      expect(await balances()).toEqual([10, 20, 30]);
    });

    test('every row arrives, however often they are held', async () => {
      const sum = await lastValueFrom(
        db.rows<{ n: number }>(world.numbers(3_000)).pipe(
          concatMap(({ n }) => (n % 100 === 0 ? deferLater(0, () => n) : [n])),
          toArray(),
        ),
      );
      expect(sum).toEqual(Array.from({ length: 3_000 }, (_, at) => at + 1));
    });

    test('a statement that writes and returns rows is committed at its end, and undone by whoever leaves before', async () => {
      const sql =
        'insert into notes (account, body) select 1, cast(n as text) from (' +
        world.numbers(2_000) +
        ') s returning body';
      await lastValueFrom(db.rows(sql).pipe(take(1)));
      expect(await db.query('select count(*) as n from notes')).toEqual([{ n: 0 }]);
      expect(await lastValueFrom(db.rows(sql).pipe(toArray()))).toHaveLength(2_000);
      expect(await db.query('select count(*) as n from notes')).toEqual([{ n: 2_000 }]);
    });

    test('one that fails in the middle is an error there', async () => {
      const rows = db.rows<{ q: number }>(`select ${world.division} as q from (${world.numbers(3_000)}) s`);
      const seen: number[] = [];
      const error = await failureOf(lastValueFrom(rows.pipe(map(({ q }) => seen.push(q)))));
      expect(error).toBeInstanceOf(DatabaseError);
      expect(seen.length).toBeLessThan(3_000);
      expect(await balances()).toEqual([10, 20, 30]);
    });
  });

  describe('transactions', () => {
    beforeEach(() => opened());

    const move = (tx: Queryable, amount: number): Deferred<unknown> =>
      tx
        .execute('update accounts set balance = balance - ? where id = 1', [amount])
        .addCallback(() => tx.execute('update accounts set balance = balance + ? where id = 2', [amount]));

    test('a generator: committed when it returns, and its value is the result', async () => {
      const left = await db.transaction(function* (tx) {
        const [from] = yield tx.query<Account>('select balance from accounts where id = ?', [1]);
        yield move(tx, 4);
        return from.balance - 4;
      });
      expect(left).toBe(6);
      expect(await balances()).toEqual([6, 24, 30]);
    });

    test('an async function', async () => {
      const left = await db.transaction(async (tx) => {
        const [from] = await tx.query<Account>('select balance from accounts where id = ?', [1]);
        await move(tx, 4);
        return from!.balance - 4;
      });
      expect(left).toBe(6);
      expect(await balances()).toEqual([6, 24, 30]);
    });

    test('a function that returns a Deferred', async () => {
      await db.transaction((tx) => move(tx, 1));
      expect(await balances()).toEqual([9, 21, 30]);
    });

    test('rolled back when it throws, and the error is told', async () => {
      const work = db.transaction(function* (tx) {
        yield move(tx, 4);
        throw new Error('not enough');
      });
      expect((await failureOf(work)).message).toBe('not enough');
      expect(await balances()).toEqual([10, 20, 30]);
    });

    test('rolled back when a statement fails', async () => {
      const error = await failureOf(db.transaction((tx) => move(tx, 4).addCallback(() => move(tx, 40))));
      expect(error).toBeInstanceOf(ConstraintViolated);
      expect(await balances()).toEqual([10, 20, 30]);
    });

    test('it sees what it has done, and nobody else does before its end', async () => {
      await db.transaction(async (tx) => {
        await move(tx, 4);
        expect(await balances(tx)).toEqual([6, 24, 30]);
        expect(await balances()).toEqual([10, 20, 30]);
      });
    });

    test('rolled back when it is cancelled: at a statement', async () => {
      const started = new Subject<void>();
      const work = db.transaction(function* (tx) {
        yield move(tx, 4);
        started.next();
        yield tx.query(world.lasting(world.long));
      });
      started.subscribe(() => setImmediate(() => work.cancel()));
      expect(await failureOf(work)).toBeInstanceOf(Cancelled);
      expect(await balances()).toEqual([10, 20, 30]);
      await db.transaction((tx) => move(tx, 1));
      expect(await balances()).toEqual([9, 21, 30]);
    });

    test('rolled back when it is cancelled: while it waits for something else, and even if the work will not hear of it', async () => {
      const refusals: unknown[] = [];
      const started = new Subject<void>();
      const work = db.transaction(function* (tx) {
        yield move(tx, 4);
        started.next();
        try {
          yield deferLater(1e8);
        } catch (error) {
          refusals.push(error);
        }
        try {
          yield move(tx, 1);
        } catch (error) {
          refusals.push(error);
        }
        return 'done all the same';
      });
      started.subscribe(() => setImmediate(() => work.cancel()));
      expect(await failureOf(work)).toBeInstanceOf(Cancelled);
      expect(await balances()).toEqual([10, 20, 30]);
      expect(refusals.map(String)).toEqual([
        expect.stringContaining('Cancelled'),
        expect.stringContaining('the transaction is over'),
      ]);
    });

    test('after its end it takes no more questions', async () => {
      let kept: Queryable | undefined;
      await db.transaction((tx) => {
        kept = tx;
        return move(tx, 1);
      });
      expect(await failureOf(kept!.query('select 1'))).toBeInstanceOf(DatabaseClosed);
      expect(await failureOf(lastValueFrom(kept!.rows('select 1')))).toBeInstanceOf(DatabaseClosed);
    });

    test('nested ones are savepoints: one that fails undoes itself alone', async () => {
      await db.transaction(function* (tx) {
        yield move(tx, 1);
        yield tx
          .transaction(function* (inner) {
            yield move(inner, 2);
            yield inner.transaction((third) => move(third, 3));
            throw new Error('no');
          })
          .addErrback(() => 'undone');
        yield tx.transaction((inner) => move(inner, 4));
      });
      expect(await balances()).toEqual([5, 25, 30]);
    });

    test('while a nested one is open, the outer one says so', async () => {
      const error = await failureOf(
        db.transaction((tx) => tx.transaction((inner) => move(inner, 1).addCallback(() => move(tx, 1)))),
      );
      expect(error.message).toContain('ask that one');
      expect(await balances()).toEqual([10, 20, 30]);
    });

    test('statements may come between the rows of a cursor in it', async () => {
      await db.transaction((tx) =>
        tx
          .rows<{ n: number }>(world.numbers(300))
          .pipe(concatMap(({ n }) => tx.execute('insert into notes (account, body) values (1, ?)', [String(n)]))),
      );
      expect(await db.query('select count(*) as n from notes')).toEqual([{ n: 300 }]);
    });

    test('rows of a transaction that ends end with an error', async () => {
      let rows: Observable<unknown> | undefined;
      const seen: unknown[] = [];
      const reading = new Promise((resolve) => {
        void db
          .transaction((tx) => {
            rows = tx.rows(world.numbers(100_000)).pipe(concatMap((row) => deferLater(1, () => seen.push(row))));
            rows.subscribe({ error: resolve });
            return deferLater(20);
          })
          .subscribe();
      });
      expect(await reading).toBeInstanceOf(DatabaseClosed);
      expect(seen.length).toBeLessThan(100_000);
    });

    test('one that only reads is refused what writes', async () => {
      const error = await failureOf(db.transaction((tx) => move(tx, 1), { readOnly: true }));
      expect(error.name).toBe('DatabaseReadOnly');
      expect(await db.transaction((tx) => balances(tx), { readOnly: true })).toEqual([10, 20, 30]);
    });

    test('those that write one row after each other lose nothing', async () => {
      const add = () =>
        db.transaction(function* (tx) {
          const [row] = yield tx.query('select balance from accounts where id = 1' + world.locking);
          yield tx.execute('update accounts set balance = ? where id = 1', [row.balance + 1]);
        });
      await gatherResults(Array.from({ length: 40 }, add));
      expect((await balances())[0]).toBe(50);
    });
  });

  describe('limits', () => {
    test('a query that is cancelled stops, and its connection serves the next one', async () => {
      await opened();
      const asked = db.query(world.lasting(world.long));
      await deferLater(100);
      asked.cancel();
      expect(await failureOf(asked)).toBeInstanceOf(Cancelled);
      expect(await balances()).toEqual([10, 20, 30]);
    });

    test('one that waits for its connection is cancelled there', async () => {
      await opened({});
      const busy = world.all(db, world.lasting(world.long));
      const waiting = db.query('select 1');
      waiting.cancel();
      expect(await failureOf(waiting)).toBeInstanceOf(Cancelled);
      for (const asked of busy) asked.markHandled().cancel();
    });

    test('a timeout stops it and says so: one statement, or all', async () => {
      await opened({ timeout: 10_000 });
      expect(await failureOf(db.query(world.lasting(world.long), [], { timeout: 50 }))).toBeInstanceOf(TimedOut);
      expect(await failureOf(lastValueFrom(db.rows(world.lasting(world.long), [], { timeout: 50 })))).toBeInstanceOf(
        TimedOut,
      );
      expect(await balances()).toEqual([10, 20, 30]);
    });

    test('so many may wait and no more', async () => {
      await opened({ waiting: 2 });
      const busy = world.all(db, world.lasting(world.long));
      const waiting = [db.query('select 1 as x'), db.query('select 2 as x')];
      expect(await failureOf(db.query('select 3 as x'))).toBeInstanceOf(QueueOverflow);
      for (const asked of busy) asked.markHandled().cancel();
      expect(await gatherResults(waiting)).toEqual([[{ x: 1 }], [{ x: 2 }]]);
    });

    test('slow$ tells what took long, without its values', async () => {
      await opened({ slow: 50 });
      const told: SlowQuery[] = [];
      db.slow$.subscribe((slow) => told.push(slow));
      const [slow, stopped] = [world.lasting(0.5), world.lasting(world.long)];
      await db.query(slow);
      await failureOf(db.query(stopped, [], { timeout: 100 }));
      expect(told).toContainEqual({ sql: slow, ms: expect.any(Number), waited: expect.any(Number) });
      expect(told).toContainEqual(expect.objectContaining({ sql: stopped, error: expect.any(TimedOut) }));
      for (const { ms, waited } of told) expect(ms).toBeGreaterThanOrEqual(Math.max(50, waited));
    });

    test('slow$ tells nothing of what is quick', async () => {
      await opened({ slow: 1e6 });
      const told: SlowQuery[] = [];
      db.slow$.subscribe((slow) => told.push(slow));
      await balances();
      expect(told).toEqual([]);
    });
  });

  describe('close', () => {
    test('answers what was asked, then takes no more', async () => {
      await opened({});
      const asked = Array.from({ length: 50 }, (_, n) => db.query<{ n: number }>('select cast(? as bigint) as n', [n]));
      const closed = db.close();
      expect(await failureOf(db.query('select 1'))).toBeInstanceOf(DatabaseClosed);
      expect((await gatherResults(asked)).map(([row]) => row!.n)).toEqual(asked.map((_, n) => n));
      await closed;
      await db.close();
    });

    test('lets a transaction come to its end', async () => {
      await opened({});
      const work = db.transaction(function* (tx) {
        yield tx.execute('update accounts set balance = 0');
        yield deferLater(20);
        return (yield tx.query('select sum(balance) as sum from accounts')) as { sum: number }[];
      });
      await deferLater(10);
      await db.close();
      expect(await work).toEqual([{ sum: 0 }]);
    });

    test('cancelling it waits for nobody', async () => {
      await opened({});
      const asked = db.query(world.lasting(world.long));
      await deferLater(50);
      const closing = db.close();
      closing.markHandled().cancel();
      expect(await failureOf(asked)).toBeInstanceOf(DatabaseError);
      await db.close();
    });
  });
}
