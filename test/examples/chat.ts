import { once } from 'node:events';
import { connect } from 'node:net';
import { heard, type Scenario } from './program.ts';

const chat: Scenario = async (start) => {
  const port = await start().port(1025);
  const ann = connect(port, '127.0.0.1');
  const bob = connect(port, '127.0.0.1');
  await Promise.all([once(ann, 'connect'), once(bob, 'connect')]);
  const me = new RegExp(`127\\.0\\.0\\.1:${ann.localPort}: hello\r\n`);
  // Whether bob is in the room yet nobody can tell: ann says it until he hears it.
  const hello = setInterval(() => ann.write('hello\n'), 20);
  await Promise.all([heard(ann, me), heard(bob, me)]);
  clearInterval(hello);
  ann.destroy();
  bob.end();
  await once(bob, 'end');
};
export default chat;
