import { talk, type Scenario } from './program.ts';

const primes: Scenario = async (start) => {
  const server = start();
  const port = await server.port(8007);
  expect(await talk(port, '10\n1000\n7\n')).toBe('4 primes below 10\r\n168 primes below 1000\r\n3 primes below 7\r\n');
};
export default primes;
