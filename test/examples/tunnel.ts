import { connect } from 'node:net';
import type { Scenario } from './program.ts';

const tunnel: Scenario = async (start) => {
  const program = start();
  const [port] = await Promise.all([program.port(8080), program.port(8081), program.port(1080)]);
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let answer = '';
  socket.on('data', (text: string) => (answer += text));
  let ownPort = 0;
  socket.once('connect', () => {
    ownPort = socket.localPort!;
    socket.write('GET / HTTP/1.0\r\n\r\n');
  });
  await new Promise((resolve) => socket.once('end', resolve));
  expect(answer).toBe(`HTTP/1.0 200 OK\r\n\r\nyou come from 127.0.0.1:${ownPort}\n`);
  await program.prints(/^joe goes to 127\.0\.0\.1:8081$/m);
};
export default tunnel;
