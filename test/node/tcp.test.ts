import { createServer, type AddressInfo, type Socket } from 'node:net';
import { onWarning, type IpAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { connect, dial, listen } from 'ropewalk/node';
import { openThings } from './openThings.ts';

describe('TCP keeps the contract of a Duplex', () => {
  const cases = complianceOf({
    listen,
    connect,
    endpoint: () => 'tcp:0:interface=127.0.0.1',
    reach: (address) => `tcp:127.0.0.1:${(address as IpAddress).port}`,
    can: { reset: true, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

test('what a slow peer takes of one great write is seen, piece by piece: it is none that has gone', async () => {
  const peers: Socket[] = [];
  const server = createServer((socket) => peers.push(socket.pause().on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const connection = await dial(`tcp:127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { halves } = connection;
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  // There is nobody to be held, and that is said.
  const warned = onWarning(() => {});
  connection.next(new Uint8Array(32 << 20));
  while (halves.taken === 0 || peers.length === 0) await turn();
  const { unsent } = connection.state;
  expect(unsent).toBe(32 << 20);
  // It reads on and off, until something has moved on this side.
  const before = halves.taken;
  while (halves.taken === before) {
    peers[0].read();
    await turn();
  }
  expect(connection.state.unsent).toBe(unsent);
  connection.error(new Error('enough'));
  await connection.closed;
  onWarning(warned);
  peers[0].destroy();
  await new Promise((resolve) => server.close(resolve));
});
