import { talk, type Scenario } from './program.ts';

const echo: Scenario = async (start) => {
  const server = start();
  const port = await server.port(8007);
  expect(await talk(port, 'hello\nworld\n')).toBe('hello\nworld\n');
  await server.prints(/^\{ kind: 'done' \}$/m);
  expect(await talk(port, 'again')).toBe('again');
};
export default echo;
