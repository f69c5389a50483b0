import type { Scenario } from './program.ts';

const database: Scenario = async (start) => {
  const program = start();
  const [, query, late] = await program.prints(
    /^.{4}: \d+, .{4}: \d+, .{4}: \d+, .{4}: \d+\nthe query took (\d+) ms; the event loop was at most ([\d.]+) ms late$/m,
  );
  process.stderr.write(`examples/database.ts: a query of ${query} ms, a lag of ${late} ms at most\n`);
  expect(await program.exit).toBe(0);
};
export default database;
