import { once } from 'node:events';
import { connect } from 'node:net';
import { talk, type Scenario } from './program.ts';

const services: Scenario = async (start) => {
  const program = start();
  await program.prints(/^up$/m);
  const [echo, upper] = [await program.port(8007), await program.port(8008)];
  expect(await talk(echo, 'hello')).toBe('hello');
  expect(await talk(upper, 'hello\n')).toBe('HELLO\r\n');

  const guest = connect(echo, '127.0.0.1');
  await once(guest, 'connect');
  guest.write('still here');
  await once(guest, 'data');
  program.signal('SIGTERM');
  await program.prints(/finishing the work in hand/);
  guest.write('and now');
  await once(guest, 'data');
  guest.end();
  expect(await program.exit).toBe(0);
};
export default services;
