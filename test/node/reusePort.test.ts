/** One port for several listeners (SO_REUSEPORT), where Node has it; where it has not, that is said. */
import net from 'node:net';
import { firstValueFrom, type Subscription } from 'rxjs';
import { AddressInUse, ListenError, type Connection, type IpAddress } from 'ropewalk';
import { connect, listen } from 'ropewalk/node';
import { mine } from './tls/tlsBench.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Whether this Node lets two sockets share a port: found out with its own servers. */
const canShare = new Promise<boolean>((resolve) => {
  const shared = (port: number): object => ({ port, host: '127.0.0.1', reusePort: true });
  const first = net.createServer().on('error', () => resolve(false));
  const second = net.createServer().on('error', () => first.close(() => resolve(false)));
  first.listen(shared(0), () => {
    const { port } = first.address() as net.AddressInfo;
    second.listen(shared(port), () => second.close(() => first.close(() => resolve(true))));
  });
});

const own = { privateKey: mine.privateKey, certKey: mine.certificate };

/** The port once it is bound, and how many came. */
async function bound(endpoint: Parameters<typeof listen>[0]): Promise<{ port: number; guests: () => number }> {
  const server = listen(endpoint);
  let guests = 0;
  const address = firstValueFrom(server.address$);
  let running: Subscription | undefined;
  const failed = new Promise<never>((_, reject) => {
    running = server.subscribe({
      next(connection) {
        guests++;
        connection.subscribe(connection);
      },
      error: reject,
    });
  });
  stops.push(() => running?.unsubscribe());
  const { port } = (await Promise.race([address, failed])) as IpAddress;
  return { port, guests: () => guests };
}

const opened = (port: number): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const running = connect({ type: 'tcp', host: '127.0.0.1', port }).subscribe({ next: resolve, error: reject });
    stops.push(() => running.unsubscribe());
  });

const place = { interface: '127.0.0.1', reusePort: true } as const;

test.each([
  ['tcp:', (port: number) => `tcp:${port}:interface=127.0.0.1:reusePort=true`],
  ['tcp6:', (port: number) => `tcp6:${port}:interface=\\:\\:1:reusePort=true`],
  ['tls:', (port: number) => ({ type: 'tls', port, ...place, ...own }) as const],
])('%s two listeners share a port, and a Node that cannot says so', async (_type, endpoint) => {
  if (!(await canShare)) {
    const failure = await bound(endpoint(0)).catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(ListenError);
    expect((failure as Error).message).toMatch(`: reusePort needs Node 22.12 or 23.1, and this is ${process.version}`);
    return;
  }
  const { port } = await bound(endpoint(0));
  expect((await bound(endpoint(port))).port).toBe(port);
});

test('the system deals connections out among all who share the port', async () => {
  if (!(await canShare)) {
    process.stderr.write(`skipped: connections dealt out, Node ${process.version} has no reusePort\n`);
    return;
  }
  const first = await bound({ type: 'tcp', port: 0, ...place });
  const second = await bound({ type: 'tcp', port: first.port, ...place });
  // By the numbers of both ends: sooner or later each gets one.
  for (let dials = 0; dials < 500 && first.guests() * second.guests() === 0; dials++) await opened(first.port);
  expect(first.guests()).toBeGreaterThan(0);
  expect(second.guests()).toBeGreaterThan(0);
});

test('who does not say so shares nothing: the port is in use', async () => {
  const { port } = await bound({ type: 'tcp', port: 0, interface: '127.0.0.1', reusePort: false });
  await expect(bound(`tcp:${port}:interface=127.0.0.1`)).rejects.toThrow(AddressInUse);
  if (await canShare) await expect(bound({ type: 'tcp', port, ...place })).rejects.toThrow(AddressInUse);
});
