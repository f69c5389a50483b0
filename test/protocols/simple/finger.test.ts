import { concat, concatMap, map, of, take, type Observable } from 'rxjs';
import { LimitExceeded, ProtocolError, serve, utf8, type CloseReason } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { askFinger, finger, formatQuery, parseQuery, type FingerQuery } from 'ropewalk/simple';

describe('RFC 1288 section 2.3, the query', () => {
  test.each<[string, FingerQuery]>([
    ['', { verbose: false }],
    ['/W', { verbose: true }],
    ['/w', { verbose: true }],
    ['/W ', { verbose: true }],
    ['joe', { user: 'joe', verbose: false }],
    ['/W joe', { user: 'joe', verbose: true }],
    ['/W    joe', { user: 'joe', verbose: true }],
    ['joe ', { user: 'joe', verbose: false }],
    ['/Who', { user: '/Who', verbose: false }],
    ['Joe Smith', { user: 'Joe Smith', verbose: false }],
    ['/W Joe Smith', { user: 'Joe Smith', verbose: true }],
    ['jo\re', { user: 'jo\re', verbose: false }],
  ])('%j is read as %j', (line, query) => {
    expect(parseQuery(line)).toEqual(query);
  });

  test.each(['@host', 'joe@host', '/W joe@host', 'joe@near@far', '@'])('%j is to be forwarded', (line) => {
    expect(parseQuery(line)).toBeUndefined();
  });

  test.each<[FingerQuery, string]>([
    [{}, '\r\n'],
    [{ verbose: true }, '/W\r\n'],
    [{ user: 'joe' }, 'joe\r\n'],
    [{ user: 'joe', verbose: true }, '/W joe\r\n'],
  ])('%j is written as %j, and read as it was', (query, line) => {
    expect(formatQuery(query)).toBe(line);
    expect(parseQuery(line.trim())).toEqual({ verbose: false, ...query });
  });

  test('a name that would end the line is refused: nobody can smuggle in a query of their own', () => {
    for (const user of ['joe\r\n/W root', 'joe\nroot', 'joe\rroot'])
      expect(() => formatQuery({ user })).toThrow(ProtocolError);
  });
});

describe('the server', () => {
  const answers = finger(({ user, verbose }) => `${user ?? 'everyone'} is here${verbose ? ', in detail' : ''}`);

  test(
    'section 2.2: answers one query and closes; lines end with CRLF (section 2.2: "lines of ASCII text, CRLF at the end")',
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:finger').pipe(serve(answers)).subscribe();
      const sent = { a: '/W jo', b: 'e\r\njim\r\n', c: '\r\n', d: 'joe\n' };
      m.expect(script('memory:finger', 'a-b|', sent).received).toBe('--(x|)', { x: 'joe is here, in detail\r\n' });
      m.expect(script('memory:finger', 'c|', sent).received).toBe('(x|)', { x: 'everyone is here\r\n' });
      m.expect(script('memory:finger', 'd|', sent).received).toBe('(x|)', { x: 'joe is here\r\n' });
      m.expectNothingOpen();
    }),
  );

  test(
    'an answer may have many lines, and come in parts',
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:finger')
        .pipe(serve(finger(() => concat(m.cold<string>('-a|', { a: 'one\ntwo\r\nthree' }), of('four\n')))))
        .subscribe();
      const said = { q: '\r\n', a: 'one\r\ntwo\r\nthree\r\n', b: 'four\r\n' };
      m.expect(script('memory:finger', 'q-----|', said).received).toBe('-a(b|)', said);
      m.expectNothingOpen();
    }),
  );

  test(
    'section 3.2.1: a query to be forwarded is answered "Finger forwarding service denied", and nobody is asked',
    marbles((m) => {
      const { listen, script } = m.memory();
      let asked = 0;
      listen('memory:finger')
        .pipe(serve(finger(() => `${++asked}`)))
        .subscribe();
      const said = { q: 'joe@host\r\n', a: 'Finger forwarding service denied\r\n' };
      m.expect(script('memory:finger', 'q|', said).received).toBe('(a|)', said);
      m.flush();
      expect(asked).toBe(0);
    }),
  );

  test(
    'a query of more than 512 bytes, or one that is cut short, breaks off that connection alone',
    marbles((m) => {
      const { listen, script } = m.memory();
      const reasons: CloseReason[] = [];
      listen('memory:finger')
        .pipe(serve(answers))
        .subscribe((reason) => reasons.push(reason));
      const said = { l: 'x'.repeat(600), c: 'joe', q: '\r\n', a: 'everyone is here\r\n' };
      m.expect(script('memory:finger', 'l-', said).received).toBe('#');
      m.expect(script('memory:finger', 'c-|', said).received).toBe('--#');
      m.expect(script('memory:finger', '---q|', said).received).toBe('---(a|)', said);
      m.flush();
      expect(reasons).toEqual([
        { kind: 'aborted', error: expect.any(LimitExceeded) },
        { kind: 'aborted', error: expect.any(ProtocolError) },
        { kind: 'done' },
      ]);
    }),
  );
});

describe('the client', () => {
  test(
    'writes the query, and gives the whole answer once the server has closed',
    marbles((m) => {
      const { listen, connect } = m.memory();
      const queries: string[] = [];
      listen('memory:finger').subscribe((connection) => {
        connection.subscribe((chunk) => queries.push(utf8(chunk)));
        m.cold<string>('-a-b|', { a: 'one\r\n', b: 'two\r\n' }).subscribe({
          next: (text) => connection.next(new TextEncoder().encode(text)),
          complete: () => connection.complete(),
        });
      });
      m.expect(
        connect('memory:finger').pipe(concatMap((connection) => askFinger(connection, { user: 'joe', verbose: true }))),
      ).toBe('----a', { a: 'one\ntwo\n' });
      m.flush();
      expect(queries).toEqual(['/W joe\r\n']);
    }),
  );

  test(
    'section 3.3: unprintable data is filtered out, so that an answer cannot drive a terminal; tabs, lines and letters stay',
    marbles((m) => {
      const { listen, connect } = m.memory();
      const answer = 'Jo\u001B[2Je\u0007\tÉmile 😀\r\n\u009B31m\u0000bad\u202Edir\u007F\r\n';
      listen('memory:finger')
        .pipe(serve(() => of(new TextEncoder().encode(answer))))
        .subscribe();
      m.expect(connect('memory:finger').pipe(concatMap((connection) => askFinger(connection).pipe(take(1))))).toBe(
        'a',
        { a: 'Jo[2Je\tÉmile 😀\n31mbaddir\n' },
      );
    }),
  );

  test(
    'an answer without an end is LimitExceeded',
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:finger')
        .pipe(serve(() => of(new Uint8Array(101))))
        .subscribe();
      const asking = (max: number): Observable<string> =>
        connect('memory:finger').pipe(concatMap((connection) => askFinger(connection, {}, max)));
      m.expect(asking(100)).toBe('#', {}, LimitExceeded);
      m.expect(
        asking(101).pipe(
          map((text) => text.length),
          take(1),
        ),
      ).toBe('(a|)', { a: 0 });
    }),
  );
});
