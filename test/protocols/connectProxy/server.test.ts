/** The server for CONNECT in memory: with our client, and with one that follows a script. */
import { catchError, concatMap, identity, NEVER, Observable, of, tap, throwError, type OperatorFunction } from 'rxjs';
import {
  bytes,
  concat,
  ConnectError,
  ConnectionLost,
  ConnectionRefused,
  ConnectPermissionDenied,
  ConnectTimeout,
  ConnectTooManyFiles,
  deferLater,
  HostUnreachable,
  ProxyAuthenticationFailed,
  runtime,
  serve,
  TimedOut,
  UnknownHost,
  utf8,
  type Bytes,
  type CloseReason,
  type Connection,
} from 'ropewalk';
import {
  connectProxy,
  connectProxyClient,
  ConnectServerMachine,
  type ConnectProxyOptions,
  type ConnectProxyRequest,
} from 'ropewalk/connect-proxy';
import { everySplit, marbles, type MarblesMemory } from 'ropewalk/marbles';

/** Characters that are looked at one by one, and the patterns that see a long text. */
function workOf(run: () => void): { looks: number; patterns: readonly string[] } {
  let looks = 0;
  const seen = new Set<string>();
  const { charCodeAt } = String.prototype;
  const { exec } = RegExp.prototype;
  const looking = jest.spyOn(String.prototype, 'charCodeAt').mockImplementation(function (this: string, at) {
    looks++;
    return charCodeAt.call(this, at);
  });
  const matching = jest.spyOn(RegExp.prototype, 'exec').mockImplementation(function (this: RegExp, text) {
    if (text.length > 1_000) seen.add(this.source);
    return exec.call(this, text);
  });
  try {
    run();
  } finally {
    looking.mockRestore();
    matching.mockRestore();
  }
  return { looks, patterns: [...seen] };
}

/** The machine as an operator: the request, or the status of the refusal and its problem; then what follows the head. */
const asking =
  (mustLogin = false): OperatorFunction<Bytes, unknown> =>
  (source) =>
    new Observable((subscriber) => {
      const machine = new ConnectServerMachine(mustLogin);
      let following: string | undefined;
      let refused = false;
      return source.subscribe({
        next(chunk) {
          if (refused) return;
          if (following !== undefined) {
            following += utf8(chunk);
            return;
          }
          let step = machine.receive(chunk);
          if (step.credentials !== undefined) {
            subscriber.next(step.credentials);
            step = machine.authorized(true);
          }
          const { reply, request, over, problem } = step;
          if (over) {
            refused = true;
            subscriber.next(`${utf8(reply!).slice(9, 12)} ${problem?.name ?? ''}`.trimEnd());
          } else if (request !== undefined) {
            subscriber.next({ ...request.request, fields: [...request.request.fields] });
            following = utf8(request.unread);
          }
        },
        complete() {
          if (following !== undefined) subscriber.next(following);
          subscriber.complete();
        },
      });
    });

const host = 'Host: a\r\n';

describe('the request', () => {
  test.each<[string, string, number, [string, string][]]>([
    [
      'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n',
      'example.org',
      443,
      [['Host', 'example.org:443']],
    ],
    // RFC 9112 section 2.3: an unknown minor version is read as the highest known one.
    [
      'CONNECT 192.0.2.1:1 HTTP/1.9\r\nHost:\r\nX:\t y \r\n\r\n',
      '192.0.2.1',
      1,
      [
        ['Host', ''],
        ['X', 'y'],
      ],
    ],
    // RFC 9112 section 3.2: only HTTP/1.1 needs a Host.
    ['CONNECT [2001:db8::1]:65535 HTTP/1.0\r\n\r\n', '2001:db8::1', 65_535, []],
    // RFC 9112 section 2.2: "SHOULD ignore at least one empty line".
    ['\r\nCONNECT a_b:080 HTTP/1.0\r\nContent-Length: 0\r\n\r\n', 'a_b', 80, [['Content-Length', '0']]],
  ])('%j is one; what follows is untouched, wherever it is cut', (head, name, port, fields) => {
    const wire = concat([bytes(head), bytes('\r\n\r\nCONNECT this is not ours')]);
    expect(everySplit(wire, asking())).toEqual([{ host: name, port, fields }, '\r\n\r\nCONNECT this is not ours']);
  });

  test.each([
    ['TLS', '\u0016\u0003\u0001', '400 ProtocolError'],
    ['SOCKS 5', '\u0005\u0001\u0000', '400 ProtocolError'],
    ['a method that never ends', 'A'.repeat(33), '400 ProtocolError'],
    ['nine empty lines first', `${'\r\n'.repeat(9)}CONNECT a:1 HTTP/1.0\r\n\r\n`, '400 ProtocolError'],
    ['two blanks', 'CONNECT  a:1 HTTP/1.1\r\n\r\n', '400 ProtocolError'],
    ['a blank at the end', 'CONNECT a:1 HTTP/1.1 \r\n\r\n', '400 ProtocolError'],
    ['no version (HTTP/0.9)', 'CONNECT a:1\r\n\r\n', '400 ProtocolError'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '505 ProtocolError'],
    ['RFC 9110 section 15.5.6: GET', `GET http://a/ HTTP/1.1\r\n${host}\r\n`, '405 ProtocolError'],
    ['RFC 9110 section 9.1: methods are case-sensitive', `connect / HTTP/1.1\r\n${host}\r\n`, '405 ProtocolError'],
    ['RFC 9112 section 3.2: an authority with another method', `GET a:1 HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['RFC 9112 section 3.2.3: the absolute form', `CONNECT http://a:1/ HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['RFC 9112 section 3.2.3: the origin form', `CONNECT / HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['user information', `CONNECT joe@a:1 HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['RFC 9110 section 9.3.6: no port', `CONNECT a HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['RFC 9110 section 9.3.6: an empty port', `CONNECT a: HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['port 0', `CONNECT a:0 HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['port 65536', `CONNECT a:65536 HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['no host', `CONNECT :1 HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['IPv6 without brackets', `CONNECT 2001:db8::1:1 HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['IPv4 in brackets', `CONNECT [192.0.2.1]:1 HTTP/1.1\r\n${host}\r\n`, '400 ProtocolError'],
    ['RFC 9112 section 3.2: no Host', 'CONNECT a:1 HTTP/1.1\r\n\r\n', '400 ProtocolError'],
    ['RFC 9112 section 3.2: two of them', `CONNECT a:1 HTTP/1.1\r\n${host}${host}\r\n`, '400 ProtocolError'],
    ['a lone LF', `CONNECT a:1 HTTP/1.1\n${host}\r\n`, '400 ProtocolError'],
    ['a lone CR', 'CONNECT a:1 HTTP/1.1\r\nHost: a\rb\r\n\r\n', '400 ProtocolError'],
    ['RFC 9112 section 5.1: a blank before the colon', 'CONNECT a:1 HTTP/1.1\r\nHost : a\r\n\r\n', '400 ProtocolError'],
    ['RFC 9112 section 5.2: a folded field', `CONNECT a:1 HTTP/1.1\r\n${host} b\r\n\r\n`, '400 ProtocolError'],
    ['content', `CONNECT a:1 HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`, '400 ProtocolError'],
    ['content in chunks', `CONNECT a:1 HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`, '400 ProtocolError'],
    [
      'two claims',
      `CONNECT a:1 HTTP/1.1\r\n${host}Proxy-Authorization: Basic YTpi\r\nProxy-Authorization: Basic YTpi\r\n\r\n`,
      '400 ProtocolError',
    ],
  ])('%s is refused, wherever it is cut', (_, wire, answer) => {
    expect(everySplit(bytes(wire), asking())).toEqual([answer]);
  });

  test('RFC 7617: name and password in UTF-8; the name may not have a colon, the password may', () => {
    const withClaim = (claim: string): Bytes =>
      bytes(`CONNECT a:1 HTTP/1.1\r\n${host}proxy-AUTHORIZATION: ${claim}\r\n\r\n`);
    const claims: [string, string, string][] = [
      ['Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==', 'Aladdin', 'open sesame'],
      ['basic  dGVzdDoxMjPCow==', 'test', '123£'],
      [`BASIC ${btoa('joe:a:b')}`, 'joe', 'a:b'],
      [`Basic ${btoa(':')}`, '', ''],
    ];
    for (const [claim, username, password] of claims)
      expect(everySplit(withClaim(claim), asking(true))).toEqual([
        { username, password },
        // The password is not where a log would find it.
        { host: 'a', port: 1, user: username, fields: [['Host', 'a']] },
        '',
      ]);
    const invalid = [
      'Basic',
      'Digest username="joe"',
      'Basic a',
      'Basic ====',
      `Basic ${btoa('joe')}`,
      `Basic ${btoa('joe:\xff')}`,
      `Basic ${btoa('j\noe:a')}`,
    ];
    for (const claim of invalid) expect(everySplit(withClaim(claim), asking(true))).toEqual(['407']);
  });

  test('limits: a first line of 8 KiB (414), fields of 16 KiB, and 100 of them (431)', () => {
    const answer = (wire: string): string =>
      utf8(new ConnectServerMachine(false).receive(bytes(wire)).reply ?? bytes('none'));
    const line = (length: number): string => `CONNECT ${'a'.repeat(length - 8)}`;
    expect(answer(line(8192))).toBe('none');
    expect(answer(line(8194))).toMatch(/^HTTP\/1\.1 414 URI Too Long\r\n/);
    const withFields = (lines: string): string => answer(`CONNECT a:1 HTTP/1.0${lines}\r\n\r\n`);
    const long = `\r\nA: ${'b'.repeat(8_000)}`;
    const rest = (length: number): string => `\r\nA: ${'b'.repeat(length - 5)}`;
    expect(withFields(long + rest(16_384 - long.length))).toBe('none');
    expect(withFields(long + rest(16_385 - long.length))).toMatch(
      /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/,
    );
    expect(withFields('\r\nA: b'.repeat(100))).toBe('none');
    expect(withFields('\r\nA: b'.repeat(101))).toMatch(/^HTTP\/1\.1 431 /);
    // Who never ends his head is answered before that.
    expect(answer(`CONNECT a:1 HTTP/1.0${'\r\nA: b'.repeat(5_000)}`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test.each([
    ['blanks in a value', `a${' '.repeat(7_000)}b`],
    ['blanks around one', `${' '.repeat(7_000)}b${' '.repeat(7_000)}`],
    ['blanks alone', ' '.repeat(14_000)],
  ])('%s cost as much work as there are of them, in one piece and in single bytes', (_, value) => {
    const wire = bytes(`CONNECT a:1 HTTP/1.0\r\nA: ${value}\r\n\r\n`);
    for (const length of [1, wire.length]) {
      const { looks, patterns } = workOf(() => {
        const machine = new ConnectServerMachine(false);
        for (let at = 0; at < wire.length; at += length) machine.receive(wire.subarray(at, at + length));
      });
      expect(looks).toBeLessThan(2 * wire.length);
      // One that repeats two things which could both be blanks tries all ways to part them.
      expect(patterns.filter((source) => source.match(/[*+]/g)!.length > 1)).toEqual([]);
    }
  });

  test('what follows a head is not counted', () => {
    const wire = concat([bytes('CONNECT a:1 HTTP/1.0\r\n\r\n'), new Uint8Array(60_000)]);
    expect(new ConnectServerMachine(false).receive(wire).request?.unread.length).toBe(60_000);
  });
});

/** A proxy at `memory:proxy` that goes to places of the same memory, and an echo at `memory:echo`. */
function proxyIn(memory: MarblesMemory, options: Partial<ConnectProxyOptions> = {}) {
  const seen: { asked: ConnectProxyRequest[]; reasons: CloseReason[]; told: unknown[] } = {
    asked: [],
    reasons: [],
    told: [],
  };
  memory
    .listen('memory:proxy')
    .pipe(
      serve(
        connectProxy({
          connect(request) {
            seen.asked.push(request);
            return memory.connect(`memory:${request.host}`);
          },
          refused: (error, request) => seen.told.push((error as Error).name, request?.host),
          ...options,
        }),
      ),
    )
    .subscribe((reason) => seen.reasons.push(reason));
  memory.listen('memory:echo').pipe(serve(identity)).subscribe();
  return seen;
}

const endpoint = 'connect:proxy:3128:to=tcp\\:echo\\:7:endpoint=memory\\:proxy';

/** Dials, says hello and ends; what comes back. */
const hello = (memory: MarblesMemory, place = endpoint): Observable<Bytes> =>
  runtime({ servers: { memory: memory.server }, clients: { memory: memory.client, connect: connectProxyClient } })
    .connect(place)
    .pipe(
      tap((connection) => {
        connection.next(bytes('hello'));
        connection.complete();
      }),
      concatMap((connection) => connection),
    );

const established = 'HTTP/1.1 200 Connection established\r\n\r\n';
const toEcho = 'CONNECT echo:7 HTTP/1.0\r\n\r\n';

function refusal(status: string, why: string, ...more: string[]): string {
  const content = `${status}: ${why}\n`;
  const lines = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${content.length}`,
    ...more,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${content}`;
}

describe('with our client', () => {
  test(
    'the name goes to the proxy as it is, the proxy goes there, and each end is passed on',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory);
      m.expect(hello(memory)).toBe('(h|)', { h: bytes('hello') });
      m.flush();
      expect(seen.asked.map(({ host: name, port, fields }) => [name, port, ...fields])).toEqual([
        ['echo', 7, ['Host', 'echo:7']],
      ]);
      expect(seen.reasons).toEqual([{ kind: 'done' }]);
      m.expectNothingOpen();
    }),
  );

  test(
    'RFC 9110 section 11.7: who has the password comes in; who has not is told so, and so is who says none',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory, {
        authorize: ({ username, password }) =>
          deferLater(3, () => username === 'joe' && password === 'secret') as PromiseLike<boolean>,
      });
      m.expect(hello(memory, `${endpoint}:username=joe:password=secret`)).toBe('---(h|)', { h: bytes('hello') });
      m.expect(hello(memory, `${endpoint}:username=joe:password=guess`)).toBe('---#', {}, ProxyAuthenticationFailed);
      m.expect(hello(memory, endpoint)).toBe('#', {}, ProxyAuthenticationFailed);
      m.flush();
      expect(seen.asked).toEqual([expect.objectContaining({ user: 'joe' })]);
      expect(seen.told).toEqual([]);
      m.expectNothingOpen();
    }),
  );

  test.each<[string, string, Error]>([
    ['ConnectPermissionDenied', 'ConnectPermissionDenied HTTP_403', new ConnectPermissionDenied('no')],
    ['ConnectTimeout', 'ConnectTimeout HTTP_504', new ConnectTimeout('no')],
    ['ConnectionRefused', 'ProxyRefused HTTP_502', new ConnectionRefused('no')],
    ['UnknownHost', 'ProxyRefused HTTP_502', new UnknownHost('no')],
    ['ConnectTooManyFiles', 'ProxyRefused HTTP_503', new ConnectTooManyFiles('no')],
    ['Error', 'ProxyRefused HTTP_500', new Error('no')],
  ])('a dial that fails with %s makes ours fail with %s', (_, name, error) =>
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory, { connect: () => throwError(() => error) });
      const failed = hello(memory).pipe(catchError((e: Error & { code?: string }) => of(`${e.name} ${e.code}`)));
      m.expect(failed).toBe('(n|)', { n: name });
      m.flush();
      expect(seen.told).toEqual([error.name, 'echo']);
      m.expectNothingOpen();
    })(),
  );
});

describe('the server', () => {
  test.each<[string, string, string, string, Error]>([
    ['ConnectPermissionDenied', '403 Forbidden', 'not allowed', 'http_request_denied', new ConnectPermissionDenied('')],
    ['ConnectionRefused', '502 Bad Gateway', 'nobody listens there', 'connection_refused', new ConnectionRefused('')],
    ['UnknownHost', '502 Bad Gateway', 'the name has no address', 'dns_error', new UnknownHost('')],
    [
      'HostUnreachable',
      '502 Bad Gateway',
      'there is no way there',
      'destination_ip_unroutable',
      new HostUnreachable(''),
    ],
    ['ConnectTimeout', '504 Gateway Timeout', 'nobody answered in time', 'connection_timeout', new ConnectTimeout('')],
    [
      'ConnectTooManyFiles',
      '503 Service Unavailable',
      'too many connections',
      'connection_limit_reached',
      new ConnectTooManyFiles(''),
    ],
    ['ConnectError', '502 Bad Gateway', 'the connection failed', 'destination_unavailable', new ConnectError('')],
    ['Error', '500 Internal Server Error', 'this proxy failed', 'proxy_internal_error', new Error('')],
  ])(
    'RFC 9209 section 2.3: %s is told as %s: %s (%s), and the connection ends in order',
    (_, status, why, word, error) =>
      marbles((m) => {
        const memory = m.memory();
        const seen = proxyIn(memory, { connect: () => throwError(() => error) });
        const said = { a: toEcho, x: refusal(status, why, `Proxy-Status: ropewalk; error=${word}`) };
        m.expect(memory.script('memory:proxy', 'a|', said).received).toBe('(x|)', said);
        m.flush();
        expect(seen.reasons).toEqual([{ kind: 'done' }]);
        m.expectNothingOpen();
      })(),
  );

  test(
    'a connect that throws, and one that completes with nothing, are refusals, too',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory, {
        connect({ port }) {
          if (port === 1) throw new ConnectPermissionDenied('not there');
          return of();
        },
      });
      const said = {
        a: 'CONNECT a:1 HTTP/1.0\r\n\r\n',
        b: toEcho,
        x: refusal('403 Forbidden', 'not allowed', 'Proxy-Status: ropewalk; error=http_request_denied'),
        y: refusal('502 Bad Gateway', 'the connection failed', 'Proxy-Status: ropewalk; error=destination_unavailable'),
      };
      m.expect(memory.script('memory:proxy', 'a|', said).received).toBe('(x|)', said);
      m.expect(memory.script('memory:proxy', 'b|', said).received).toBe('(y|)', said);
      m.flush();
      expect(seen.told).toEqual(['ConnectPermissionDenied', 'a', 'ConnectError', 'echo']);
      m.expectNothingOpen();
    }),
  );

  test(
    'RFC 9110 sections 15.5.6 and 15.5.8: what is no CONNECT is answered, ended in order, and told to the program',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory);
      const said = {
        g: `GET http://echo/ HTTP/1.1\r\n${host}\r\n`,
        x: refusal('405 Method Not Allowed', 'this proxy knows CONNECT only', 'Allow: CONNECT'),
        t: '\u0016\u0003\u0001',
        y: refusal('400 Bad Request', 'this is no CONNECT as in RFC 9112'),
        l: `CONNECT ${'a'.repeat(9000)}`,
        z: refusal('414 URI Too Long', 'at most 8192 bytes'),
      };
      m.expect(memory.script('memory:proxy', 'g|', said).received).toBe('(x|)', said);
      m.expect(memory.script('memory:proxy', 't|', said).received).toBe('(y|)', said);
      m.expect(memory.script('memory:proxy', 'l|', said).received).toBe('(z|)', said);
      m.flush();
      expect(seen.told).toEqual(['ProtocolError', undefined, 'ProtocolError', undefined, 'LimitExceeded', undefined]);
      expect(seen.reasons).toEqual([{ kind: 'done' }, { kind: 'done' }, { kind: 'done' }]);
      m.expectNothingOpen();
    }),
  );

  test(
    'RFC 7617 section 2: the challenge of a 407',
    marbles((m) => {
      const memory = m.memory();
      proxyIn(memory, { authorize: () => false });
      const challenge = 'Proxy-Authenticate: Basic realm="proxy", charset="UTF-8"';
      const said = {
        a: toEcho,
        b: `CONNECT echo:7 HTTP/1.0\r\nProxy-Authorization: Basic ${btoa('joe:a')}\r\n\r\n`,
        x: refusal('407 Proxy Authentication Required', 'say who you are', challenge),
        y: refusal('407 Proxy Authentication Required', 'not with this user name and password', challenge),
      };
      m.expect(memory.script('memory:proxy', 'a|', said).received).toBe('(x|)', said);
      m.expect(memory.script('memory:proxy', 'b|', said).received).toBe('(y|)', said);
      m.expectNothingOpen();
    }),
  );

  test(
    'keeps what the client says behind its request, for the destination',
    marbles((m) => {
      const memory = m.memory();
      proxyIn(memory);
      const said = { a: `${toEcho}\r\nhello`, x: `${established}\r\nhello` };
      m.expect(memory.script('memory:proxy', 'a|', said).received).toBe('x|', said);
      m.expectNothingOpen();
    }),
  );

  test(
    'holds the client while it dials, and while somebody decides',
    marbles((m) => {
      const memory = m.memory();
      const served: Connection[] = [];
      const at = (name: string, options: ConnectProxyOptions): void =>
        void memory
          .listen(`memory:${name}`)
          .pipe(
            tap((connection) => served.push(connection)),
            serve(connectProxy(options)),
          )
          .subscribe();
      at('dialling', { connect: () => NEVER });
      at('deciding', { connect: () => NEVER, authorize: () => new Promise<boolean>(() => {}) });
      const said = {
        a: toEcho,
        c: `CONNECT echo:7 HTTP/1.0\r\nProxy-Authorization: Basic ${btoa('joe:a')}\r\n\r\n`,
        b: 'x'.repeat(60_000),
      };
      memory.script('memory:dialling', 'abbbb', said);
      memory.script('memory:deciding', 'cbbbb', said);
      const states = m
        .cold('1s x')
        .pipe(concatMap(() => served.map(({ state }) => [state.held, state.bytesReceived < 100_000])));
      // One chunk is read ahead, the others stay with the client.
      m.expect(states).toBe('1s (xx)', { x: [true, true] });
      m.flush();
      expect(served).toHaveLength(2);
    }),
  );

  test(
    'aborts who is silent, or drips, when the time for the request is up; who waits for an answer is not touched',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory, { timeout: 10, connect: () => memory.connect('memory:echo') });
      m.expect(memory.script('memory:proxy', '-').received).toBe('----------#');
      m.expect(memory.script('memory:proxy', 'C-O---N------').received).toBe('----------#');
      const quick = { a: toEcho, z: 'zz', k: established };
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
    'a client that leaves in the middle of its request is ConnectionDone; one that leaves while it waits takes the dial with it',
    marbles((m) => {
      const memory = m.memory();
      let dials = 0;
      const seen = proxyIn(memory, {
        connect: () => NEVER.pipe(tap({ subscribe: () => dials++, unsubscribe: () => dials-- })),
      });
      m.expect(memory.script('memory:proxy', 'a|', { a: 'CONNECT a' }).received).toBe('-#');
      m.expect(memory.script('memory:proxy', 'a---#', { a: toEcho }).received).toBe('----#');
      m.flush();
      expect(dials).toBe(0);
      expect(seen.reasons.map((reason) => reason.kind === 'aborted' && (reason.error as Error).name)).toEqual([
        'ConnectionDone',
        false,
      ]);
      m.expectNothingOpen();
    }),
  );

  test(
    'an authorize that fails, and a refused that does, abort their client, with what they failed with',
    marbles((m) => {
      const memory = m.memory();
      const failure = new Error('no database');
      const fails = (): never => {
        throw failure;
      };
      const seen = proxyIn(memory, { authorize: fails, refused: fails });
      const said = { a: `CONNECT echo:7 HTTP/1.0\r\nProxy-Authorization: Basic ${btoa('joe:a')}\r\n\r\n`, g: '\0' };
      m.expect(memory.script('memory:proxy', 'a', said).received).toBe('#');
      m.expect(memory.script('memory:proxy', 'g', said).received).toBe('#');
      m.flush();
      expect(seen.reasons).toEqual([
        { kind: 'aborted', error: failure },
        { kind: 'aborted', error: failure },
      ]);
    }),
  );

  test(
    'passes a loss on',
    marbles((m) => {
      const memory = m.memory();
      const seen = proxyIn(memory);
      memory
        .listen('memory:short')
        .pipe(serve(() => throwError(() => new Error('enough'))))
        .subscribe();
      m.expect(memory.script('memory:proxy', 'a', { a: 'CONNECT short:7 HTTP/1.0\r\n\r\n' }).received).toBe('#');
      m.flush();
      expect(seen.reasons).toEqual([{ kind: 'aborted', error: expect.any(ConnectionLost) }]);
      m.expectNothingOpen();
    }),
  );
});
