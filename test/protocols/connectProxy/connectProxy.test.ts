/** CONNECT in memory (RFC 9110 section 9.3.6): what is asked, what is made of the answers, what follows them. */
import { catchError, concatMap, map, NEVER, Observable, of, takeWhile, tap, type OperatorFunction } from 'rxjs';
import {
  bytes,
  concat,
  ConnectError,
  ConnectTimeout,
  LimitExceeded,
  ProtocolError,
  runtime,
  serve,
  utf8,
  type Bytes,
  type Connection,
  type Protocol,
} from 'ropewalk';
import { connectProxyClient, ConnectMachine, formatConnect } from 'ropewalk/connect-proxy';
import { everySplit, marbles, type Marbles } from 'ropewalk/marbles';
import type { Memory } from 'ropewalk/memory';

const worldOf = ({ server, client }: Memory) =>
  runtime({ servers: { memory: server }, clients: { memory: client, connect: connectProxyClient } });

const endpoint = 'connect:proxy:3128:to=tcp\\:example.org\\:443:timeout=20:endpoint=memory\\:proxy';

/** A proxy that says `answer` once it has been asked, then what `more` emits; what it was asked is in `asked`. */
function answering(m: Marbles, answer: string | Bytes, more: Observable<Bytes> = NEVER) {
  const world = m.memory();
  const asked: string[] = [];
  const protocol: Protocol<Bytes> = (incoming) =>
    incoming.pipe(
      tap((chunk) => asked.push(utf8(chunk))),
      concatMap((_, i) => (i === 0 ? of(typeof answer === 'string' ? bytes(answer) : answer) : more)),
    );
  world.listen('memory:proxy').pipe(serve(protocol)).subscribe();
  const dialled = (text = endpoint): Observable<Connection> => worldOf(world).connect(text);
  return { dialled, asked };
}

const nameAndCode = (source: Observable<unknown>): Observable<unknown> =>
  source.pipe(catchError((error: Error & { code?: string }) => of(`${error.name} ${error.code}`)));

describe('the request', () => {
  const asked = (...args: Parameters<typeof formatConnect>): string => utf8(formatConnect(...args));

  test('RFC 9110 section 9.3.6: the host and the port, and nothing else, in both places', () => {
    expect(asked('example.org', 443)).toBe('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n');
  });

  test('RFC 3986 section 3.2.2: an address of IPv6 stands in brackets', () => {
    expect(asked('2001:db8::1', 80)).toContain('CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n');
  });

  test('RFC 7617 section 2: user name and password, in UTF-8', () => {
    expect(asked('a', 1, { username: 'Aladdin', password: 'open sesame' })).toContain(
      '\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n',
    );
    expect(asked('a', 1, { username: 'test', password: '123£' })).toContain('Basic dGVzdDoxMjPCow==');
    for (const username of ['a:b', 'a\r\nb', 'a\0'])
      expect(() => asked('a', 1, { username, password: '' })).toThrow(expect.objectContaining({ side: 'local' }));
  });
});

/** The machine as an operator: the status, then what follows the head. */
const reading: OperatorFunction<Bytes, unknown> = (source) =>
  new Observable((subscriber) => {
    const machine = new ConnectMachine('asking', 'a', 1);
    let following: string | undefined;
    return source.subscribe({
      next(chunk) {
        try {
          if (following !== undefined) following += utf8(chunk);
          else {
            const { done } = machine.receive(chunk);
            if (done === undefined) return;
            const { status, reason, fields } = done.result;
            subscriber.next({ status, reason, fields: [...fields] });
            following = utf8(done.unread);
          }
        } catch (error) {
          subscriber.error(error);
        }
      },
      complete() {
        subscriber.next(following);
        subscriber.complete();
      },
    });
  });

describe('the answer', () => {
  test.each([
    ['HTTP/1.1 200 Connection established\r\n\r\n', 200, 'Connection established', []],
    ['HTTP/1.0 200 \r\n\r\n', 200, '', []],
    [
      'HTTP/1.1 204 Schön\r\nVia:  a\t \r\nX:\r\n\r\n',
      204,
      'SchÃ¶n',
      [
        ['Via', 'a'],
        ['X', ''],
      ],
    ],
    // "A client MUST ignore any Content-Length or Transfer-Encoding header fields received in a successful response."
    ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n', 200, 'OK', [['Content-Length', '3']]],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', 200, 'OK', []],
  ])('%j is a yes; what follows is untouched, wherever it is cut', (head, status, reason, fields) => {
    const wire = concat([bytes(head), bytes('\r\nHTTP/1.1 500 this is not ours')]);
    expect(everySplit(wire, reading)).toEqual([{ status, reason, fields }, '\r\nHTTP/1.1 500 this is not ours']);
  });

  test.each([
    ['SSH', 'SSH-2.0-OpenSSH\r\n'],
    ['SOCKS', '\u0005\u0000'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['small letters', 'http/1.1 200 OK\r\n\r\n'],
    ['two blanks', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['no blank after the status', 'HTTP/1.1 200\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of 600', 'HTTP/1.1 600 OK\r\n\r\n'],
    ['a reason with a control character', 'HTTP/1.1 200 O\u0000K\r\n\r\n'],
    ['a lone LF', 'HTTP/1.1 200 OK\nA: b\r\n\r\n'],
    ['a lone CR', 'HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n'],
    ['a field without a colon', 'HTTP/1.1 200 OK\r\nAb\r\n\r\n'],
    ['a field without a name', 'HTTP/1.1 200 OK\r\n: b\r\n\r\n'],
    ['a blank before the colon', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n'],
    ['a folded field', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['an empty first line', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
  ])('%s is a ProtocolError, wherever it is cut', (_, wire) => {
    expect(() => everySplit(bytes(wire), reading)).toThrow(
      expect.objectContaining({ name: 'ProtocolError', side: 'remote' }),
    );
  });

  test('fields of more than 16 KiB, and a head that does not end, are LimitExceeded', () => {
    const answer = (lines: string): unknown =>
      new ConnectMachine('', 'a', 1).receive(bytes(`HTTP/1.1 200 OK${lines}`)).done?.result.status;
    const long = `\r\nA: ${'b'.repeat(8_000)}`;
    const rest = (length: number): string => `\r\nA: ${'b'.repeat(length - 5)}`;
    expect(answer(`${long}${rest(16_384 - long.length)}\r\n\r\n`)).toBe(200);
    expect(() => answer(`${long}${rest(16_385 - long.length)}\r\n\r\n`)).toThrow(LimitExceeded);
    expect(() => answer('\r\nA: b'.repeat(101) + '\r\n\r\n')).toThrow(LimitExceeded);
    expect(() => answer('\r\nA: b'.repeat(5_000))).toThrow(LimitExceeded);
  });

  test('what follows a head is not counted', () => {
    const wire = concat([bytes('HTTP/1.1 200 OK\r\n\r\n'), new Uint8Array(60_000)]);
    expect(new ConnectMachine('', 'a', 1).receive(wire).done?.unread.length).toBe(60_000);
  });

  test('more than ten times "wait" (1xx) is LimitExceeded', () => {
    const wait = bytes('HTTP/1.1 100 Continue\r\n\r\n'.repeat(10));
    const machine = new ConnectMachine('', 'a', 1);
    expect(machine.receive(wait)).toEqual({});
    expect(() => machine.receive(wait)).toThrow(LimitExceeded);
  });
});

describe('the client', () => {
  test(
    'asks, and is then a wire to there: bytes in the chunk of the answer come first',
    marbles((m) => {
      const { dialled, asked } = answering(m, 'HTTP/1.1 200 OK\r\n\r\nhello', m.cold('-(m|)', { m: bytes('more') }));
      const heard = dialled().pipe(
        tap((connection) => connection.next(bytes('hi'))),
        concatMap((connection) => connection),
        takeWhile((chunk) => utf8(chunk) !== 'more', true),
      );
      m.expect(heard).toBe('h(m|)', { h: bytes('hello'), m: bytes('more') });
      m.flush();
      expect(asked).toEqual(['CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n', 'hi']);
    }),
  );

  test.each([
    [
      '407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="a"\r\nproxy-authenticate: Digest b',
      'ProxyAuthenticationFailed',
    ],
    ['403 Forbidden', 'ConnectPermissionDenied'],
    ['504 Gateway Timeout', 'ConnectTimeout'],
    ['502 Bad Gateway', 'ProxyRefused'],
    ['405 Method Not Allowed', 'ProxyRefused'],
    ['301 Moved', 'ProxyRefused'],
    ['101 Switching Protocols', 'ProxyRefused'],
  ])('%s is %s, and its code tells the status', (answer, name) =>
    marbles((m) => {
      const { dialled } = answering(m, `HTTP/1.1 ${answer}\r\n\r\n`);
      m.expect(nameAndCode(dialled())).toBe('(a|)', { a: `${name} HTTP_${answer.slice(0, 3)}` });
      m.expectNothingOpen();
    })(),
  );

  test(
    'says what the proxy said, and what it asks for',
    marbles((m) => {
      const answer = 'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="a"\r\nProxy-Authenticate: Negotiate\r\n\r\n';
      const message = answering(m, answer)
        .dialled()
        .pipe(catchError((error: Error) => of(error.message)));
      m.expect(message).toBe('(a|)', {
        a:
          'connecting to example.org:443 through the HTTP proxy proxy:3128: the proxy says 407 No, ' +
          'it asks for Basic, Negotiate',
      });
    }),
  );

  test(
    'gives a silent proxy up, and a dripping one; nonsense, and an end, are a ConnectError',
    marbles((m) => {
      m.expect(answering(m, '').dialled()).toBe('20ms #', {}, ConnectTimeout);
      const drip = m.memory();
      drip
        .listen('memory:proxy')
        .pipe(
          serve(() =>
            m.cold<Bytes>('-H----T----T----P----/-----', Object.fromEntries([...'HTP/'].map((c) => [c, bytes(c)]))),
          ),
        )
        .subscribe();
      m.expect(worldOf(drip).connect(endpoint)).toBe('20ms #', {}, ConnectTimeout);
      m.expect(answering(m, 'SSH-2.0-x\r\n').dialled()).toBe('#', {}, ConnectError);
      const gone = m.memory();
      gone
        .listen('memory:proxy')
        .pipe(serve(() => of(bytes('HTTP/1.1 200'))))
        .subscribe();
      m.expect(worldOf(gone).connect(endpoint)).toBe('#', {}, ConnectError);
      m.expectNothingOpen();
    }),
  );

  test(
    'says who it is when it is told, and nothing is dialled for what cannot be said',
    marbles((m) => {
      const { dialled, asked } = answering(m, 'HTTP/1.1 200 OK\r\n\r\n');
      const there = dialled(`${endpoint}:username=joe:password=a\\:b`).pipe(map(() => 'there'));
      m.expect(there, '^-!').toBe('t', { t: 'there' });
      const unsayable = dialled(`${endpoint}:username=j\\:oe:password=b`).pipe(
        catchError((error: Error) => of(error.cause instanceof ProtocolError)),
      );
      m.expect(unsayable).toBe('(t|)', { t: true });
      m.flush();
      expect(asked).toHaveLength(1);
      expect(asked[0]).toContain(`Proxy-Authorization: Basic ${btoa('joe:a:b')}`);
    }),
  );
});
