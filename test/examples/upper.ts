import { talk, type Scenario } from './program.ts';

const upper: Scenario = async (start) => {
  const server = start();
  const [, port] = await server.prints(/^listening on 127\.0\.0\.1:(\d+)$/m);
  expect(await talk(Number(port), 'hello\nwörld\n')).toBe('HELLO\r\nWÖRLD\r\n');
};
export default upper;
