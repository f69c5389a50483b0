import type { Scenario } from './program.ts';

const nestjs: Scenario = async (start) => {
  const program = start();
  await program.prints(/100\n101\n102\n/);
  await program.prints(/server: nobody listens/);
  await program.prints(/NO_SYMBOL: no such symbol: NONE/);
  await program.prints(/the report, while the application closes/);
  expect(await program.exit).toBe(0);
};
export default nestjs;
