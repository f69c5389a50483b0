/** What PostgreSQL alone does: sessions that die, notifications, isolation, its error codes. */
import { execFileSync } from 'node:child_process';
import { lastValueFrom, Subject, take, toArray } from 'rxjs';
import { deferLater, gatherResults } from 'ropewalk';
import { concatMap } from 'ropewalk/operators';
import {
  database,
  DatabaseBusy,
  DatabaseConnectionLost,
  DatabaseUnavailable,
  postgres,
  TransactionFailed,
  type Database,
  type DatabaseOptions,
  type Notification,
  type NotifyingDriver,
  type PostgresOptions,
} from 'ropewalk/node';
import { withPeers } from '../../peers.ts';
import { failureOf } from './failureOf.ts';
import { PostgresServer } from './postgresServer.ts';

withPeers('postgres')('PostgreSQL', () => {
  const server = new PostgresServer();
  const open: Database<NotifyingDriver>[] = [];
  const opened = (options?: DatabaseOptions, settings?: PostgresOptions): Database<NotifyingDriver> => {
    const db = database(postgres(server.url, { connections: 3, ...settings }), options);
    open.push(db);
    return db;
  };
  const pid = async (db: Pick<Database, 'query'>): Promise<number> => {
    const [row] = await db.query<{ pid: number }>('select pg_backend_pid() as pid');
    return row!.pid;
  };

  beforeAll(() => server.start(), 60_000);
  beforeEach(() => opened().script('drop schema public cascade; create schema public; create table t (x integer)'));
  afterEach(async () => {
    for (const db of open.splice(0)) await db.close();
  });
  afterAll(() => server.stop());

  test('kill -9 of the backend in mid-transaction: a typed error, nothing committed, and recovery', async () => {
    const db = opened();
    const bystander = opened();
    await bystander.query('select 1');
    const work = db.transaction(async (tx) => {
      await tx.execute('insert into t values (1)');
      process.kill(await pid(tx), 'SIGKILL');
      await tx.execute('insert into t values (2)');
    });
    const error = (await failureOf(work)) as DatabaseConnectionLost;
    expect(error).toBeInstanceOf(DatabaseConnectionLost);
    expect(error.sql === undefined || error.sql === 'insert into t values (2)').toBe(true);
    // The server now ends every other session, too, and recovers; meanwhile it takes nobody in.
    expect(await db.query('select x from t')).toEqual([]);
    expect(await bystander.query('select count(*) as n from t')).toEqual([{ n: 0 }]);
    await db.transaction((tx) => tx.execute('insert into t values (3)'));
    expect(await bystander.query('select x from t')).toEqual([{ x: 3 }]);
  }, 30_000);

  test('a session that is ended by hand fails what it does, and is replaced', async () => {
    const db = opened({}, { connections: 1 });
    const victim = await pid(db);
    const asked = db.query('select pg_sleep(20)');
    await deferLater(50);
    await opened().query('select pg_terminate_backend(?)', [victim]);
    const error = (await failureOf(asked)) as DatabaseConnectionLost;
    expect(error).toBeInstanceOf(DatabaseConnectionLost);
    expect(error.code).toBe('57P01');
    expect(await pid(db)).not.toBe(victim);
  });

  test('a session that is ended while nobody uses it is replaced, and nobody notices', async () => {
    const db = opened({}, { connections: 1 });
    const victim = await pid(db);
    await opened().query('select pg_terminate_backend(?)', [victim]);
    await deferLater(20);
    expect(await pid(db)).not.toBe(victim);
  });

  test('a connection that was idle for long is asked first whether it is still there', async () => {
    const asked: string[] = [];
    const db = opened({ healthAfter: 0, healthQuery: 'select 1 / 0', slow: 0 }, { connections: 1 });
    db.slow$.subscribe(({ sql }) => asked.push(sql));
    // It never is well, so each question has a new one; those who ask see nothing of it.
    const seen = [await pid(db), await pid(db), await pid(db)];
    expect(new Set(seen).size).toBe(3);
    expect(asked).toEqual(Array.from({ length: 3 }, () => 'select pg_backend_pid() as pid'));
  });

  test('a running statement is stopped at the server when it is cancelled', async () => {
    const db = opened();
    const asked = db.query('select pg_sleep(20)');
    await deferLater(50);
    asked.markHandled().cancel();
    await db.query('select 1');
    const running = () =>
      db.query("select 1 as x from pg_stat_activity where query = 'select pg_sleep(20)' and state = 'active'");
    for (let rows = await running(); rows.length > 0; rows = await running()) await deferLater(5);
  });

  test('a cancel never meets the next statement of its connection', async () => {
    const db = opened({}, { connections: 1 });
    for (let round = 0; round < 60; round++) {
      const asked = db.query(`select pg_sleep(${(round % 6) / 1000})`);
      const next = db.query<{ n: number }>('select cast(? as integer) as n from pg_sleep(0.002)', [round]);
      await deferLater(round % 4);
      asked.markHandled().cancel();
      expect(await next).toEqual([{ n: round }]);
    }
  });

  test('a commit after a statement that failed is told for what it is: a rollback', async () => {
    const db = opened();
    const work = db.transaction(async (tx) => {
      await tx.execute('insert into t values (1)');
      await tx.query('select * from nowhere').addErrback(() => 'never mind');
    });
    expect(await failureOf(work)).toBeInstanceOf(TransactionFailed);
    expect(await db.query('select * from t')).toEqual([]);
  });

  test("serializable transactions that get in each other's way: one is told that it may try again", async () => {
    const db = opened();
    await db.execute('insert into t values (1)');
    const both = new Subject<void>();
    let ready = 0;
    const add = () =>
      db.transaction(
        function* (tx) {
          const [row] = yield tx.query('select sum(x) as sum from t');
          const met = new Promise<void>((resolve) => both.subscribe(() => resolve()));
          if (++ready === 2) setImmediate(() => both.next());
          yield met;
          yield tx.execute('insert into t values (?)', [Number(row.sum)]);
        },
        { isolation: 'serializable' },
      );
    const results = await gatherResults([failureOf(add()).catch(() => 'done'), failureOf(add()).catch(() => 'done')]);
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect(results.find((result) => result !== 'done')).toBeInstanceOf(DatabaseBusy);
  });

  test.each([
    ['nobody answers', () => 'postgres://localhost/x?host=/nowhere', 'absent', 'ENOENT'],
    ['no such database', (url: string) => url.replace('/postgres?', '/nowhere?'), 'refused', '3D000'],
    ['no such user', (url: string) => url.replace('tester@', 'nobody@'), 'refused', '28000'],
  ])('it cannot be opened: %s', async (_, at, state, code) => {
    const db = database(postgres(at(server.url)));
    const error = (await failureOf(db.query('select 1'))) as DatabaseUnavailable;
    expect(error).toBeInstanceOf(DatabaseUnavailable);
    expect({ state: error.state, code: error.code }).toEqual({ state, code });
    await db.close();
  });

  test('lists, objects, truth and time are what pg makes of them', async () => {
    const db = opened();
    const when = new Date('2026-11-29T12:00:00.000Z');
    const sql =
      'select ?::int[] as list, ?::jsonb as object, ?::boolean as truth, ?::timestamptz as time, ?::numeric as exact';
    const [row] = await db.query(sql, [[1, 2], { a: [1] }, true, when, '0.10']);
    expect(row).toEqual({ list: [1, 2], object: { a: [1] }, truth: true, time: when, exact: '0.10' });
    expect(await lastValueFrom(db.rows(sql, [[1, 2], { a: [1] }, true, when, '0.10']))).toEqual(row);
  });

  test('the question mark is an operator where it is doubled, or beside $1', async () => {
    const db = opened();
    expect(await db.query(`select '{"a":1}'::jsonb ?? ? as has`, ['a'])).toEqual([{ has: true }]);
    expect(await db.query(`select '{"a":1}'::jsonb ? $1 as has`, ['b'])).toEqual([{ has: false }]);
  });

  test('a batch of long rows is short: 200 MB of rows are never here at once', async () => {
    const db = opened();
    let most = 0;
    let seen = 0;
    const before = process.memoryUsage().rss;
    await lastValueFrom(
      db.rows<{ long: string }>(`select repeat('x', 400000) as long from generate_series(1, 500)`).pipe(
        concatMap(({ long }) => {
          seen += long.length;
          most = Math.max(most, process.memoryUsage().rss - before);
          return deferLater(0);
        }),
      ),
    );
    expect(seen).toBe(200_000_000);
    expect(most).toBeLessThan(100_000_000);
  });

  describe('notifications', () => {
    /** Subscribes, and waits until nothing more is missed. */
    const heard = async (db: Database<NotifyingDriver>, channel: string, count: number) => {
      const listening = new Subject<void>();
      const began = new Promise<void>((resolve) => listening.subscribe(resolve));
      const all = lastValueFrom(db.notifications(channel, () => listening.next()).pipe(take(count), toArray()));
      await began;
      return { all: all as Promise<Notification[]> };
    };

    test('what another session tells is heard, on its channel alone', async () => {
      const db = opened();
      const orders = await heard(db, 'orders', 2);
      const odd = await heard(db, 'Odd "channel"', 1);
      await db.execute("select pg_notify('orders', 'one')");
      await db.execute(`select pg_notify('Odd "channel"', ?)`, ['odd']);
      await db.transaction((tx) => tx.execute("select pg_notify('orders', 'two')"));
      expect((await orders.all).map(({ channel, payload }) => [channel, payload])).toEqual([
        ['orders', 'one'],
        ['orders', 'two'],
      ]);
      expect((await odd.all)[0]).toEqual({ channel: 'Odd "channel"', payload: 'odd', processId: expect.any(Number) });
    });

    test('when nobody listens any more, the connection ends; later it is made anew', async () => {
      const db = opened();
      const listeners = () =>
        db.query("select 1 as x from pg_stat_activity where query like 'listen%' or query like 'unlisten%'");
      for (let round = 0; round < 2; round++) {
        const one = await heard(db, 'orders', 1);
        expect(await listeners()).toHaveLength(1);
        await db.execute("select pg_notify('orders', '')");
        await one.all;
        for (let rows = await listeners(); rows.length > 0; rows = await listeners()) await deferLater(5);
      }
    });

    test('a lost connection is an error, and whoever comes back hears again', async () => {
      const db = opened();
      const orders = await heard(db, 'orders', 1);
      const lost = failureOf(orders.all);
      await db.query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'");
      expect(await lost).toBeInstanceOf(DatabaseConnectionLost);
      const again = await heard(db, 'orders', 1);
      await db.execute("select pg_notify('orders', 'back')");
      expect((await again.all)[0]!.payload).toBe('back');
    });

    test('they are held with whoever is full: the server keeps them meanwhile', async () => {
      const db = opened();
      const began = new Subject<void>();
      const seen: string[] = [];
      let most = 0;
      let inside = 0;
      const all = lastValueFrom(
        db
          .notifications('orders', () => began.next())
          .pipe(
            concatMap(({ payload }) => {
              most = Math.max(most, ++inside);
              return deferLater(1, () => {
                inside--;
                seen.push(payload);
              });
            }),
            take(200),
          ),
      );
      await new Promise<void>((resolve) => began.subscribe(resolve));
      await db.execute("select pg_notify('orders', n::text) from generate_series(1, 200) as n");
      await all;
      expect(seen).toEqual(Array.from({ length: 200 }, (_, at) => String(at + 1)));
      expect(most).toBe(1);
    });

    test('closing the database completes them', async () => {
      const db = opened();
      const orders = await heard(db, 'orders', 1);
      await db.close();
      expect(await orders.all).toEqual([]);
    });
  });

  test('a program that has asked, and does nothing else, ends', () => {
    const program = `
      const { database, postgres } = require('./src/node/index.ts');
      database(postgres(${JSON.stringify(server.url)})).query('select 6 * 7 as x').addCallback(([row]) => console.log(row.x));
    `;
    expect(execFileSync('npx', ['ts-node', '-e', program], { encoding: 'utf8', timeout: 20_000 })).toBe('42\n');
  }, 30_000);
});
