import { once } from 'node:events';
import { connect } from 'node:net';
import { heard, talk, type Scenario } from './program.ts';

const showcase: Scenario = async (start) => {
  const program = start();
  await program.prints(/nc 127\.0\.0\.1 8007/);
  const say = async (port: number, text: string): Promise<string> => talk(await program.port(port), text);
  expect(await say(8007, 'hello')).toBe('hello');
  expect(await say(8008, 'hello\n')).toBe('HELLO\r\n');
  expect(await say(8013, '')).toMatch(/^\w+day, \w+ \d+, 20\d\d \d\d:\d\d:\d\d-UTC\r\n$/);
  expect(await say(8017, '')).toMatch(/\.\r\n$/);
  expect(await say(8079, 'ann\r\n')).toBe('ann is at sea\r\n');

  const page = await fetch(`http://127.0.0.1:${await program.port(8088)}/`, { headers: { connection: 'close' } });
  expect(await page.text()).toContain('Ropewalk, live');

  const endless = connect(await program.port(8019), '127.0.0.1');
  await heard(endless, /!"#\$%&'/);
  endless.destroy();

  const guest = connect(await program.port(8080), '127.0.0.1');
  guest.write('through the proxy\n');
  await heard(guest, /through the proxy\r\n/);
  guest.end();
  await once(guest, 'close');
  program.signal('SIGINT');
  expect(await program.exit).toBe(0);
};
export default showcase;
