/** A million rows, and a consumer that is slow: what is not taken is not fetched. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { withPeers } from '../../peers.ts';
import { PostgresServer } from './postgresServer.ts';

const MiB = 1 << 20;
const run = promisify(execFile);

/** 1,000,000 rows of 100 characters: 100 MB, and several times as much as objects. */
async function streamed(url: string, sql: string): Promise<void> {
  const { stdout } = await run('npx', ['ts-node', 'test/node/programs/rows.ts', url, sql]);
  const { count, sum, grown } = JSON.parse(stdout) as { count: number; sum: number; grown: number };
  process.stderr.write(`${url.slice(0, 8)}: 1,000,000 rows; grew by ${(grown / MiB).toFixed(1)} MiB\n`);
  expect({ count, sum }).toEqual({ count: 1e6, sum: (1e6 * (1e6 + 1)) / 2 + 1e8 });
  expect(grown).toBeLessThan(64 * MiB);
}

test('from SQLite', async () => {
  const numbers = 'with recursive c (n) as (select 1 union all select n + 1 from c where n < 1000000)';
  await streamed(':memory:', `${numbers} select n, printf('%.100c', 'x') as text from c`);
}, 120_000);

withPeers('postgres')('from PostgreSQL', () => {
  const server = new PostgresServer();
  beforeAll(() => server.start(), 60_000);
  afterAll(() => server.stop());

  test('through a portal', async () => {
    await streamed(server.url, "select generate_series(1, 1000000) as n, repeat('x', 100) as text");
  }, 120_000);
});
