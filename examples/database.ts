/**
 * A database in a thread: a Deferred chain turns rows into an answer, and the event loop stays free.
 * Run: npx ts-node examples/database.ts    (before Node 22.16: npm install libsql)
 * You will see what was sold where, how long the query took (a second or so), and how late the event loop ran meanwhile.
 */
import { database, eventLoopLag, NoSuchTable, sqlite } from 'ropewalk/node';

interface Sales {
  readonly city: string;
  readonly total: number;
}

const db = database(sqlite(':memory:'));
const schema = `
  create table sales (city text, amount integer);
  insert into sales with recursive n (i) as (select 0 union all select i + 1 from n where i < 199999)
    select substr('BernLyonOsloRoma', 1 + (i % 4) * 4, 4), i % 100 from n;
`;
const question = `
  select city, sum(amount * length(printf('%d', amount + year))) as total
  from sales, (select 2023 as year union select 2024 union select 2025 union select 2026) group by city order by city`;

let late = 0;
let began = Date.now();
const watching = eventLoopLag(50).subscribe(({ max }) => (late = Math.max(late, max)));

db.query<Sales>(question)
  .addErrback(NoSuchTable, () => db.script(schema).addCallback(() => {
    [began, late] = [Date.now(), 0];
    return db.query<Sales>(question);
  }))
  .addCallback((sales) => sales.map(({ city, total }) => `${city}: ${total}`).join(', '))
  .addCallback((answer) => console.log(`${answer}\nthe query took ${Date.now() - began} ms; the event loop was at most ${late} ms late`))
  .addBoth((result) => {
    watching.unsubscribe();
    return db.close().addCallback(() => result);
  });
