import { identity } from 'rxjs';
import { serving, talk, type Scenario } from './program.ts';

const proxy: Scenario = async (start) => {
  const behind = await serving(identity);
  const port = await start({ ports: { 80: behind.port } }).port(8080);
  const large = 'x'.repeat(1_000_000);
  expect(await talk(port, large)).toBe(large);
  behind.stop();
};
export default proxy;
