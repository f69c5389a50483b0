/** The PROXY protocol on TCP: the contract of a Duplex, and haproxy and curl as senders of headers. */
import { tap } from 'rxjs';
import type { IpAddress } from 'ropewalk';
import { complianceOf } from 'ropewalk/marbles';
import { connect, listen } from 'ropewalk/node';
import { headerOf } from 'ropewalk/proxy-protocol';
import { withPeers } from '../../peers.ts';
import { openThings } from '../openThings.ts';
import { ask, daemon, file, freePort, listening, page, run, serving, stopAll } from './programs.ts';

afterEach(stopAll);

describe.each([1, 2])('proxy: on TCP keeps the contract of a Duplex, version %i', (version) => {
  const cases = complianceOf({
    listen,
    connect,
    endpoint: () => 'proxy:tcp:0:interface=127.0.0.1',
    reach: (address) => `proxy:tcp\\:127.0.0.1\\:${(address as IpAddress).port}:version=${version}`,
    can: { reset: true, halfClose: true },
    open: openThings,
  });
  for (const { rule, name, run, timeout } of cases) test(`rule ${rule}: ${name}`, run, timeout);
});

/** What is said of a guest: who, to where, by which header. */
const guest = page((connection) => {
  const header = headerOf(connection);
  const tlvs = header?.tlvs.map(({ type }) => type).join(',') ?? '';
  return `${connection.remote} ${connection.local} v${header?.version} ${header?.command} [${tlvs}] ${header?.checksum ?? false}`;
});

withPeers('haproxy')('behind haproxy', () => {
  async function behind(options: string): Promise<number> {
    const port = await serving(guest, 'proxy:tcp:0:interface=127.0.0.1');
    const front = await freePort();
    const config = `
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  unique-id-format %[uuid()]
listen front
  bind 127.0.0.1:${front}
  server behind 127.0.0.1:${port} ${options}
`;
    daemon('haproxy', '-db', '-q', '-f', file('haproxy.cfg', config));
    await listening(front);
    return front;
  }

  test.each([
    ['version 1', 'send-proxy', 'v1 PROXY [] false'],
    ['version 2', 'send-proxy-v2', 'v2 PROXY [] false'],
    ['version 2 with a checksum', 'send-proxy-v2 proxy-v2-options crc32c', 'v2 PROXY [] true'],
    ['version 2 with TLVs', 'send-proxy-v2 proxy-v2-options unique-id,crc32c', 'v2 PROXY [5] true'],
  ])('we see its client: %s', async (_, options, said) => {
    const front = await behind(options);
    let local: string | undefined;
    const dialled = connect(`tcp:127.0.0.1:${front}`).pipe(tap((connection) => (local = String(connection.local))));
    const seen = await ask(dialled);
    expect(seen).toBe(`${local} 127.0.0.1:${front} ${said}`);
  });

  test('it takes our headers, and passes on whom they name', async () => {
    const port = await serving(guest, 'proxy:tcp:0:interface=127.0.0.1');
    const front = await freePort();
    const config = `
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen front
  bind 127.0.0.1:${front} accept-proxy
  server behind 127.0.0.1:${port} send-proxy-v2
`;
    daemon('haproxy', '-db', '-q', '-f', file('haproxy.cfg', config));
    await listening(front);
    for (const version of [1, 2]) {
      const seen = await ask(connect(`proxy:tcp\\:127.0.0.1\\:${front}:version=${version}`));
      expect(seen).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+ 127\\.0\\.0\\.1:${front} v2 PROXY \\[\\] false$`));
    }
  });
});

withPeers('curl')('curl --haproxy-protocol', () => {
  test('is the client that it names', async () => {
    const port = await serving(guest, 'proxy:tcp:0:interface=127.0.0.1');
    const { code, output } = await run(
      'curl',
      '-s',
      '-w',
      ' %{local_port}',
      '--haproxy-protocol',
      `http://127.0.0.1:${port}/`,
    );
    const [, seen, own] = /^127\.0\.0\.1:(\d+) 127\.0\.0\.1:\d+ v1 PROXY \[\] false (\d+)$/.exec(output) ?? [];
    expect([code, seen]).toEqual([0, own]);
    expect(own).toBeDefined();
  });

  test('without it, curl is sent away', async () => {
    const port = await serving(guest, 'proxy:tcp\\:0\\:interface=127.0.0.1:timeout=2000');
    const spy = jest.spyOn(console, 'warn').mockImplementation(() => {});
    // 56: the connection was reset; 52: nothing came back.
    expect([52, 56]).toContain((await run('curl', '-s', `http://127.0.0.1:${port}/`)).code);
    expect(spy).toHaveBeenCalledWith(expect.stringContaining('HeaderRefused'));
    spy.mockRestore();
  });
});
