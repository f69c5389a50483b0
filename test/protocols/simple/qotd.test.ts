import { bytes, LimitExceeded, serve, type CloseReason } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { qotd } from 'ropewalk/simple';

test(
  'RFC 865: "once a connection is established a short message is sent out ... (and any data received is thrown away)"',
  marbles((m) => {
    const { listen, script } = m.memory();
    let day = 0;
    listen('memory:qotd')
      .pipe(serve(qotd(() => `quote ${++day}`)))
      .subscribe();
    m.expect(script('memory:qotd', 'xyz|').received).toBe('(a|)', { a: 'quote 1\r\n' });
    // A new one for each caller, made when that one calls.
    m.expect(script('memory:qotd', '-|').received).toBe('(a|)', { a: 'quote 2\r\n' });
    m.expectNothingOpen();
  }),
);

test(
  'RFC 865: "limited to ... less than 512 characters": 511 bytes are sent, of 512 none, and the server goes on',
  marbles((m) => {
    const { listen, script } = m.memory();
    const quotes = ['x'.repeat(509), 'x'.repeat(510), 'é'.repeat(255), 'short'];
    const reasons: CloseReason[] = [];
    listen('memory:qotd')
      .pipe(serve(qotd(() => quotes.shift() ?? '')))
      .subscribe((reason) => reasons.push(reason));
    m.expect(script('memory:qotd', '|').received).toBe('(a|)', { a: bytes(`${'x'.repeat(509)}\r\n`) });
    m.expect(script('memory:qotd', '|').received).toBe('#');
    m.expect(script('memory:qotd', '|').received).toBe('#');
    m.expect(script('memory:qotd', '|').received).toBe('(a|)', { a: 'short\r\n' });
    m.flush();
    const tooLong = { kind: 'aborted', error: expect.any(LimitExceeded) };
    expect(reasons).toEqual(expect.arrayContaining([tooLong, tooLong, { kind: 'done' }, { kind: 'done' }]));
  }),
);
