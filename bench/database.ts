/**
 * Claims: a query of about a second leaves the event loop free, where the same package called on the event loop stops it for as
 * long; and a million rows through a cursor, with pressure, cost the main thread less of its time than reading them there.
 * Peer: libsql, called directly, row by row as objects. Ours works with libsql, too, in a thread, and reads rows as arrays.
 * Run: npx ts-node bench/database.ts   (about a minute; ROUNDS=9 for steadier figures)
 * Lag is how late a timer of 5 ms was, at most. The main thread's own time is what its event loop was busy.
 */
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { deferLater, type Deferred } from 'ropewalk';
import { database, sqlite } from 'ropewalk/node';
import { machine, median } from './compare.ts';

interface Statement {
  iterate(): Iterable<{ readonly n: number; readonly text: string }>;
}
const Libsql = createRequire(__filename)('libsql') as new (file: string) => { prepare(sql: string): Statement };

const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const numbers = (upTo: number): string =>
  `with recursive c (n) as (select 1 union all select n + 1 from c where n < ${upTo})`;
const heavy = `${numbers(4_000_000)} select count(*) as n, '' as text from c`;
const rows = `${numbers(1_000_000)} select n, printf('%.20c', 'x') as text from c`;

const direct = new Libsql(':memory:');
const threaded = database(sqlite(':memory:', { engine: 'libsql' }));

const directly = (sql: string): void => {
  let sum = 0;
  for (const { n } of direct.prepare(sql).iterate()) sum += n;
  if (sum === 0) throw new Error('there were no rows');
};
const inThread = (sql: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let sum = 0;
    threaded.rows<{ n: number }>(sql).subscribe({
      next: ({ n }) => (sum += n),
      error: reject,
      complete: () => (sum === 0 ? reject(new Error('there were no rows')) : resolve()),
    });
  });

interface Figures {
  readonly wall: number[];
  readonly busy: number[];
  readonly lag: number[];
}

/** How long it took, how long the event loop was busy with it, and how late a timer was meanwhile. */
async function measure(work: () => void | Promise<void>, { wall, busy, lag }: Figures): Promise<void> {
  let late = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    late = Math.max(late, performance.now() - last - 5);
    last = performance.now();
  }, 5);
  const began = performance.now();
  const before = performance.eventLoopUtilization();
  await deferLater(10);
  await work();
  await deferLater(10);
  busy.push(performance.eventLoopUtilization(before).active);
  wall.push(performance.now() - began - 20);
  lag.push(late);
  clearInterval(timer);
}

async function contest(title: string, sql: string): Promise<void> {
  const peers = { 'called directly': () => directly(sql), 'asked through a thread': () => inThread(sql) };
  const figures = Object.entries(peers).map(([name, work]) => ({ name, work, wall: [], busy: [], lag: [] }));
  // The first round is for the compiler, and not counted.
  for (const { work } of figures) await work();
  for (let round = 0; round < ROUNDS; round++) for (const figure of figures) await measure(figure.work, figure);
  const shown = (values: number[]): string =>
    `${Math.round(median(values))} (${Math.round(Math.min(...values))}-${Math.round(Math.max(...values))})`;
  console.log(`\n${title}, in ms: the median, and the least and the most of ${ROUNDS} rounds`);
  console.table(
    Object.fromEntries(
      figures.map(({ name, wall, busy, lag }) => [
        name,
        { took: shown(wall), 'event loop busy': shown(busy), 'timer late by': shown(lag) },
      ]),
    ),
  );
}

async function main(): Promise<void> {
  console.log(machine());
  await contest('a query that counts', heavy);
  await contest('1,000,000 rows', rows);
}

main().then(
  (): Deferred<void> => threaded.close(),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
