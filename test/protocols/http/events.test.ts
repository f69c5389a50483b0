/** Server-sent events (WHATWG HTML section 9.2): the parser, the response, the client that comes back. */
import { map, NEVER, Observable, of, Subject, take, throwError } from 'rxjs';
import { bytes, concat, ConnectionLost, LimitExceeded, ProtocolError, utf8, type Bytes } from 'ropewalk';
import { eventSource, events, eventStream, Request, Response, text, type ServerSentEvent } from 'ropewalk/http';
import { everySplit, marbles, wire } from 'ropewalk/marbles';

const event = (data: string, more: Partial<ServerSentEvent> = {}): ServerSentEvent => ({
  event: 'message',
  data,
  id: '',
  ...more,
});

describe('a stream is read, however it is cut (section 9.2.6)', () => {
  test.each([
    ['the first example of the standard', 'data: YHOO\ndata: +2\ndata: 10\n\n', [event('YHOO\n+2\n10')]],
    [
      'comments, ids, an id that is reset',
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n',
      [event('first event', { id: '1' }), event('second event'), event(' third event')],
    ],
    ['empty data', 'data\n\ndata\ndata\n\ndata:', [event(''), event('\n')]],
    ['one space, and no more, is left out', 'data:test\n\ndata: test\n\n', [event('test'), event('test')]],
    ['CRLF', 'data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n', [event('a\nb'), event('c')]],
    ['CR', 'data: a\rdata: b\r\rdata: c\r\r', [event('a\nb'), event('c')]],
    ['all three', 'data: a\r\ndata: b\rdata: c\n\r\ndata: d\n\r', [event('a\nb\nc'), event('d')]],
    ['a byte order mark', '\ufeffdata: a\n\n', [event('a')]],
    [
      'types',
      'event: add\ndata: 73\n\nevent: remove\ndata: 7\n\ndata: 1\n\n',
      [event('73', { event: 'add' }), event('7', { event: 'remove' }), event('1')],
    ],
    ['a type without data is no event', 'event: add\n\ndata: 1\n\n', [event('1')]],
    ['an id without data counts for what follows', 'id: 7\n\ndata: 1\n\n', [event('1', { id: '7' })]],
    ['an id with a zero is none', 'id: 1\nid: 2\0\ndata: 1\n\n', [event('1', { id: '1' })]],
    ['fields that are unknown, and names in another case', 'DATA: x\nother: y\ndata: 1\n\n', [event('1')]],
    ['an event that is not whole at the end is none', 'data: 1\n\ndata: 2\n', [event('1')]],
    ['what is not ASCII', 'data: héllo 𝄞\n\n', [event('héllo 𝄞')]],
  ])('%s', (_, stream, told) => {
    expect(everySplit(bytes(stream), eventStream())).toEqual(told);
  });

  test('an event has a limit, known before it is whole', () => {
    expect(() => everySplit(bytes(`data: ${'x'.repeat(100)}`), eventStream({ max: 100 }))).toThrow(LimitExceeded);
    expect(() => everySplit(bytes('data: 1234567\n'.repeat(20)), eventStream({ max: 100 }))).toThrow(LimitExceeded);
    expect(everySplit(bytes(`data:${'x'.repeat(95)}\n\n`), eventStream({ max: 100 }))).toHaveLength(1);
  });
});

/** All that a response sends, at once. */
function sent(response: Response): string {
  const parts: Bytes[] = [];
  response.body.subscribe((chunk) => parts.push(chunk));
  return utf8(concat(parts));
}

describe('a response', () => {
  test('says what it is, and that nobody should keep it', () => {
    const { status, headers } = events(NEVER, { headers: { 'X-More': 'yes' } });
    expect(status).toBe(200);
    expect([headers.get('content-type'), headers.get('cache-control'), headers.get('x-more')]).toEqual([
      'text/event-stream',
      'no-store',
      'yes',
    ]);
  });

  test('texts are data, other values JSON, and `as` says more', () => {
    expect(sent(events(of('a\nb', { n: 1 })))).toBe(':\n\ndata: a\ndata: b\n\ndata: {"n":1}\n\n');
    const as = (n: number) => ({ id: n, event: 'count', data: String(n), retry: 10 });
    expect(sent(events(of(7), { as, retry: 500 }))).toBe('retry: 500\n\nevent: count\nid: 7\nretry: 10\ndata: 7\n\n');
  });

  test('nobody smuggles in a field', () => {
    const failed: unknown[] = [];
    events(of('x'), { as: (id) => ({ id: `${id}\ndata: y`, data: '' }) }).body.subscribe({
      error: (error) => failed.push(error),
    });
    expect(failed).toEqual([expect.any(ProtocolError)]);
    expect(everySplit(bytes(sent(events(of('a\rdata: b\r\n\r\nevent: c')))), eventStream())).toEqual([
      event('a\ndata: b\n\nevent: c'),
    ]);
  });

  test('a source that is a function goes on from the last id', () => {
    const source = (last: string | undefined): Observable<string> => of(`after ${last}`);
    const request = new Request({ headers: { 'Last-Event-ID': '41' } });
    expect(sent(events(source, { request }))).toContain('after 41');
    expect(sent(events(source, { request: new Request() }))).toContain('after undefined');
  });

  test(
    'silence is broken by comments',
    marbles((m) => {
      const body = events(m.cold('-----a|', { a: 'x' }), { heartbeat: 3 }).body;
      m.expect(body).toBe('h--h-a(|)', { h: ':\n\n', a: 'data: x\n\n' });
    }),
  );
});

describe('the client', () => {
  /** A server that gives these responses one after the other, and what it was asked. */
  const server = (...responses: (() => Response | Observable<Response>)[]) => {
    const ids: (string | undefined)[] = [];
    return {
      ids,
      send: (request: Request) => {
        ids.push(request.headers.get('Last-Event-ID'));
        return (responses[ids.length - 1] ?? (() => new Response({ status: 204 })))();
      },
    };
  };
  const stream = (body: Observable<Bytes>): Response =>
    new Response({ headers: { 'Content-Type': 'text/event-stream; charset=utf-8' }, body });

  test(
    'comes back when the stream ends or is lost, with the last id, after the time that the server wishes',
    marbles((m) => {
      const { send, ids } = server(
        () => stream(wire('-a|', { a: 'retry: 5\nid: 1\ndata: a\n\n' })),
        () => stream(wire('-b#', { b: 'id: 2\ndata: b\n\ndata: half' })),
        () => throwError(() => new ConnectionLost('gone')),
        () => stream(of(bytes('data: c\n\n'))),
      );
      m.expect(eventSource('http://example.org/', { send }).pipe(map(({ id, data }) => id + data))).toBe(
        '-a------b----------c----|',
        { a: '1a', b: '2b', c: '2c' },
      );
      m.flush();
      expect(ids).toEqual([undefined, '1', '2', '2', '2']);
    }),
  );

  test(
    'fails for good where there is no such stream',
    marbles((m) => {
      for (const answer of [text('hello'), new Response({ status: 500 }), new Response({ status: 404 })])
        m.expect(eventSource('http://example.org/', { send: () => answer })).toBe('#', {}, ProtocolError);
      const lost = throwError(() => new ConnectionLost('gone'));
      m.expect(eventSource('http://example.org/', { send: () => lost, retry: 2, attempts: 3 })).toBe(
        '----#',
        {},
        ConnectionLost,
      );
      const big = stream(of(bytes(`data: ${'x'.repeat(200)}\n\n`)));
      m.expect(eventSource('http://example.org/', { send: () => big, max: 100 })).toBe('#', {}, LimitExceeded);
    }),
  );

  test('leaving lets go of the response, or of the request', () => {
    const body = new Subject<Bytes>();
    const got: string[] = [];
    eventSource('http://example.org/', { send: () => stream(body) })
      .pipe(take(1))
      .subscribe(({ data }) => got.push(data));
    body.next(bytes('data: x\n\n'));
    expect([got, body.observed]).toEqual([['x'], false]);
    let cancelled = false;
    const asked = new Observable<Response>(() => () => (cancelled = true));
    eventSource('http://example.org/', { send: () => asked })
      .subscribe()
      .unsubscribe();
    expect(cancelled).toBe(true);
  });
});
