import fc from 'fast-check';
import { concatMap, EMPTY, map, type Observable } from 'rxjs';
import {
  ConnectionDone,
  deferLater,
  lines,
  over,
  ProtocolError,
  serve,
  type CloseReason,
  type Connection,
} from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import {
  askIdent,
  formatReply,
  formatRequest,
  ident,
  parseReply,
  parseRequest,
  type IdentReply,
  type PortPair,
} from 'ropewalk/simple';

const pair: PortPair = { server: 6193, client: 23 };

describe('RFC 1413 section 3, the request', () => {
  test.each([
    ['6193, 23', pair],
    ['6193,23', pair],
    ['  6193 ,\t23  ', pair],
    ['1, 65535', { server: 1, client: 65535 }],
    ['0, 23', undefined],
    ['6193, 65536', undefined],
    ['6193 23', undefined],
    ['6193, 23, 5', undefined],
    ['6193, -23', undefined],
    ['6193, 0x17', undefined],
    ['6193, 2e1', undefined],
    ['', undefined],
  ])('%j asks about %j', (line, asked) => {
    expect(parseRequest(line)).toEqual(asked);
  });

  test('what is written is read as it was', () => {
    const port = fc.integer({ min: 1, max: 65535 });
    fc.assert(
      fc.property(fc.record({ server: port, client: port }), (asked) => {
        expect(parseRequest(formatRequest(asked))).toEqual(asked);
      }),
    );
  });
});

describe('RFC 1413 section 4, the reply', () => {
  test.each<[string, IdentReply]>([
    ['6193, 23 : USERID : UNIX : stjohns', { kind: 'user', system: 'UNIX', user: 'stjohns' }],
    ['6193, 23 : USERID : UNIX :stjohns', { kind: 'user', system: 'UNIX', user: 'stjohns' }],
    ['6193,23:userid:OTHER:StJohns@DCA', { kind: 'user', system: 'OTHER', user: 'StJohns@DCA' }],
    ['6193, 23 : USERID : UNIX,US-ASCII : a', { kind: 'user', system: 'UNIX', charset: 'US-ASCII', user: 'a' }],
    ['6193, 23 : USERID : UNIX : st:johns: x ', { kind: 'user', system: 'UNIX', user: 'st:johns: x ' }],
    ['6193, 23 : USERID : UNIX :   spaced', { kind: 'user', system: 'UNIX', user: '  spaced' }],
    ['6193, 23 : ERROR : INVALID-PORT', { kind: 'error', error: 'INVALID-PORT' }],
    ['6193, 23 : ERROR : NO-USER', { kind: 'error', error: 'NO-USER' }],
    ['6193, 23 : ERROR : HIDDEN-USER', { kind: 'error', error: 'HIDDEN-USER' }],
    ['6193,23:ERROR:UNKNOWN-ERROR ', { kind: 'error', error: 'UNKNOWN-ERROR' }],
    ['6193, 23 : ERROR : XMAINTENANCE', { kind: 'error', error: 'XMAINTENANCE' }],
  ])('%j is %j', (line, reply) => {
    expect(parseReply(line, pair)).toEqual(reply);
  });

  test.each([
    ['is about another pair', '6193, 24 : USERID : UNIX : root'],
    ['is about the pair the wrong way round', '23, 6193 : USERID : UNIX : root'],
    ['has no ports', ' : ERROR : NO-USER'],
    ['is of neither kind', '6193, 23 : NOBODY : UNIX : root'],
    ['has no user', '6193, 23 : USERID : UNIX :'],
    ['has no system', '6193, 23 : USERID : : root'],
    ['is empty', ''],
  ])('one that %s is a ProtocolError, and says what came', (_, line) => {
    expect(() => parseReply(line, pair)).toThrow(ProtocolError);
    expect(() => parseReply(line, pair)).toThrow(/^expected an ident reply about 6193, 23, got '/);
  });

  test('what is written is read as it was', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9.!@#$%^&*()_=+<>/?"'~`{}[\]; -]{1,64}$/).filter((it) => !/\s/.test(it));
    const user = fc
      .string({ minLength: 1, maxLength: 512, unit: 'grapheme-ascii' })
      .filter((it) => !/[\0\r\n]/.test(it));
    const reply: fc.Arbitrary<IdentReply> = fc.oneof(
      fc.record({ kind: fc.constant('user' as const), user, system: token }),
      fc.record({ kind: fc.constant('user' as const), user, system: token, charset: token }),
      fc.record({ kind: fc.constant('error' as const), error: fc.constantFrom('NO-USER' as const, 'XBUSY' as const) }),
    );
    fc.assert(
      fc.property(reply, (it) => {
        expect(parseReply(formatReply(pair, it), pair)).toEqual(it);
      }),
    );
  });

  test('a name with NUL, CR or LF ("any octet except" these) is refused: nobody can smuggle in a reply of their own', () => {
    for (const user of ['joe\r\n6193, 24 : USERID : UNIX : root', 'joe\nx', 'joe\rx', 'joe\0x'])
      expect(() => formatReply(pair, { kind: 'user', user, system: 'UNIX' })).toThrow(
        expect.objectContaining({ name: 'ProtocolError', side: 'local' }),
      );
  });
});

describe('the server', () => {
  test(
    'answers request after request, and ends when the caller does; what makes no sense gets INVALID-PORT',
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:ident')
        .pipe(serve(ident(({ server }) => ({ kind: 'user', system: 'UNIX', user: `owner-of-${server}` }))))
        .subscribe();
      const said = {
        a: '6193, 23\r\n',
        x: '6193, 23 : USERID : UNIX : owner-of-6193\r\n',
        b: 'who?\r\n',
        y: '0, 0 : ERROR : INVALID-PORT\r\n',
      };
      m.expect(script('memory:ident', '-a-b-a|', said).received).toBe('-x-y-x|', said);
      m.expectNothingOpen();
    }),
  );

  test(
    'requests that come together are answered in their order, though the lookups take their time, one at a time',
    marbles((m) => {
      const { listen, script } = m.memory();
      let looking = 0;
      listen('memory:ident')
        .pipe(
          serve(
            ident(({ server }) => {
              expect(++looking).toBe(1);
              return deferLater(10 - server, () => {
                looking--;
                return { kind: 'user', system: 'UNIX', user: `user${server}` };
              });
            }),
          ),
        )
        .subscribe();
      const reply = (server: number): string => `${server}, 9 : USERID : UNIX : user${server}\r\n`;
      const said = { q: '1, 9\r\n2, 9\r\n3,', r: ' 9\r\n', x: reply(1), y: reply(2), z: reply(3) };
      m.expect(script('memory:ident', 'qr|', said).received).toBe('---------x-------y------(z|)', said);
      m.expectNothingOpen();
    }),
  );

  test(
    'a lookup that fails, and a name with CRLF in it, break off that connection alone, and nothing is sent',
    marbles((m) => {
      const { listen, script } = m.memory();
      const reasons: CloseReason[] = [];
      listen('memory:ident')
        .pipe(
          serve(
            ident(({ server }) => {
              if (server === 1) throw new Error('no database');
              return {
                kind: 'user',
                system: 'UNIX',
                user: server === 2 ? 'joe\r\n2, 9 : USERID : UNIX : root' : 'joe',
              };
            }),
          ),
        )
        .subscribe((reason) => reasons.push(reason));
      const said = { a: '1, 9\r\n', b: '2, 9\r\n', c: '3, 9\r\n', x: '3, 9 : USERID : UNIX : joe\r\n' };
      m.expect(script('memory:ident', 'a-', said).received).toBe('#');
      m.expect(script('memory:ident', '-b-', said).received).toBe('-#');
      m.expect(script('memory:ident', '--c|', said).received).toBe('--x|', said);
      m.flush();
      expect(reasons).toEqual([
        { kind: 'aborted', error: new Error('no database') },
        { kind: 'aborted', error: expect.any(ProtocolError) },
        { kind: 'done' },
      ]);
    }),
  );

  test(
    'section 4: a request of more than 1000 characters breaks off',
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:ident')
        .pipe(serve(ident(() => ({ kind: 'error', error: 'HIDDEN-USER' }))))
        .subscribe();
      m.expect(script('memory:ident', 'l', { l: ' '.repeat(1002) }).received).toBe('#');
    }),
  );
});

describe('the client', () => {
  const asking = (connect: (endpoint: string) => Observable<Connection>, asked = pair): Observable<IdentReply> =>
    connect('memory:ident').pipe(concatMap((connection) => askIdent(connection.over(lines()), asked)));

  test(
    'asks, and gives the reply',
    marbles((m) => {
      const { listen, connect } = m.memory();
      const seen: PortPair[] = [];
      listen('memory:ident')
        .pipe(
          serve(
            ident((pair) => {
              seen.push(pair);
              return { kind: 'user', system: 'UNIX', user: 'st:johns' };
            }),
          ),
        )
        .subscribe();
      m.expect(asking(connect)).toBe('a', { a: { kind: 'user', system: 'UNIX', user: 'st:johns' } });
      m.flush();
      expect(seen).toEqual([pair]);
    }),
  );

  test(
    'a reply about another pair is a ProtocolError',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:ident')
        .pipe(
          serve(
            over(
              lines(),
              map(() => '6193, 24 : USERID : UNIX : root'),
            ),
          ),
        )
        .subscribe();
      m.expect(asking(connect)).toBe('#', {}, ProtocolError);
    }),
  );

  test(
    'a server that closes instead is ConnectionDone',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:ident')
        .pipe(serve(() => EMPTY))
        .subscribe();
      m.expect(asking(connect)).toBe('#', {}, ConnectionDone);
    }),
  );
});
