/** A million rows to a consumer that stands still now and then. Prints how many there were, and how far the memory grew. */
import { reduce } from 'rxjs';
import { deferLater } from 'ropewalk';
import { concatMap } from 'ropewalk/operators';
import { database, postgres, sqlite } from 'ropewalk/node';

const [url = '', sql = ''] = process.argv.slice(2);
const db = database(url.startsWith('postgres:') ? postgres(url) : sqlite(url));
const resident = (): number => process.memoryUsage().rss;
let before = 0;
let peak = 0;
const look = (): void => {
  if (before > 0) peak = Math.max(peak, resident());
};
setInterval(look, 20).unref();

db.rows<{ n: number; text: string }>(sql)
  .pipe(
    concatMap((row) => {
      if (row.n % 100_000 > 0) return [row];
      // What any program needs once is there after the first tenth.
      if (row.n === 100_000) before = resident();
      look();
      return deferLater(100, () => row);
    }),
    reduce(({ count, sum }, { n, text }) => ({ count: count + 1, sum: sum + n + text.length }), { count: 0, sum: 0 }),
  )
  .subscribe((seen) => {
    console.log(JSON.stringify({ ...seen, grown: peak - before }));
    db.close();
  });
