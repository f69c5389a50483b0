import { map } from 'rxjs';
import { lines, over } from 'ropewalk';
import { nobody, serving, type Scenario } from './program.ts';

const deferred: Scenario = async (start) => {
  const server = await serving(over(lines(), map((question) => `half past, since you ask ${question}`)));
  const answered = start({ ports: { 8007: server.port } });
  await answered.prints(/^2130706433\nhalf past, since you ask time\?$/m);
  expect(await answered.exit).toBe(0);
  server.stop();

  const alone = start({ ports: { 8007: await nobody() } });
  await alone.prints(/^2130706433\nnobody home$/m);
  expect(await alone.exit).toBe(0);
};
export default deferred;
