/** How far a dial over real sockets has come: names, addresses, proxies, TLS. */
import { identity, NEVER } from 'rxjs';
import { watchingDial, type DialPhase } from 'ropewalk';
import { connectProxy } from 'ropewalk/connect-proxy';
import { connect, developmentCertificate, dial } from 'ropewalk/node';
import { socks } from 'ropewalk/socks';
import { serving, stopAll } from './proxies/programs.ts';

afterEach(stopAll);

async function phasesOf(endpoint: Parameters<typeof connect>[0]): Promise<DialPhase[]> {
  const phases: DialPhase[] = [];
  const dialled = watchingDial(
    (phase) => phases.push(phase),
    () => dial(endpoint),
  );
  await dialled.addCallbacks(
    (connection) => connection.complete(),
    () => {},
  );
  return phases;
}

const quiet = (): Promise<number> => serving(() => NEVER);

test('an address needs no lookup, a name does', async () => {
  const port = await quiet();
  expect(await phasesOf(`tcp:127.0.0.1:${port}`)).toEqual(['connect']);
  expect(await phasesOf(`tcp:localhost:${port}`)).toEqual(['name', 'connect']);
});

test('TLS comes last; a proxy before it', async () => {
  const { privateKey, certificate, ca } = developmentCertificate({ names: ['localhost'] });
  const tls = { type: 'tls', port: 0, interface: '127.0.0.1', privateKey, certKey: certificate } as const;
  const secure = await serving(identity, tls);
  const to = { type: 'tls', host: 'localhost', port: secure, ca } as const;
  expect(await phasesOf(to)).toEqual(['name', 'connect', 'tls']);
  const goTo = ({ host, port }: { host: string; port: number }) => connect({ type: 'tcp', host, port });
  const proxy = { host: '127.0.0.1', to } as const;
  const byConnect = await serving(connectProxy({ connect: goTo }));
  expect(await phasesOf({ ...proxy, type: 'connect', port: byConnect })).toEqual(['connect', 'proxy', 'tls']);
  const bySocks = await serving(socks({ connect: goTo }));
  expect(await phasesOf({ ...proxy, type: 'socks5', port: bySocks })).toEqual(['connect', 'proxy', 'tls']);
});

test('one that fails is told as far as it came', async () => {
  const port = await quiet();
  await stopAll();
  expect(await phasesOf(`tls:localhost:${port}`)).toEqual(['name', 'connect']);
});
