import { of } from 'rxjs';
import { lines, over } from 'ropewalk';
import { nobody, serving, type Scenario } from './program.ts';

const ask: Scenario = async (start) => {
  const server = await serving(over(lines(), () => of('2026-11-22T12:00:00Z')));
  const answered = start({ ports: { 8007: server.port } });
  await answered.prints(/^2026-11-22T12:00:00\.000Z$/m);
  expect(await answered.exit).toBe(0);
  server.stop();

  const alone = start({ ports: { 8007: await nobody() } });
  await alone.prints(/^20\d\d-.*Z$/m);
  expect(await alone.exit).toBe(0);
};
export default ask;
