/** `proxy:` in memory: who the client is, what follows the header, and those who send none. */
import { identity, tap, type Observable } from 'rxjs';
import {
  bytes,
  concat,
  ConnectionDone,
  IpAddress,
  LimitExceeded,
  onWarning,
  PathAddress,
  ProtocolError,
  relay,
  runtime,
  serve,
  TimedOut,
  type Bytes,
  type Connection,
  type CloseReason,
} from 'ropewalk';
import { marbles, type Marbles, type MarblesMemory } from 'ropewalk/marbles';
import {
  formatHeader,
  headerOf,
  proxied,
  proxyClient,
  proxyHeader,
  proxyServer,
  type ProxyHeader,
} from 'ropewalk/proxy-protocol';

const header: ProxyHeader = {
  version: 2,
  command: 'PROXY',
  transport: 'stream',
  source: { kind: 'ip', host: '192.0.2.1', port: 1234 },
  destination: { kind: 'ip', host: '198.51.100.1', port: 443 },
  tlvs: [{ type: 2, value: bytes('example.org') }],
};
const line = 'PROXY TCP4 192.0.2.1 198.51.100.1 1234 443\r\n';

function worldOf(memory: MarblesMemory) {
  return runtime({
    servers: { memory: memory.server, proxy: proxyServer },
    clients: { memory: memory.client, proxy: proxyClient },
  });
}

/** An echo behind `proxied`, who came to it, and who was refused. */
function echo(memory: MarblesMemory, options: Parameters<typeof proxied>[0] = {}) {
  const seen: { guests: Connection[]; refused: unknown[]; reasons: CloseReason[] } = {
    guests: [],
    refused: [],
    reasons: [],
  };
  memory
    .listen('memory:echo')
    .pipe(
      proxied({ ...options, refused: (error) => seen.refused.push(error) }),
      serve((incoming, connection) => {
        seen.guests.push(connection);
        return incoming;
      }),
    )
    .subscribe((reason) => seen.reasons.push(reason));
  return seen;
}

describe('a connection that begins with a header', () => {
  test.each<[string, string | Bytes]>([
    ['version 1', line],
    ['version 2', formatHeader(header)],
  ])(
    'is the one of the client: its addresses, and the bytes that follow the header in the same chunk (%s)',
    (_, first) =>
      marbles((m) => {
        const memory = m.memory();
        const seen = echo(memory);
        const said = { h: concat([typeof first === 'string' ? bytes(first) : first, bytes('hello')]), w: 'world' };
        const peer = memory.script('memory:echo', '-h-w|', said);
        m.expect(peer.received).toBe('-x-w|', { x: 'hello', w: 'world' });
        m.flush();
        const [guest] = seen.guests;
        expect([String(guest.remote), String(guest.local)]).toEqual(['192.0.2.1:1234', '198.51.100.1:443']);
        expect(guest.remote).toBeInstanceOf(IpAddress);
        expect(String(guest)).toBe('the connection with 192.0.2.1:1234');
        expect(guest.state).toMatchObject({ bytesReceived: 10, bytesSent: 10 });
        expect(seen.reasons).toEqual([{ kind: 'done' }]);
        m.expectNothingOpen();
      })(),
  );

  test(
    'may come in single bytes',
    marbles((m) => {
      const memory = m.memory();
      const seen = echo(memory);
      const legend = Object.fromEntries([...line].map((letter, i) => [String.fromCharCode(0x4e00 + i), letter]));
      const diagram = Object.keys(legend).join('');
      const peer = memory.script('memory:echo', `${diagram}x|`, legend);
      m.expect(peer.received).toBe(`${'-'.repeat(line.length)}x|`);
      m.flush();
      expect(String(seen.guests[0].remote)).toBe('192.0.2.1:1234');
    }),
  );

  test(
    'tells its TLVs, its version, all of it, through headerOf',
    marbles((m) => {
      const memory = m.memory();
      const seen = echo(memory);
      m.expect(memory.script('memory:echo', 'h|', { h: formatHeader(header) }).received).toBe('-|');
      m.flush();
      expect(headerOf(seen.guests[0])).toEqual(header);
    }),
  );

  test(
    'LOCAL, UNKNOWN and UNSPEC keep the addresses of the connection itself',
    marbles((m) => {
      const memory = m.memory();
      const seen = echo(memory);
      const none = { version: 2, command: 'PROXY', transport: 'unknown', tlvs: [] } as const;
      for (const first of [bytes('PROXY UNKNOWN\r\n'), formatHeader(none), formatHeader({ ...none, command: 'LOCAL' })])
        m.expect(memory.script('memory:echo', '(hx)|', { h: first }).received).toBe('x---|');
      m.flush();
      expect(seen.guests.map(({ remote }) => String(remote))).toEqual(['echo#1', 'echo#2', 'echo#3']);
    }),
  );

  test(
    'may be its last words, too: the end is heard after what follows the header',
    marbles((m) => {
      const memory = m.memory();
      const seen = echo(memory);
      const said = { h: concat([bytes(line), bytes('bye')]) };
      m.expect(memory.script('memory:echo', '(h|)', said).received).toBe('(b|)', { b: 'bye' });
      m.flush();
      expect(seen.reasons).toEqual([{ kind: 'done' }]);
    }),
  );
});

describe('who sends no header', () => {
  const refusedOf = (m: Marbles, diagram: string, legend: Record<string, string | Bytes>, ends: string) => {
    const memory = m.memory();
    const seen = echo(memory, { timeout: 20, max: 500 });
    m.expect(memory.script('memory:echo', diagram, legend).received).toBe(ends);
    // Another guest is not touched by it.
    m.expect(memory.script('memory:echo', '(hx)|', { h: line }).received).toBe('x---|');
    m.flush();
    expect(seen.guests).toHaveLength(1);
    m.expectNothingOpen();
    return seen.refused;
  };

  test(
    'is aborted at the first byte that cannot be of one: ProtocolError, side remote',
    marbles((m) => {
      const refused = refusedOf(m, '-a-b', { a: 'PRO', b: 'M' }, '---#');
      expect(refused).toEqual([expect.any(ProtocolError)]);
      expect(refused[0]).toMatchObject({ side: 'remote' });
    }),
  );

  test(
    'is aborted when the time is up: silent from the beginning, or dripping',
    marbles((m) => {
      const silent = refusedOf(m, '-', {}, '--------------------#');
      expect(silent).toEqual([expect.any(TimedOut)]);
      expect(String(silent[0])).toBe('TimedOut: the PROXY header of the connection with echo#1 took more than 20 ms');
    }),
  );

  test(
    'gains nothing by dripping: the time is for all of the header',
    marbles((m) => {
      const drip = { P: 'P', R: 'R', O: 'O', X: 'X', Y: 'Y' };
      expect(refusedOf(m, '-P---R---O---X---Y---', drip, '--------------------#')).toEqual([expect.any(TimedOut)]);
    }),
  );

  test(
    'is aborted when the header says that it is longer than the limit',
    marbles((m) => {
      const long = formatHeader({ ...header, tlvs: [{ type: 0xe0, value: new Uint8Array(500) }] });
      expect(refusedOf(m, 'h', { h: long.subarray(0, 16) }, '#')).toEqual([expect.any(LimitExceeded)]);
    }),
  );

  test(
    'and ends in the middle of it is ConnectionDone, which a health check is, too',
    marbles((m) => {
      expect(refusedOf(m, '-a|', { a: 'PROXY' }, '--#')).toEqual([expect.any(ConnectionDone)]);
    }),
  );

  test(
    'unsubscribing aborts those whose header is being read',
    marbles((m) => {
      const memory = m.memory();
      const listening = memory.listen('memory:echo').pipe(proxied(), serve(identity));
      m.expect(listening, '^-----!').toBe('-');
      m.expect(memory.script('memory:echo', '-a-', { a: 'PROXY' }).received).toBe('------#');
      m.expectNothingOpen();
    }),
  );
});

describe('the endpoint', () => {
  test(
    'to listen at and to connect to: this program is the client that is named, in both versions, at any depth',
    marbles((m) => {
      const memory = m.memory();
      const { listen, connect } = worldOf(memory);
      const guests: Connection[] = [];
      const running = listen('proxy:proxy:memory:echo').pipe(
        serve((incoming, connection) => {
          guests.push(connection);
          return incoming;
        }),
      );
      running.subscribe();
      const asking = (endpoint: string): Observable<Connection> =>
        connect(endpoint).pipe(
          tap((connection) => {
            connection.next(bytes('hello'));
            connection.complete();
          }),
        );
      m.expect(asking('proxy:proxy:memory:echo')).toBe('(a|)', { a: m.cold('(h|)', { h: bytes('hello') }) });
      m.expect(asking('proxy:proxy\\:memory\\:echo:version=1')).toBe('(a|)', {
        a: m.cold('(h|)', { h: bytes('hello') }),
      });
      m.flush();
      expect(guests.map((guest) => [headerOf(guest)?.version, String(guest.remote), String(guest.local)])).toEqual([
        [2, 'echo#1', 'echo'],
        // The header that is read last is the one of the wrapper outside.
        [1, 'echo#2', 'echo'],
      ]);
      expect(guests[0].remote).toBeInstanceOf(PathAddress);
      m.expectNothingOpen();
    }),
  );

  test(
    'warns once of headers that make no sense, and not of those who come and go',
    marbles((m) => {
      const memory = m.memory();
      const warnings: unknown[] = [];
      const before = onWarning((warning) => warnings.push(warning));
      worldOf(memory).listen('proxy:memory\\:echo:timeout=10').pipe(serve(identity)).subscribe();
      m.expect(memory.script('memory:echo', '|').received).toBe('#');
      m.expect(memory.script('memory:echo', '-').received).toBe('----------#');
      m.expect(memory.script('memory:echo', '-x').received).toBe('-#');
      m.flush();
      onWarning(before);
      expect(warnings).toEqual([expect.objectContaining({ name: 'HeaderRefused', cause: expect.any(ProtocolError) })]);
      expect(String(warnings[0])).toContain('the connection with echo#3 was aborted');
    }),
  );

  test('its limits are checked where it is written', () => {
    const { listen, connect } = runtime({ servers: { proxy: proxyServer }, clients: { proxy: proxyClient } });
    expect(() => listen('proxy:memory\\:x:max=106')).toThrow('unknown endpoint type memory:');
    expect(() => listen('proxy:max=106')).toThrow('expected a number of bytes from 107 to 65551 for max');
    expect(() => connect('proxy:version=3')).toThrow("expected 1 or 2 for version, got '3'");
  });
});

describe('the header of somebody else', () => {
  test(
    'is sent for a client that was accepted here, with what else there is to tell',
    marbles((m) => {
      const memory = m.memory();
      const seen = echo(memory);
      const tlvs = [{ type: 5, value: bytes('id') }];
      memory
        .listen('memory:front')
        .pipe(
          proxied(),
          serve((incoming, client) =>
            relay(memory.connect('memory:echo').pipe(proxyHeader(client, { tlvs, checksum: true })))(incoming, client),
          ),
        )
        .subscribe();
      m.expect(memory.script('memory:front', '(hx)|', { h: line }).received).toBe('x---|');
      m.flush();
      expect(headerOf(seen.guests[0])).toEqual({ ...header, tlvs, checksum: true });
      m.expectNothingOpen();
    }),
  );

  test(
    'that cannot be written aborts the connection, and is told',
    marbles((m) => {
      const memory = m.memory();
      const seen = echo(memory);
      const tlvs = [{ type: 5, value: bytes('id') }];
      m.expect(memory.connect('memory:echo').pipe(proxyHeader(undefined, { version: 1, tlvs }))).toBe(
        '#',
        {},
        ProtocolError,
      );
      m.flush();
      expect(seen.guests).toEqual([]);
      m.expectNothingOpen();
    }),
  );
});
