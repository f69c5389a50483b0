/** SOCKS in memory: through our server with our client, and each of them with a peer that follows a script. */
import { catchError, concatMap, identity, map, NEVER, of, tap, throwError, type Observable } from 'rxjs';
import {
  bytes,
  ConnectError,
  ConnectionLost,
  ConnectionRefused,
  ConnectPermissionDenied,
  ConnectTimeout,
  deferLater,
  EndpointError,
  HostUnreachable,
  ProxyAuthenticationFailed,
  ProxyRefused,
  runtime,
  serve,
  TimedOut,
  UnknownHost,
  type Bytes,
  type CloseReason,
  type Connection,
} from 'ropewalk';
import { connectProxyClient } from 'ropewalk/connect-proxy';
import { hex, marbles, type Marbles, type MarblesMemory } from 'ropewalk/marbles';
import { memory, type Memory } from 'ropewalk/memory';
import { socks, socks4Client, socks5Client, type SocksOptions, type SocksRequest } from 'ropewalk/socks';

function worldOf({ server, client }: Memory) {
  return runtime({
    servers: { memory: server },
    clients: { memory: client, socks5: socks5Client, socks4: socks4Client, connect: connectProxyClient },
  });
}

/** A SOCKS server at `memory:proxy` that goes to places of the same memory, and an echo at `memory:echo`. */
function proxyIn(memory: MarblesMemory, options: Partial<SocksOptions> = {}) {
  const seen: { asked: SocksRequest[]; reasons: CloseReason[] } = { asked: [], reasons: [] };
  memory
    .listen('memory:proxy')
    .pipe(
      serve(
        socks({
          connect(request) {
            seen.asked.push(request);
            return memory.connect(`memory:${request.host}`);
          },
          ...options,
        }),
      ),
    )
    .subscribe((reason) => seen.reasons.push(reason));
  memory.listen('memory:echo').pipe(serve(identity)).subscribe();
  return seen;
}

/** Dials, says hello and ends; what comes back. */
function hello(m: Marbles, memory: MarblesMemory, endpoint: string): Observable<Bytes> {
  return worldOf(memory)
    .connect(endpoint)
    .pipe(
      tap((connection) => {
        connection.next(bytes('hello'));
        connection.complete();
      }),
      concatMap((connection) => connection),
    );
}

const via = 'endpoint=memory\\:proxy';

describe('through our server', () => {
  test.each([
    ['socks5', `socks5:proxy:1080:to=tcp\\:echo\\:7:${via}`],
    ['socks4, which is 4A for a name', `socks4:proxy:1080:to=tcp\\:echo\\:7:${via}`],
  ])('%s: the name goes to the proxy as it is, and the proxy goes there', (_, endpoint) =>
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory);
      m.expect(hello(m, memory, endpoint)).toBe('(h|)', { h: bytes('hello') });
      m.flush();
      expect(seen.asked).toEqual([expect.objectContaining({ command: 'connect', host: 'echo', port: 7 })]);
      expect(seen.reasons).toEqual([{ kind: 'done' }]);
      m.expectNothingOpen();
    })(),
  );

  test(
    'a chain of proxies nests, three deep: each goes on to the next, and what a type is in it does not matter',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory);
      const inmost = 'socks4:proxy:3:to=tcp\\:echo\\:7';
      const escape = (text: string): string => text.replaceAll(/[\\:=]/g, '\\$&');
      const middle = `socks5:proxy:2:to=${escape(inmost)}`;
      m.expect(hello(m, memory, `socks5:proxy:1:to=${escape(middle)}:${via}`)).toBe('(h|)', { h: bytes('hello') });
      m.flush();
      expect(seen.asked.map(({ version, host, port }) => [version, host, port])).toEqual([
        [5, 'proxy', 2],
        [5, 'proxy', 3],
        [4, 'echo', 7],
      ]);
      m.expectNothingOpen();
    }),
  );

  test(
    'RFC 1929: who has the password comes in, who has not is told so, and so is who says none',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory, {
        authorize: ({ username, password }) =>
          deferLater(3, () => username === 'joe' && password === 'secret') as PromiseLike<boolean>,
      });
      const endpoint = `socks5:proxy:1080:to=tcp\\:echo\\:7:${via}`;
      m.expect(hello(m, memory, `${endpoint}:username=joe:password=secret`)).toBe('---(h|)', { h: bytes('hello') });
      m.expect(hello(m, memory, `${endpoint}:username=joe:password=guess`)).toBe('---#', {}, ProxyAuthenticationFailed);
      m.expect(hello(m, memory, endpoint)).toBe('#', {}, ProxyAuthenticationFailed);
      m.expect(hello(m, memory, `socks4:proxy:1080:to=tcp\\:echo\\:7:${via}`)).toBe('#', {}, ProxyRefused);
      m.flush();
      expect(seen.asked).toEqual([expect.objectContaining({ user: 'joe' })]);
      m.expectNothingOpen();
    }),
  );

  test.each<[string, unknown, abstract new (...args: never[]) => Error]>([
    ['ConnectPermissionDenied', new ConnectPermissionDenied('no'), ConnectPermissionDenied],
    ['ConnectionRefused', new ConnectionRefused('no'), ConnectionRefused],
    ['ConnectTimeout', new ConnectTimeout('no'), ConnectTimeout],
    ['HostUnreachable', new HostUnreachable('no'), HostUnreachable],
    ['UnknownHost', new UnknownHost('no'), HostUnreachable],
    ['anything else', new Error('no'), ProxyRefused],
  ])('RFC 1928 section 6: a dial that fails with %s is told, and fails alike', (_, error, Type) =>
    marbles((m) => {
      const memory = m.memory();
      const told: unknown[] = [];
      const seen = proxyIn(memory, {
        connect: () => throwError(() => error),
        refused: (why, { host }) => told.push(why, host),
      });
      m.expect(hello(m, memory, `socks5:proxy:1080:to=tcp\\:echo\\:7:${via}`)).toBe('#', {}, Type);
      m.expect(hello(m, memory, `socks4:proxy:1080:to=tcp\\:echo\\:7:${via}`)).toBe('#', {}, ProxyRefused);
      m.flush();
      expect(seen.reasons).toHaveLength(2);
      expect(told).toEqual([error, 'echo', error, 'echo']);
      m.expectNothingOpen();
    })(),
  );

  test(
    'a connect that throws, and one that completes with nothing, are refusals, too',
    marbles((m) => {
      const memory = m.memory();
      proxyIn(memory, {
        connect({ port }) {
          if (port === 1) throw new ConnectPermissionDenied('not there');
          return of();
        },
      });
      m.expect(hello(m, memory, `socks5:p:1:to=tcp\\:echo\\:1:${via}`)).toBe('#', {}, ConnectPermissionDenied);
      m.expect(hello(m, memory, `socks5:p:1:to=tcp\\:echo\\:2:${via}`)).toBe('#', {}, ProxyRefused);
      m.expectNothingOpen();
    }),
  );
});

describe('the server', () => {
  const greeting = '050100';
  const toEcho = '05010003046563686f0007';
  const ok = hex('0500');

  test(
    'keeps what the client says before its answer, for the destination',
    marbles((m) => {
      const memory = m.memory();
      proxyIn(memory);
      const said = { a: hex(`${greeting}${toEcho}68656c6c6f`), x: hex('05000500000100000000000068656c6c6f') };
      m.expect(memory.script('memory:proxy', 'a|', said).received).toBe('x|', said);
      m.expectNothingOpen();
    }),
  );

  test(
    'holds the client while it dials',
    marbles((m) => {
      const memory = m.memory();
      const served: Connection[] = [];
      memory
        .listen('memory:slow')
        .pipe(
          tap((connection) => served.push(connection)),
          serve(socks({ connect: () => NEVER })),
        )
        .subscribe();
      const said = { a: hex(greeting + toEcho), b: 'x'.repeat(60_000), k: ok };
      m.expect(memory.script('memory:slow', 'abbbb', said).received).toBe('k', said);
      m.flush();
      expect(served[0].state.held).toBe(true);
      // One chunk is read ahead, the others stay with the client.
      expect(served[0].state.bytesReceived).toBeLessThan(100_000);
    }),
  );

  test(
    'aborts who is silent, or drips, when the time for the request is up; who waits for an answer is not touched',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory, { timeout: 10, connect: () => memory.connect('memory:echo') });
      m.expect(memory.script('memory:proxy', '-').received).toBe('----------#');
      const drip = { a: hex('05'), b: hex('01'), c: hex('00'), k: ok };
      m.expect(memory.script('memory:proxy', 'a-b---c------', drip).received).toBe('------k---#', drip);
      const quick = { a: hex(greeting + toEcho), z: 'zz', k: hex('050005000001000000000000') };
      m.expect(memory.script('memory:proxy', 'a 20ms z|', quick).received).toBe('k 20ms z|', quick);
      m.flush();
      expect(seen.reasons.map((reason) => reason.kind === 'aborted' && reason.error)).toEqual([
        expect.any(TimedOut),
        expect.any(TimedOut),
        false,
      ]);
      m.expectNothingOpen();
    }),
  );

  test(
    'aborts who makes no sense, and nobody else',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory);
      m.expect(memory.script('memory:proxy', 'a', { a: 'GET / HTTP/1.1\r\n' }).received).toBe('#');
      m.expect(memory.script('memory:proxy', 'a', { a: `\u0004\u0001${'a'.repeat(300)}` }).received).toBe('#');
      m.expect(memory.script('memory:proxy', 'a|', { a: hex('05') }).received).toBe('-#');
      m.flush();
      expect(seen.reasons.map((reason) => reason.kind === 'aborted' && (reason.error as Error).name)).toEqual([
        'ProtocolError',
        'LimitExceeded',
        'ConnectionDone',
      ]);
      m.expectNothingOpen();
    }),
  );

  test(
    'an authorize that fails aborts its client, with what it failed with',
    marbles((m) => {
      const memory = m.memory();
      const failure = new Error('no database');
      const seen = proxyIn(memory, {
        authorize() {
          throw failure;
        },
      });
      const said = { a: hex('050102'), b: hex('0101610162'), k: hex('0502') };
      m.expect(memory.script('memory:proxy', 'a-b', said).received).toBe('k-#', said);
      m.flush();
      expect(seen.reasons).toEqual([{ kind: 'aborted', error: failure }]);
    }),
  );

  test(
    'BIND is answered "command not supported", and the connection ends in order',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory);
      const said = { a: hex(greeting), b: hex('05020001010203040050'), k: ok, x: hex('05070001000000000000') };
      m.expect(memory.script('memory:proxy', 'a-b-|', said).received).toBe('k-(x|)', said);
      m.flush();
      expect(seen.reasons).toEqual([{ kind: 'done' }]);
      m.expectNothingOpen();
    }),
  );

  test(
    'a client that leaves while it waits takes the dial with it',
    marbles((m) => {
      const memory = m.memory();
      let dials = 0;
      proxyIn(memory, {
        connect: () =>
          NEVER.pipe(
            tap({
              subscribe: () => dials++,
              unsubscribe: () => dials--,
            }),
          ),
      });
      const said = { a: hex(greeting + toEcho), k: ok };
      m.expect(memory.script('memory:proxy', 'a---#', said).received).toBe('k---#', said);
      m.flush();
      expect(dials).toBe(0);
      m.expectNothingOpen();
    }),
  );

  test(
    'passes a loss on, both ways',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory);
      memory
        .listen('memory:short')
        .pipe(serve(() => throwError(() => new Error('enough'))))
        .subscribe();
      const said = { a: hex(`${greeting}050100030573686f72740007`), k: ok };
      // What was to be sent in the turn of the abort is not: the answer to the request.
      m.expect(memory.script('memory:proxy', 'a', said).received).toBe('(k#)', said);
      m.flush();
      expect(seen.reasons).toEqual([{ kind: 'aborted', error: expect.any(ConnectionLost) }]);
      m.expectNothingOpen();
    }),
  );
});

describe('the client', () => {
  const endpoint = `socks5:proxy:1080:to=tcp\\:echo\\:7:timeout=20:${via}`;
  /** What a proxy that follows a script makes the dial end with. */
  const against = (m: Marbles, answers: Observable<Bytes>) => {
    const memory = m.memory();
    memory
      .listen('memory:proxy')
      .pipe(serve(() => answers))
      .subscribe();
    return hello(m, memory, endpoint);
  };

  test(
    'gives a silent proxy up, and a dripping one: the time is for all of the handshake',
    marbles((m) => {
      m.expect(against(m, NEVER)).toBe('20ms #', {}, ConnectTimeout);
      const drip = m.cold<Bytes>('a-----b-----c-----d-----', {
        a: hex('05'),
        b: hex('00'),
        c: hex('05'),
        d: hex('00'),
      });
      m.expect(against(m, drip)).toBe('20ms #', {}, ConnectTimeout);
      m.expectNothingOpen();
    }),
  );

  test(
    'tells a proxy that makes no sense, or leaves, as ConnectError with the cause',
    marbles((m) => {
      const nonsense = against(m, of(bytes('HTTP/1.1 400 Bad Request\r\n\r\n'))).pipe(
        catchError((error: Error) => of(error.name, (error.cause as Error).name)),
      );
      m.expect(nonsense).toBe('(ab|)', { a: 'ConnectError', b: 'ProtocolError' });
      m.expect(against(m, of())).toBe('#', {}, ConnectError);
      m.expect(
        against(
          m,
          throwError(() => new Error('enough')),
        ),
      ).toBe('#', {}, ConnectError);
    }),
  );

  test(
    'hears first what follows the answer in the same chunk',
    marbles((m) => {
      const memory = m.memory();
      const answers = [hex('0500'), hex('050000010000000000006869')];
      memory
        .listen('memory:proxy')
        .pipe(serve((incoming) => incoming.pipe(map((_, i) => answers[i]))))
        .subscribe();
      const heard = worldOf(memory)
        .connect(endpoint)
        .pipe(concatMap((connection) => connection));
      m.expect(heard).toBe('h', { h: bytes('hi') });
    }),
  );

  test(
    'unsubscribing in the middle of the handshake aborts it',
    marbles((m) => {
      const memory = m.memory();
      const reasons: CloseReason[] = [];
      memory
        .listen('memory:proxy')
        .pipe(serve(() => NEVER))
        .subscribe((reason) => reasons.push(reason));
      m.expect(worldOf(memory).connect(endpoint), '^----!').toBe('-');
      m.flush();
      expect(reasons).toEqual([{ kind: 'lost', error: expect.any(ConnectionLost) }]);
      m.expectNothingOpen();
    }),
  );

  test(
    'a proxy that nobody is at fails as the dial to it does',
    marbles((m) => {
      m.expect(hello(m, m.memory(), endpoint).pipe(catchError((error: Error) => of(String(error))))).toBe('(a|)', {
        a: 'ConnectionRefused: connecting to memory:proxy: nobody listens there',
      });
    }),
  );

  test(
    'what cannot be said is a ConnectError, and nothing is sent',
    marbles((m) => {
      const memory = m.memory();
      proxyIn(memory);
      m.expect(hello(m, memory, `${endpoint}:username=${'a'.repeat(256)}:password=b`)).toBe('#', {}, ConnectError);
      m.expect(hello(m, memory, `socks4:proxy:1:to=tcp\\:\\\\\\:\\\\\\:1\\:7:${via}`)).toBe('#', {}, ConnectError);
      const unsayable = worldOf(memory).connect({
        type: 'socks5',
        host: 'p',
        port: 1,
        to: { type: 'tcp', host: 'a b', port: 1 },
        endpoint: 'memory:proxy',
      });
      m.expect(unsayable).toBe('#', {}, ConnectError);
      m.expectNothingOpen();
    }),
  );

  test('what would go around the proxy is refused where it is written', () => {
    const { connect } = worldOf(memory());
    const refused = (endpoint: string): EndpointError => {
      try {
        connect(endpoint);
      } catch (error) {
        return error as EndpointError;
      }
      throw new Error('it was not refused');
    };
    expect(refused('socks5:p:1:to=memory\\:echo').message).toContain(
      'unknown endpoint type memory:, expected one of socks5:, socks4:, connect:, tcp:, at column 15',
    );
    expect(
      refused('socks5:p:1:to=socks4\\:q\\:1\\:to\\=tcp\\\\\\:e\\\\\\:7\\:endpoint\\=memory\\\\\\:q').message,
    ).toContain('unknown endpoint type memory:');
    expect(refused('socks5:p:1:to=tcp\\:e\\:7\\:bindAddress=::1').message).toContain('unknown argument bindAddress');
    expect(refused('socks5:p:1:to=tcp\\:e e\\:7').message).toContain('expected a host name or address for host');
    expect(refused('socks5:p:1').message).toContain('socks5: needs an endpoint (to)');
  });
});
