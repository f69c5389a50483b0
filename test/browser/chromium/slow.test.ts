/** A page that is slow holds a cursor in the server's database: through RxJS, a WebSocket, a remote stream and a thread. */
import type { Page } from 'playwright-core';
import { finalize, tap } from 'rxjs';
import { explain, heldGroups, over } from 'ropewalk';
import { upgrade } from 'ropewalk/http';
import { database, sqlite, type Database } from 'ropewalk/node';
import { expose } from 'ropewalk/remote';
import { webSocket, webSocketBytes } from 'ropewalk/websocket';
import { withPeers } from '../../peers.ts';
import { Chromium } from './Chromium.ts';
import type { Api, Shown } from './pages/slow.ts';

jest.setTimeout(60_000);

declare const shown: Shown;

const count = 600;
/** A thousand bytes each: 65 of them fill the 64 KiB that a stream may have on its way. */
const sql = `with recursive c(n) as (select 1 union all select n + 1 from c limit ${count}) select n, printf('%01000d', n) text from c`;
const window = Math.ceil(65_536 / 1_000);

withPeers('chromium')('a page that takes a row each 50 ms', () => {
  let chromium: Chromium;
  let db: Database;
  let page: Page;
  /** Rows that the cursor has delivered, and how many cursors are closed. */
  let delivered = 0;
  let closed = 0;

  beforeAll(async () => {
    db = database(sqlite(':memory:'));
    const api: Api = {
      rows$: () =>
        db.rows<{ n: number; text: string }>(sql).pipe(
          tap(() => delivered++),
          finalize(() => closed++),
        ),
    };
    chromium = await Chromium.start({ 'GET /api': upgrade(webSocket(), over(webSocketBytes(), expose(api))) });
    page = await chromium.open('slow');
  });
  afterAll(async () => {
    await chromium.close();
    await db.close();
  });

  const taken = (): Promise<number> => page.evaluate(() => shown.rows.length);
  const until = (least: number) => page.waitForFunction((least) => shown.rows.length >= least, least);

  test('holds the cursor a window ahead of it, which explain tells, and has every row once it is quick', async () => {
    for (const least of [5, 15, 30]) {
      await until(least);
      // The cursor first: the page may have taken more in the meantime.
      const ahead = delivered - (await taken());
      expect(ahead).toBeLessThanOrEqual(window + 2);
      expect(delivered).toBeLessThan(count / 4);
    }

    const server = heldGroups().map((group) => String(explain(group)));
    const there = await page.evaluate(() => shown.held());
    process.stderr.write(`on the server:\n  ${server.join('\n  ')}\nin the page:\n  ${there.join('\n  ')}\n`);
    expect(server).toEqual([
      expect.stringMatching(
        /^rows of .* is not read for .* s: the stream rows\$ to 127\.0\.0\.1:\d+ holds it, its peer gives no more credit/,
      ),
    ]);
    expect(there).toEqual([
      expect.stringMatching(/^the stream rows\$ of ws:\/\/.* is not read for .* s: concatMap holds it/),
    ]);

    await page.evaluate(() => (shown.each = 0));
    await until(count);
    expect(await page.evaluate(() => shown.rows)).toEqual(Array.from({ length: count }, (_, at) => at + 1));
    expect([delivered, closed]).toEqual([count, 1]);
  });

  test('closes the cursor when it leaves', async () => {
    delivered = closed = 0;
    const another = await chromium.open('slow');
    await another.waitForFunction(() => shown.rows.length > 0);
    await another.close();
    while (closed === 0) await new Promise(setImmediate);
    expect(delivered).toBeLessThan(count);
  });
});
