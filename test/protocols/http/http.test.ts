/** The server layer in memory and virtual time: what is said on the wire, in which order, and when it ends. */
import {
  asyncScheduler,
  concat as concatOf,
  concatMap,
  EMPTY,
  map,
  mergeMap,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { bytes, over, serve, utf8, type Bytes, type CloseReason, type Connection, type Protocol } from 'ropewalk';
import { empty, http, HttpError, Response, stream, text, type HttpOptions, type Request } from 'ropewalk/http';
import { marbles, type Marbles } from 'ropewalk/marbles';

type Site = Protocol<Request, Response>;

/** A site behind the layer, and one client that says what it is told to, in pieces at their times. */
function talk(m: Marbles, site: Site, options: HttpOptions = {}) {
  const { listen, dial } = m.memory();
  const reasons: CloseReason[] = [];
  const refusals: string[] = [];
  const stop = new Subject<void>();
  const refused = (error: unknown): number => refusals.push((error as Error).message);
  const server = listen('memory:web');
  const kept = new Observable<Connection>((subscriber) => {
    const listening = server.subscribe(subscriber);
    listening.add(stop.subscribe(() => subscriber.complete()));
    return listening;
  });
  kept.pipe(serve(over(http({ refused, ...options }), site))).subscribe((reason) => reasons.push(reason));
  let heard = '';
  let ended = '';
  let client: Connection | undefined;
  dial('memory:web').addCallback((connection) => {
    client = connection;
    connection.subscribe({
      next: (chunk) => (heard += utf8(chunk)),
      complete: () => (ended = 'ended'),
      error: (error: Error) => (ended = error.name),
    });
  });
  m.flush();
  return {
    reasons,
    refusals,
    stop,
    say(words: string | Bytes) {
      client!.next(typeof words === 'string' ? bytes(words) : words);
      m.flush();
    },
    client: () => client!,
    /** What was heard since the last time, without the date. */
    heard() {
      const all = heard.replaceAll(/Date: Thu, 01 Jan 1970 [\d:]+ GMT\r\n/g, '');
      heard = '';
      return all;
    },
    ended: () => ended,
  };
}

const hello = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello';
const get = (target = '/', fields = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (fields: string, content = ''): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${content}`;
/** No deadline comes while a test looks. */
const patient = { timeouts: { head: Infinity, body: Infinity, idle: Infinity } };
const sayingHello: Site = map(() => text('hello'));
const path: Site = map((request) => text(request.target));
const readingAll: Site = mergeMap((request) => request.text().addCallback((said) => text(said)));

describe('responses', () => {
  test(
    'RFC 9112 section 9.3: a connection goes on, request by request',
    marbles((m) => {
      const { say, heard, ended } = talk(m, sayingHello, patient);
      say(get());
      expect(heard()).toBe(hello);
      say(get() + get());
      expect(heard()).toBe(hello + hello);
      expect(ended()).toBe('');
    }),
  );

  test(
    'RFC 9110 section 6.6.1: each has a Date, of the scheduler, unless it says one itself',
    marbles((m) => {
      const dates: (string | undefined)[] = [];
      const { say, client } = talk(
        m,
        map(({ path: asked }) => (asked === '/' ? text('') : text('', { headers: { Date: 'mine' } }))),
        patient,
      );
      client().subscribe((chunk) => dates.push(/Date: (.*)\r/.exec(utf8(chunk))?.[1]));
      say(get());
      say(get('/mine'));
      expect(dates).toEqual(['Thu, 01 Jan 1970 00:00:00 GMT', 'mine']);
    }),
  );

  test(
    'RFC 9112 section 9.3.2: answers come in the order of their requests, however late the first one is',
    marbles((m) => {
      const late: Site = (requests) =>
        new Observable((subscriber) => {
          const answers: Response[] = [];
          return requests.subscribe((request) => {
            answers.push(text(request.target));
            if (answers.length === 3) for (const answer of answers) subscriber.next(answer);
          });
        });
      const { say, heard } = talk(m, late, patient);
      say(get('/1') + get('/2') + get('/3'));
      expect(heard().match(/\n\/\d/g)).toEqual(['\n/1', '\n/2', '\n/3']);
    }),
  );

  test(
    'one that streams holds those behind it',
    marbles((m) => {
      const slow = new Subject<Bytes>();
      const { say, heard } = talk(
        m,
        map(({ target }) => (target === '/slow' ? stream(slow) : text('hello'))),
        patient,
      );
      say(get('/slow') + get());
      expect(heard()).toContain('Transfer-Encoding: chunked\r\n\r\n');
      slow.next(bytes('one'));
      m.flush();
      expect(heard()).toBe('3\r\none\r\n');
      slow.complete();
      m.flush();
      expect(heard()).toBe(`0\r\n\r\n${hello}`);
    }),
  );

  test(
    'RFC 9112 section 6.3: without a length there are chunks, with one there are none, and for HTTP/1.0 the end is the end',
    marbles((m) => {
      const parts = (headers?: Record<string, string>): Response => stream(of(bytes('ab'), bytes('c')), { headers });
      const site: Site = map(({ target }) => (target === '/known' ? parts({ 'Content-Length': '3' }) : parts()));
      const { say, heard, ended } = talk(m, site, patient);
      say(get());
      expect(heard()).toMatch(/Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n$/);
      say(get('/known'));
      expect(heard()).toMatch(/Content-Length: 3\r\n\r\nabc$/);
      say('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      expect(heard()).toMatch(/octet-stream\r\nConnection: close\r\n\r\nabc$/);
      expect(ended()).toBe('ended');
    }),
  );

  test(
    'RFC 9112 section 9.3: HTTP/1.0 goes on if it asks for it, and is told so',
    marbles((m) => {
      const { say, heard, ended } = talk(m, sayingHello, patient);
      say('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      expect(heard()).toContain('Connection: keep-alive\r\n');
      say('GET / HTTP/1.0\r\n\r\n');
      expect(heard()).toContain('Connection: close\r\n');
      expect(ended()).toBe('ended');
    }),
  );

  test(
    'RFC 9110 sections 9.3.2, 15.3.5 and 15.4.5: none has content to HEAD, with 204 or with 304',
    marbles((m) => {
      let left = 0;
      const counted = new Observable<Bytes>(() => () => left++);
      const site: Site = map(({ target }) =>
        target === '/204'
          ? empty()
          : target === '/304'
            ? new Response({ status: 304, headers: { ETag: '"a"' } })
            : target === '/stream'
              ? stream(counted)
              : text('hello'),
      );
      const { say, heard } = talk(m, site, patient);
      say('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
      expect(heard()).toBe(hello.slice(0, -5));
      say('HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n');
      expect(heard()).toBe('HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n');
      say(get('/204') + get('/304'));
      expect(heard()).toBe('HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n');
      expect(left).toBe(0);
    }),
  );

  test(
    'RFC 9112 section 7.1.2: trailers are those of the moment when the content has ended',
    marbles((m) => {
      let sum = 0;
      const body = of(bytes('ab')).pipe(tap((chunk) => (sum += chunk.length)));
      const { say, heard } = talk(
        m,
        map(() => new Response({ body, trailers: () => fieldsOf(sum) })),
        patient,
      );
      const fieldsOf = (n: number) => new Response({ headers: { 'X-Length': n } }).headers;
      say(get());
      expect(heard()).toMatch(/2\r\nab\r\n0\r\nX-Length: 2\r\n\r\n$/);
    }),
  );

  test(
    'a content that breaks off, or is not as long as it said, is never ended in order',
    marbles((m) => {
      const broken: Record<string, Response> = {
        '/error': stream(
          concatOf(
            of(bytes('a')),
            throwError(() => new Error('disk')),
          ),
        ),
        '/few': stream(of(bytes('a')), { headers: { 'Content-Length': '3' } }),
        '/many': stream(of(bytes('abcd')), { headers: { 'Content-Length': '3' } }),
      };
      for (const target of Object.keys(broken)) {
        const { say, heard, ended, reasons } = talk(
          m,
          map(({ path: asked }) => broken[asked]),
          patient,
        );
        say(get(target));
        expect([target, ended(), reasons[0].kind]).toEqual([target, 'ConnectionLost', 'aborted']);
        expect(heard()).not.toContain('0\r\n\r\n');
      }
    }),
  );

  test(
    'what cannot be a response is a 500 for the client, and told to the program',
    marbles((m) => {
      const wrong: Response[] = [
        text('hello', { headers: { 'Content-Length': '3' } }),
        new Response({ status: 103 }),
        new Response({ status: 101 }),
        new Response({ status: 42 }),
        new Response({ reason: 'a\r\nb' }),
      ];
      const { say, heard, refusals } = talk(
        m,
        map(() => wrong.shift()!),
        patient,
      );
      for (let n = 1; wrong.length > 0; n++) {
        say(get());
        expect(heard()).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n.*\r\n\r\n500 Internal Server Error\n$/s);
        expect(refusals).toHaveLength(n);
      }
    }),
  );

  test(
    'RFC 9112 section 9.6: who says close is the last to speak',
    marbles((m) => {
      const { say, heard, ended } = talk(
        m,
        map(({ target }) => text(target, { headers: { Connection: 'close' } })),
        patient,
      );
      say(get('/1') + get('/2'));
      expect(heard()).toMatch(/Connection: close\r\n\r\n\/1$/);
      expect(ended()).toBe('ended');
    }),
  );

  test(
    'one more response than there are requests ends the connection',
    marbles((m) => {
      const { say, reasons } = talk(
        m,
        concatMap(() => of(text('a'), text('b'))),
        patient,
      );
      say(get());
      expect(reasons).toEqual([{ kind: 'aborted', error: expect.objectContaining({ side: 'local' }) }]);
    }),
  );
});

describe('the content of a request', () => {
  test(
    'that came with its head is there at once; another is streamed, cut as it comes',
    marbles((m) => {
      const streamed: boolean[] = [];
      const { say, heard } = talk(
        m,
        (requests) => readingAll(requests.pipe(tap((r) => streamed.push(r.streamed))), undefined!),
        patient,
      );
      say(post('Content-Length: 5', 'hello'));
      expect(heard()).toBe(hello);
      say(post('Content-Length: 5', 'he'));
      say('llo');
      expect(heard()).toBe(hello);
      say(post('Transfer-Encoding: chunked', '3\r\nhel\r\n'));
      say('2\r\nlo\r\n0\r\n\r\n');
      expect(heard()).toBe(hello);
      expect(streamed).toEqual([false, true, true]);
    }),
  );

  test(
    'its trailers are there when it has ended',
    marbles((m) => {
      const site: Site = mergeMap((request) =>
        request.text().addCallback(() => text(request.trailers.get('x') ?? 'none')),
      );
      const { say, heard } = talk(m, site, patient);
      say(post('Transfer-Encoding: chunked', '1\r\na\r\n0\r\nX: y\r\n\r\n'));
      expect(heard()).toMatch(/\r\n\r\ny$/);
    }),
  );

  test(
    'RFC 9110 section 10.1.1: 100 Continue is sent when it is first wanted, and once',
    marbles((m) => {
      const wait = new Subject<void>();
      const { say, heard } = talk(
        m,
        mergeMap((request) =>
          wait.pipe(
            take(1),
            mergeMap(() => request.text().addCallback(text)),
          ),
        ),
        patient,
      );
      say(post('Content-Length: 5\r\nExpect: 100-continue'));
      expect(heard()).toBe('');
      wait.next();
      m.flush();
      expect(heard()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      say('he');
      say('llo');
      expect(heard()).toBe(hello);
    }),
  );

  test(
    'who is answered without 100 is not waited for: the connection ends',
    marbles((m) => {
      const { say, heard, ended } = talk(m, sayingHello, patient);
      say(post('Content-Length: 5\r\nExpect: 100-continue'));
      expect(heard()).toContain('Connection: close\r\n');
      expect(ended()).toBe('ended');
    }),
  );

  test(
    'a response that is made of the content is no reason not to ask for it',
    marbles((m) => {
      const { say, heard } = talk(
        m,
        map((request) => stream(request.body)),
        patient,
      );
      say(post('Content-Length: 2\r\nExpect: 100-continue'));
      expect(heard()).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/);
      say('hi');
      expect(heard()).toBe('2\r\nhi\r\n0\r\n\r\n');
    }),
  );

  test(
    'while nobody reads it its connection is held, and what is read is not more than what is wanted',
    marbles((m) => {
      let request: Request | undefined;
      const site: Site = mergeMap((asked) => {
        request = asked;
        return NEVER;
      });
      const { say, client } = talk(m, site, patient);
      say(post('Content-Length: 1000000', 'x'));
      for (let n = 0; n < 20; n++) say(new Uint8Array(32_768));
      const before = client().state.unsent;
      expect(before).toBeGreaterThan(400_000);
      let read = 0;
      request!.body.pipe(tap((chunk) => (read += chunk.length))).subscribe();
      m.flush();
      expect(client().state.unsent).toBe(0);
      expect(read).toBe(1 + 20 * 32_768);
    }),
  );

  test(
    'one that nobody has read is let go of, up to a limit; with more the connection ends',
    marbles((m) => {
      const { say, heard, ended } = talk(m, sayingHello, { ...patient, discard: 10 });
      say(post('Content-Length: 10', 'x'));
      say('123456789' + get());
      expect(heard()).toBe(hello + hello);
      say(post('Transfer-Encoding: chunked', '5\r\n'));
      say('hello\r\n');
      expect(heard()).toBe(hello);
      say('6\r\nhello!\r\n');
      expect(ended()).toBe('ended');
      const known = talk(m, sayingHello, { ...patient, discard: 10 });
      known.say(post('Content-Length: 100', 'x'));
      expect(known.heard()).toContain('Connection: close\r\n');
      expect(known.ended()).toBe('ended');
    }),
  );

  test(
    'what breaks in the middle of it is told to its reader, and answered',
    marbles((m) => {
      const seen: string[] = [];
      const site: Site = mergeMap(({ body }) =>
        body.pipe(
          tap({ error: (error: Error) => seen.push(error.name) }),
          mergeMap(() => EMPTY),
        ),
      );
      const { say, heard, ended } = talk(m, (requests, c) => site(requests, c), patient);
      say(post('Transfer-Encoding: chunked', '5\r\n'));
      say('hello--');
      expect(seen).toEqual(['ProtocolError']);
      expect(heard()).toMatch(/^HTTP\/1.1 400 Bad Request\r\n.*Connection: close\r\n/s);
      expect(ended()).toBe('ended');
    }),
  );

  test(
    'a client that is lost in the middle of it is told to its reader, and what works for it is called off',
    marbles((m) => {
      const seen: string[] = [];
      let left = 0;
      const site: Site = mergeMap(({ body }) => {
        body.subscribe({ error: (error: Error) => seen.push(error.name) });
        return new Observable<Response>(() => () => left++);
      });
      const { say, client, reasons } = talk(m, site, patient);
      say(post('Content-Length: 5', 'x'));
      client().error(new Error('gone'));
      m.flush();
      expect([seen, left, reasons[0].kind]).toEqual([['ConnectionLost'], 1, 'lost']);
    }),
  );
});

describe('what is refused', () => {
  test.each([
    ['a blank before the colon', get('/', 'X : y\r\n'), '400 Bad Request'],
    ['a version', 'GET / HTTP/2.0\r\n\r\n', '505 HTTP Version Not Supported'],
    ['a long line', get(`/${'a'.repeat(8192)}`), '414 URI Too Long'],
    ['many fields', get('/', 'A: b\r\n'.repeat(100)), '431 Request Header Fields Too Large'],
    ['much content', post('Content-Length: 2000'), '413 Content Too Large'],
    ['a coding', post('Transfer-Encoding: gzip, chunked'), '501 Not Implemented'],
    ['an expectation', get('/', 'Expect: more\r\n'), '417 Expectation Failed'],
  ])('%s is answered after what came before it, and is the last', (_, wire, status) =>
    marbles((m) => {
      const { say, heard, ended, refusals } = talk(m, sayingHello, { ...patient, limits: { body: 1000 } });
      say(get() + wire + get());
      const said = heard();
      expect(said.slice(0, hello.length)).toBe(hello);
      expect(said.slice(hello.length)).toMatch(
        new RegExp(`^HTTP/1.1 ${status}\\r\\n[^]*Connection: close\\r\\n\\r\\n${status.slice(0, 3)} [^]*$`),
      );
      expect(said.match(/HTTP\/1.1 \d/g)).toHaveLength(2);
      expect([ended(), refusals.length]).toEqual(['ended', 1]);
    })(),
  );

  test(
    'it waits for answers that are still to come',
    marbles((m) => {
      const slow = talk(
        m,
        mergeMap(() => timer(10).pipe(map(() => text('hello')))),
        patient,
      );
      slow.say(`${get()}nonsense\r\n\r\n`);
      expect(slow.heard()).toMatch(/^HTTP\/1.1 200 OK[^]*helloHTTP\/1.1 400/);
    }),
  );

  test(
    'a site that fails answers what it was asked with 500 and no word, or as the error says',
    marbles((m) => {
      const failing = (error: unknown): Site => mergeMap(() => throwError(() => error));
      const secret = talk(m, failing(new Error('the password is xyzzy')), patient);
      secret.say(get());
      expect(secret.heard()).toMatch(/^HTTP\/1.1 500 [^]*\r\n\r\n500 Internal Server Error\n$/);
      expect([secret.ended(), secret.refusals]).toEqual(['ended', ['the password is xyzzy']]);
      const known = talk(m, failing(new HttpError(404, 'no such page', { headers: { 'X-A': 'b' } })), patient);
      known.say(get());
      expect(known.heard()).toMatch(
        /^HTTP\/1.1 404 Not Found\r\n[^]*X-A: b\r\n[^]*\r\n\r\n404 Not Found: no such page\n$/,
      );
    }),
  );
});

describe('time', () => {
  const timeouts = { head: 30, body: 20, idle: 60 };
  /** What a client hears that plays a diagram, and when. */
  const hearing = (m: Marbles, site: Site, diagram: string, legend = {}): string[] => {
    const { listen, script } = m.memory();
    listen('memory:web')
      .pipe(serve(over(http({ timeouts, minRate: 0 }), site)))
      .subscribe();
    const heard: string[] = [];
    const began = asyncScheduler.now();
    const { received } = script('memory:web', diagram, legend);
    const tell = (what: string): number => heard.push(`${asyncScheduler.now() - began} ${what}`);
    received.subscribe({ next: (chunk) => tell(utf8(chunk).slice(9, 12)), complete: () => tell('end') });
    m.flush();
    return heard;
  };

  test(
    'who says nothing is let go, at first and between requests, without a word',
    marbles((m) => {
      expect(hearing(m, sayingHello, '---')).toEqual(['60 end']);
      expect(hearing(m, sayingHello, '50ms g', { g: get() })).toEqual(['50 200', '110 end']);
    }),
  );

  test(
    'RFC 9110 section 15.5.9: a head that drips is 408, however steadily',
    marbles((m) => {
      expect(hearing(m, sayingHello, `10ms G---E---T---_${'---a'.repeat(20)}`, { _: ' ' })).toEqual([
        '40 408',
        '40 end',
      ]);
    }),
  );

  test(
    'a content that stops coming is 408; one that nobody wants yet has time',
    marbles((m) => {
      const half = { h: post('Content-Length: 5', 'he'), l: 'l' };
      expect(hearing(m, readingAll, 'h 9ms l', half)).toEqual(['30 408', '30 end']);
      const slow: Site = mergeMap((request) =>
        timer(500).pipe(mergeMap(() => request.text().addCallback((said) => text(said)))),
      );
      expect(hearing(m, slow, 'h 504ms l 4ms l 4ms l', half)).toEqual(['515 200', '575 end']);
    }),
  );
});

describe('the end', () => {
  test(
    'when serving stops the work in hand is finished, and says that it is the last',
    marbles((m) => {
      const answer = new Subject<Response>();
      const { say, heard, stop, ended } = talk(
        m,
        mergeMap(() => answer.pipe(take(1))),
        patient,
      );
      say(get());
      stop.next();
      m.flush();
      expect([heard(), ended()]).toEqual(['', '']);
      answer.next(text('hello'));
      m.flush();
      expect(heard()).toContain('Connection: close\r\n');
      expect(ended()).toBe('ended');
    }),
  );

  test(
    'and who only waits is let go at once',
    marbles((m) => {
      const { say, heard, stop, ended } = talk(m, sayingHello, patient);
      say(get());
      stop.next();
      m.flush();
      expect([heard(), ended()]).toEqual([hello, 'ended']);
    }),
  );

  test(
    'RFC 9112 section 9.6: a client that has no more to say gets its answers',
    marbles((m) => {
      const { client, heard, ended, reasons } = talk(
        m,
        mergeMap(() => timer(50).pipe(map(() => text('hello')))),
        patient,
      );
      client().next(bytes(get() + get()));
      client().complete();
      m.flush();
      expect(heard().match(/hello/g)).toHaveLength(2);
      expect([ended(), reasons]).toEqual(['ended', [{ kind: 'done' }]]);
    }),
  );
});

describe('turning into something else', () => {
  const shout: Protocol<Bytes> = map((chunk) => bytes(utf8(chunk).toUpperCase()));

  test(
    "RFC 9110 section 7.8: 101, and what comes behind the request is the new protocol's, untouched",
    marbles((m) => {
      const site: Site = map(() => new Response({ status: 101, headers: { Upgrade: 'shout' }, upgrade: shout }));
      const { say, heard } = talk(m, site, patient);
      say(`${get('/', 'Connection: upgrade\r\nUpgrade: shout\r\n')}\r\nhey\n\n`);
      expect(heard()).toBe(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: upgrade\r\n\r\n\r\nHEY\n\n',
      );
      say('you');
      expect(heard()).toBe('YOU');
    }),
  );

  test(
    'RFC 9110 section 9.3.6: a 2xx to CONNECT; what waited for it was not read as a request',
    marbles((m) => {
      const site: Site = mergeMap((request) =>
        timer(10).pipe(map(() => (request.method === 'CONNECT' ? new Response({ upgrade: shout }) : text('no')))),
      );
      const { say, heard } = talk(m, site, patient);
      say(`CONNECT b:1 HTTP/1.1\r\nHost: b\r\n\r\n${get()}`);
      expect(heard()).toBe(`HTTP/1.1 200 OK\r\n\r\n${get().toUpperCase()}`);
    }),
  );

  test(
    'and an answer that refuses lets HTTP go on',
    marbles((m) => {
      const { say, heard } = talk(m, path, patient);
      say(get('/1', 'Connection: upgrade\r\nUpgrade: shout\r\n') + get('/2'));
      expect(heard().match(/\/\d$/gm)).toEqual(['/2']);
    }),
  );
});

test(
  'so many requests wait as may, and not one more',
  marbles((m) => {
    const asked: string[] = [];
    const answer = new Subject<Response>();
    const site: Site = mergeMap((request) => {
      asked.push(request.target);
      return answer.pipe(take(1));
    });
    const { say, heard } = talk(m, site, { ...patient, pipelined: 3 });
    say(Array.from({ length: 5 }, (_, n) => get(`/${n}`)).join(''));
    expect(asked).toHaveLength(3);
    answer.next(text('a'));
    m.flush();
    expect(asked).toHaveLength(5);
    expect(heard().match(/200 OK/g)).toHaveLength(3);
  }),
);
