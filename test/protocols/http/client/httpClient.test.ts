/** The client over connections in memory, in virtual time: servers of our own, and scripts of what odd ones say. */
import { asapScheduler, map, NEVER, of, Subject, type Observable } from 'rxjs';
import { bytes, Cancelled, ConnectionRefused, over, QueueOverflow, serve, type Bytes, type Connection } from 'ropewalk';
import { marbles, type Marbles, type MarblesMemory } from 'ropewalk/marbles';
import {
  ClientResponse,
  CookieJar,
  DeadlineExceeded,
  empty,
  http,
  httpClient,
  RedirectRefused,
  redirect,
  Request,
  RequestFailed,
  Response,
  routes,
  stream,
  text,
  TooManyRedirects,
  type HttpClient,
  type HttpClientOptions,
} from 'ropewalk/http';

/** A world with a client in it, and a log of what happened, and when. */
class Web {
  readonly world: MarblesMemory;
  readonly log: string[] = [];
  /** Every connection of a server's, in order. */
  readonly accepted: Connection[] = [];
  private readonly m: Marbles;

  constructor(m: Marbles) {
    this.m = m;
    this.world = m.memory();
  }

  client(options: Partial<HttpClientOptions> = {}): HttpClient {
    return httpClient({ connect: ({ host }) => this.world.connect(`memory:${host}`), ...options });
  }

  note(what: string): void {
    this.log.push(`${asapScheduler.now()}: ${what}`);
  }

  /** A site at a host, served by HTTP/1.1. */
  site(host: string, handlers: Parameters<typeof routes>[0]): void {
    this.world
      .listen(`memory:${host}`)
      .pipe(
        map((c) => this.seen(c)),
        serve(over(http(), routes(handlers))),
      )
      .subscribe();
  }

  /** A server that says what it likes to each connection, by its number. */
  raw(host: string, answers: (request: string, connection: Connection, index: number) => void): void {
    this.world.listen(`memory:${host}`).subscribe((connection) => {
      const index = this.accepted.length;
      this.seen(connection).subscribe({
        next: (chunk) => answers(Buffer.from(chunk).toString(), connection, index),
        error: () => this.note(`connection ${index} is lost`),
        complete: () => connection.complete(),
      });
    });
  }

  /** What becomes of a response: its status and text, or its error. */
  told(name: string, response: ReturnType<HttpClient['send']>): void {
    response
      .addCallback((answer) => answer.text().addCallback((words) => `${answer.status} ${words}`))
      .addErrback((error) => (error as Error).name)
      .addCallback((said) => this.note(`${name}: ${said}`));
  }

  private seen(connection: Connection): Connection {
    this.accepted.push(connection);
    return connection;
  }
}

const inWeb = (body: (web: Web, m: Marbles) => void): (() => void) => marbles((m) => body(new Web(m), m));
const later = (milliseconds: number, work: () => void): void => void asapScheduler.schedule(work, milliseconds);
const ok = (content: string, more = ''): Bytes =>
  bytes(`HTTP/1.1 200 OK\r\n${more}Content-Length: ${content.length}\r\n\r\n${content}`);

describe('requests', () => {
  test(
    'each method has its word, and fields and content go along',
    inWeb((web, m) => {
      const seen: string[] = [];
      const note = (request: Request): Observable<Response> | Response => {
        seen.push(`${request} ${request.authority} ${request.headers.get('X-A') ?? ''}`);
        return request.method === 'HEAD' ? empty({ status: 200 }) : text('done');
      };
      web.site('a.test', { 'GET /x': note, 'POST /x': note, 'PUT /x': note, 'PATCH /x': note, 'DELETE /x': note });
      const client = web.client({ headers: { 'X-A': 'always' } });
      client.get('http://a.test:8080/x?y#z');
      client.head('http://a.test/x');
      client.post('http://a.test/x', { body: 'hi', headers: { 'x-a': 'now' } });
      client.put('http://a.test/x', { body: of(bytes('hi')) });
      client.patch('http://a.test/x', { body: bytes('hi') });
      client.delete(new URL('http://a.test/x'));
      m.flush();
      expect(seen.toSorted()).toEqual([
        'DELETE /x a.test always',
        'GET /x?y a.test:8080 always',
        'HEAD /x a.test always',
        'PATCH /x a.test always',
        'POST /x a.test now',
        'PUT /x a.test always',
      ]);
    }),
  );

  test(
    'the user of a URL is said as Basic credentials, unless something else is (RFC 7617)',
    inWeb((web, m) => {
      const seen: (string | undefined)[] = [];
      web.site('a.test', { 'GET /': ({ headers }) => (seen.push(headers.get('Authorization')), text('')) });
      const client = web.client();
      client.get('http://joe:p%40ss@a.test/');
      client.get('http://joe:p%40ss@a.test/', { headers: { Authorization: 'Bearer x' } });
      m.flush();
      expect(seen).toEqual([`Basic ${btoa('joe:p@ss')}`, 'Bearer x']);
    }),
  );

  test.each([
    ['ftp://a.test/', /expected a URL of http: or https:, got ftp:/],
    ['somewhere', /Invalid URL/],
  ])('%s is a mistake of the program, told at once', (url, problem) => {
    expect(() => httpClient({ connect: () => NEVER }).get(url)).toThrow(problem);
  });

  test('a tunnel is no request that has a response', () => {
    const client = httpClient({ connect: () => NEVER });
    expect(() => client.send(new Request({ method: 'CONNECT', target: 'a:1' }))).toThrow(TypeError);
    expect(() => client.send(new Request({ upgrade: 'websocket' }))).toThrow(TypeError);
  });

  test(
    'one that cannot be written fails alone',
    inWeb((web) => {
      web.site('a.test', { 'GET /': () => text('hi') });
      const client = web.client();
      web.told('bad', client.send(new Request({ authority: 'a.test', method: 'G ET' })));
      web.told('good', client.get('http://a.test/'));
      later(0, () => {});
    }),
  );
});

describe('the pool', () => {
  test(
    'one after the other, all use one connection',
    inWeb((web, m) => {
      web.site('a.test', { 'GET /': () => text('hi'), 'GET /streamed': () => stream(of(bytes('hi'))) });
      const client = web.client();
      const again = (left: number): void => {
        if (left === 0) return;
        client
          .get(left % 2 === 0 ? 'http://a.test/' : 'http://a.test/streamed')
          .addCallback((response) => response.text())
          .addCallback(() => again(left - 1));
      };
      again(6);
      m.flush();
      expect(web.accepted).toHaveLength(1);
      // It has rested long enough by then.
      expect([client.connections, web.accepted[0].state.phase]).toEqual([0, 'closed']);
      m.expectNothingOpen();
    }),
  );

  test(
    'perOrigin at a time, the others wait; too many are told so',
    inWeb((web, m) => {
      const gates = [new Subject<Response>(), new Subject<Response>()];
      let asked = 0;
      web.site('a.test', { 'GET /': () => gates[asked++] ?? text('hi') });
      const client = web.client({ perOrigin: 2, waiting: 1 });
      for (const name of ['one', 'two', 'three', 'four']) web.told(name, client.get('http://a.test/'));
      later(10, () => {
        gates[1].next(text('second'));
        gates[1].complete();
      });
      later(20, () => {
        gates[0].next(text('first'));
        gates[0].complete();
      });
      m.flush();
      expect(web.log).toEqual([
        `0: four: ${QueueOverflow.name}`,
        '10: two: 200 second',
        '10: three: 200 hi',
        '20: one: 200 first',
      ]);
      expect(web.accepted).toHaveLength(2);
    }),
  );

  test(
    'a body that is being read has its connection to itself',
    inWeb((web, m) => {
      const content = new Subject<Bytes>();
      web.site('a.test', { 'GET /': () => stream(content), 'GET /b': () => text('b') });
      const client = web.client({ perOrigin: 1 });
      web.told('a', client.get('http://a.test/'));
      web.told('b', client.get('http://a.test/b'));
      later(5, () => content.next(bytes('slow')));
      later(9, () => content.complete());
      m.flush();
      expect(web.log).toEqual(['9: a: 200 slow', '9: b: 200 b']);
      expect(web.accepted).toHaveLength(1);
    }),
  );

  test(
    'a server that closes what rests is noticed before the next request',
    inWeb((web, m) => {
      web.raw('a.test', (_, connection, index) => {
        connection.next(ok(`${index}`));
        if (index === 0) later(10, () => connection.complete());
      });
      const client = web.client();
      web.told('one', client.get('http://a.test/'));
      later(20, () => web.told('two', client.post('http://a.test/')));
      m.flush();
      expect(web.log).toEqual(['0: one: 200 0', '20: two: 200 1']);
    }),
  );

  test(
    'what comes without a question ends the connection, and no one takes it for an answer',
    inWeb((web, m) => {
      web.raw('a.test', (_, connection, index) => {
        connection.next(ok(`${index}`));
        later(5, () => connection.next(bytes('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n')));
      });
      const client = web.client();
      web.told('one', client.get('http://a.test/'));
      later(20, () => web.told('two', client.get('http://a.test/')));
      m.flush();
      expect(web.log.filter((line) => !line.includes('lost'))).toEqual(['0: one: 200 0', '20: two: 200 1']);
    }),
  );

  test(
    'a closed client takes no more, and finishes what goes on',
    inWeb((web, m) => {
      const gate = new Subject<Response>();
      web.site('a.test', { 'GET /': () => gate });
      const client = web.client({ perOrigin: 1 });
      web.told('one', client.get('http://a.test/'));
      web.told('two', client.get('http://a.test/'));
      later(5, () => client.close());
      later(6, () => web.told('three', client.get('http://a.test/')));
      later(7, () => {
        gate.next(text('finished'));
        gate.complete();
      });
      m.flush();
      expect(web.log).toEqual(['5: two: Cancelled', '6: three: Cancelled', '7: one: 200 finished']);
      m.expectNothingOpen();
    }),
  );
});

describe('redirects', () => {
  test(
    'are followed, to other places too, and remembered',
    inWeb((web, m) => {
      let got: ClientResponse | undefined;
      web.site('a.test', { 'GET /': () => redirect('/next', 301), 'GET /next': () => redirect('http://b.test/', 302) });
      web.site('b.test', { 'GET /': ({ headers }) => text(`hi ${headers.get('Authorization') ?? 'stranger'}`) });
      const client = web.client();
      client.get('http://joe:x@a.test/').addCallback((response) => {
        got = response;
        return response.text().addCallback((words) => web.note(words));
      });
      m.flush();
      expect(web.log).toEqual(['0: hi stranger']);
      expect(got!.previous.map(({ status, url }) => `${status} ${url}`)).toEqual([
        '301 http://a.test/',
        '302 http://a.test/next',
      ]);
      expect(String(got!.url)).toBe('http://b.test/');
      // The body of the first was read to its end, so that the second went over the same connection.
      expect(web.accepted).toHaveLength(2);
    }),
  );

  test(
    'a POST that is redirected is sent again as it was, or as a GET (RFC 9110 section 15.4)',
    inWeb((web, m) => {
      web.site('a.test', {
        'POST /307': () => redirect('/there', 307),
        'POST /303': () => redirect('/there', 303),
        'POST /there': (request) => request.text().addCallback((words) => text(`posted ${words}`)),
        'GET /there': ({ headers }) => text(`got, ${headers.get('Content-Type') ?? 'nothing'} sent`),
      });
      const client = web.client();
      const init = { body: 'hello', headers: { 'Content-Type': 'text/plain' } };
      web.told('kept', client.post('http://a.test/307', init));
      web.told('seen', client.post('http://a.test/303', init));
      web.told('gone', client.post('http://a.test/307', { body: of(bytes('hello')) }));
      m.flush();
      expect(web.log.toSorted()).toEqual([
        '0: gone: RedirectRefused',
        '0: kept: 200 posted hello',
        '0: seen: 200 got, nothing sent',
      ]);
    }),
  );

  test(
    'that never end, end',
    inWeb((web, m) => {
      let asked = 0;
      web.site('a.test', { 'GET /': () => (asked++, redirect('/')) });
      let error: unknown;
      web
        .client()
        .get('http://a.test/')
        .addErrback((reason) => (error = reason));
      m.flush();
      expect(asked).toBe(21);
      expect(error).toBeInstanceOf(TooManyRedirects);
      expect(error).toMatchObject({
        limit: 20,
        message: 'following 303 of GET http://a.test/: it is one more than 20 redirects',
      });
    }),
  );

  test(
    'are given as they are, or refused, if that is wished',
    inWeb((web, m) => {
      web.site('a.test', { 'GET /': () => redirect('/there') });
      const client = web.client({ redirect: 'manual' });
      web.told('manual', client.get('http://a.test/'));
      web.told('error', client.get('http://a.test/', { redirect: 'error' }));
      m.flush();
      expect(web.log.toSorted()).toEqual([`0: error: ${RedirectRefused.name}`, '0: manual: 303 ']);
    }),
  );

  test.each([
    ['short', 'x'.repeat(1000), 1],
    ['long', 'x'.repeat(100_000), 2],
  ])('whose body is %s: it is read, or its connection is let go', (_, content, connections) => {
    inWeb((web, m) => {
      web.site('a.test', {
        'GET /': () => stream(of(bytes(content)), { status: 302, headers: { Location: '/there' } }),
        'GET /there': () => text('there'),
      });
      web.told('got', web.client({ perOrigin: 1 }).get('http://a.test/'));
      m.flush();
      expect(web.log).toEqual(['0: got: 200 there']);
      expect(web.accepted).toHaveLength(connections);
    })();
  });
});

test(
  'cookies come back to whom they are from, after redirects too',
  inWeb((web, m) => {
    const seen: (string | undefined)[] = [];
    web.site('a.test', {
      'GET /login': () =>
        redirect('/home').with({ headers: { Location: '/home', 'Set-Cookie': ['s=1; Path=/', 't=2; Path=/home'] } }),
      'GET /home': ({ headers }) => (seen.push(headers.get('Cookie')), text('home')),
    });
    const cookies = new CookieJar();
    const client = web.client({ cookies });
    web.told('got', client.get('http://a.test/login'));
    later(1, () => client.get('http://a.test/home', { headers: { Cookie: 'own=3' } }));
    m.flush();
    expect(seen).toEqual(['t=2; s=1', 'own=3; t=2; s=1']);
    expect(cookies.cookies).toHaveLength(2);
  }),
);

describe('what fails', () => {
  test(
    'a dial, with its own error',
    inWeb((web, m) => {
      web.told('nobody', web.client().get('http://nobody.test/'));
      m.flush();
      expect(web.log).toEqual([`0: nobody: ${ConnectionRefused.name}`]);
    }),
  );

  test(
    'a GET is sent again when a connection that had rested turns out to be dead (RFC 9110 section 9.2.2)',
    inWeb((web, m) => {
      web.raw('a.test', (_, connection, index) => {
        if (web.accepted[index].state.bytesReceived > 100 && index === 0) connection.error(new Error('reset'));
        else connection.next(ok(`${index}`));
      });
      const client = web.client();
      web.told('one', client.get('http://a.test/'));
      later(5, () => web.told('two', client.get('http://a.test/')));
      m.flush();
      expect(web.log.filter((line) => !line.includes('lost'))).toEqual(['0: one: 200 0', '5: two: 200 1']);
    }),
  );

  test(
    'a POST is not, once it was sent: nobody knows what it has done',
    inWeb((web, m) => {
      let failure: RequestFailed | undefined;
      let asked = 0;
      web.raw('a.test', (_, connection) => (asked++, connection.error(new Error('reset'))));
      web
        .client()
        .post('http://a.test/', { body: 'x' })
        .addErrback((error) => (failure = error as RequestFailed));
      m.flush();
      expect(asked).toBe(1);
      expect(failure).toBeInstanceOf(RequestFailed);
      expect(failure).toMatchObject({ sent: true, answered: false });
      expect(failure!.message).toMatch(/waiting for the response; the request was sent$/);
    }),
  );

  test(
    'a GET is sent three times, and no more',
    inWeb((web, m) => {
      let asked = 0;
      web.raw('a.test', (_, connection) => (asked++, connection.error(new Error('reset'))));
      web.told('got', web.client().get('http://a.test/'));
      web.told('never', web.client({ retries: 0 }).get('http://a.test/'));
      m.flush();
      expect(asked).toBe(4);
      expect(web.log.filter((line) => !line.includes('lost')).toSorted()).toEqual([
        '0: got: RequestFailed',
        '0: never: RequestFailed',
      ]);
    }),
  );

  test(
    'what was answered in part is not sent again',
    inWeb((web, m) => {
      let asked = 0;
      web.raw('a.test', (_, connection) => {
        asked++;
        connection.next(bytes('HTTP/1.1 200 O'));
        connection.complete();
      });
      web.told('got', web.client().get('http://a.test/'));
      m.flush();
      expect(asked).toBe(1);
    }),
  );

  test(
    'a body that breaks off is an error of the body',
    inWeb((web, m) => {
      web.raw('a.test', (_, connection) => {
        connection.next(bytes('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345'));
        connection.complete();
      });
      const client = web.client();
      client.get('http://a.test/').addCallback(({ status }) => web.note(`head ${status}`));
      web.told('got', client.get('http://a.test/'));
      m.flush();
      expect(web.log[0]).toBe('0: head 200');
      expect(web.log.find((line) => line.includes('got'))).not.toContain('200');
    }),
  );
});

describe('calling off', () => {
  test(
    'reaches the dial, the place in the queue, and the socket',
    inWeb((web, m) => {
      web.raw('a.test', () => {});
      const client = web.client({ perOrigin: 1 });
      const asked = client.get('http://a.test/');
      const waiting = client.get('http://a.test/');
      web.told('asked', asked);
      web.told('waiting', waiting);
      later(5, () => waiting.cancel());
      later(6, () => asked.cancel());
      m.flush();
      expect(web.log).toEqual(['5: waiting: Cancelled', '6: asked: Cancelled', '6: connection 0 is lost']);
      expect(client.connections).toBe(0);

      const dialled = web.client({ connect: () => NEVER });
      const never = dialled.get('http://a.test/');
      web.told('never', never);
      never.cancel();
      expect(dialled.connections).toBe(0);
      m.expectNothingOpen();
    }),
  );

  test(
    'is what leaving a body is',
    inWeb((web, m) => {
      web.raw('a.test', (_, connection) =>
        connection.next(bytes('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345')),
      );
      web
        .client()
        .get('http://a.test/')
        .addCallback(({ body }) => {
          const reading = body.subscribe();
          later(5, () => reading.unsubscribe());
        });
      m.flush();
      expect(web.log).toEqual(['5: connection 0 is lost']);
    }),
  );
});

describe('deadlines say where the time went', () => {
  const failureOf = (web: Web, response: ReturnType<HttpClient['send']>): { error?: DeadlineExceeded } => {
    const failure: { error?: DeadlineExceeded } = {};
    response
      .addCallback((answer) => answer.text())
      .addErrback((error) => {
        failure.error = error as DeadlineExceeded;
        web.note(failure.error.name);
      });
    return failure;
  };

  test(
    'connect: and nothing was sent',
    inWeb((web, m) => {
      const client = web.client({ connect: () => NEVER, deadlines: { connect: 100 } });
      const failure = failureOf(web, client.get('http://a.test/'));
      m.flush();
      // A dial that does not say how far it is counts as waiting for the pool, and has no deadline of its own.
      expect(failure.error).toBeUndefined();
    }),
  );

  test(
    'head: the request was sent',
    inWeb((web, m) => {
      web.raw('a.test', () => {});
      const failure = failureOf(web, web.client({ deadlines: { head: 100 } }).get('http://a.test/x?secret'));
      m.flush();
      expect(web.log[0]).toBe('100: DeadlineExceeded');
      expect(failure.error).toMatchObject({ deadline: 'head', sent: true, phase: 'head', spent: { head: 100 } });
      expect(failure.error!.message).toBe(
        'GET http://a.test/x took more than 100 ms until the response began: 100 ms waiting for the response; the request was sent',
      );
      expect(web.log[1]).toBe('100: connection 0 is lost');
    }),
  );

  test(
    'head begins anew with each piece of content that is taken',
    inWeb((web, m) => {
      web.raw('a.test', () => {});
      const body = m.cold<Bytes>('60ms a 59ms a 59ms (a|)', { a: bytes('x') });
      failureOf(web, web.client({ deadlines: { head: 100 } }).post('http://a.test/', { body }));
      m.flush();
      expect(web.log[0]).toBe('280: DeadlineExceeded');
    }),
  );

  test(
    'total: waiting for the pool',
    inWeb((web, m) => {
      web.raw('a.test', () => {});
      const client = web.client({ perOrigin: 1 });
      client.get('http://a.test/', { deadlines: { head: 1_000 } }).addErrback(() => {});
      const failure = failureOf(web, client.get('http://a.test/', { deadlines: { total: 70 } }));
      m.flush();
      expect(web.log[0]).toBe('70: DeadlineExceeded');
      expect(failure.error).toMatchObject({ deadline: 'total', sent: false, phase: 'pool', spent: { pool: 70 } });
      expect(failure.error!.message).toMatch(/: 70 ms waiting for the pool; nothing was sent$/);
    }),
  );

  test(
    'total: in the middle of the body, which fails with it',
    inWeb((web, m) => {
      web.site('a.test', { 'GET /': () => stream(m.cold<Bytes>('a 49ms a 49ms a', { a: bytes('x') })) });
      const failure = failureOf(web, web.client({ deadlines: { total: 120 } }).get('http://a.test/'));
      m.flush();
      expect(web.log).toEqual(['120: DeadlineExceeded']);
      expect(failure.error).toMatchObject({ deadline: 'total', sent: true, phase: 'body' });
    }),
  );

  test(
    'idle: between two pieces of the body',
    inWeb((web, m) => {
      web.site('a.test', { 'GET /': () => stream(m.cold<Bytes>('a 49ms a 49ms a', { a: bytes('x') })) });
      const failure = failureOf(web, web.client({ deadlines: { idle: 60 } }).get('http://a.test/'));
      m.flush();
      expect(web.log).toEqual(['160: DeadlineExceeded']);
      expect(failure.error).toMatchObject({ deadline: 'idle', phase: 'body' });
    }),
  );

  test(
    'idle: a body that nobody reads gives its connection back',
    inWeb((web, m) => {
      web.site('a.test', { 'GET /': () => stream(m.cold<Bytes>('a', { a: bytes('x') })) });
      const client = web.client({ deadlines: { idle: 60 } });
      let response: ClientResponse | undefined;
      client.get('http://a.test/').addCallback((answer) => void (response = answer));
      later(59, () => web.note(`${client.connections} open`));
      later(61, () => web.note(`${client.connections} open`));
      later(70, () =>
        web.told(
          'late',
          client.get('http://a.test/').addCallback(() => response!),
        ),
      );
      m.flush();
      expect(web.log.slice(0, 3)).toEqual(['59: 1 open', '61: 0 open', '70: late: DeadlineExceeded']);
    }),
  );
});

describe('proxies', () => {
  test(
    'are asked for the whole URL, with credentials of their own (RFC 9112 section 3.2.2)',
    inWeb((web, m) => {
      const asked: string[] = [];
      web.raw('proxy.test', (request, connection) => {
        asked.push(request);
        connection.next(ok('by proxy'));
      });
      const client = web.client({ proxy: 'http://joe:secret@proxy.test:3128', perOrigin: 1 });
      web.told('a', client.get('http://a.test/x?y'));
      web.told('b', client.get('http://b.test:81/'));
      m.flush();
      expect(web.log).toEqual(['0: a: 200 by proxy', '0: b: 200 by proxy']);
      expect(asked.map((request) => request.split('\r\n').slice(0, 2))).toEqual([
        ['GET http://a.test/x?y HTTP/1.1', 'Host: a.test'],
        ['GET http://b.test:81/ HTTP/1.1', 'Host: b.test:81'],
      ]);
      expect(asked[0]).toContain(`Proxy-Authorization: Basic ${btoa('joe:secret')}\r\n`);
      // One connection for all who are asked for by the same proxy.
      expect(web.accepted).toHaveLength(1);
    }),
  );

  test.each([
    [
      'https://a.test/',
      'http://joe:secret@proxy.test',
      {
        type: 'connect',
        host: 'proxy.test',
        port: 80,
        username: 'joe',
        password: 'secret',
        to: { type: 'tls', host: 'a.test', port: 443, alpn: ['http/1.1'] },
      },
    ],
    [
      'https://a.test:8443/',
      'https://proxy.test',
      {
        type: 'connect',
        host: 'proxy.test',
        port: 443,
        to: { type: 'tls', host: 'a.test', port: 8443 },
        endpoint: { type: 'tls', host: 'proxy.test', port: 443 },
      },
    ],
    ['http://a.test/', 'https://proxy.test', { type: 'tls', host: 'proxy.test', port: 443 }],
    [
      'http://a.test/',
      'socks5://joe:secret@[::1]:9',
      { type: 'socks5', host: '::1', port: 9, username: 'joe', to: { type: 'tcp', host: 'a.test', port: 80 } },
    ],
    ['http://[::2]/', 'socks4://joe@proxy.test', { type: 'socks4', port: 1080, user: 'joe', to: { host: '::2' } }],
    ['https://a.test/', undefined, { type: 'tls', host: 'a.test', port: 443, ca: 'x' }],
    ['http://a.test/', undefined, { type: 'tcp', host: 'a.test', port: 80 }],
  ])('%s by %s goes there', (url, proxy, endpoint) => {
    const asked: unknown[] = [];
    const client = httpClient({ connect: (to) => (asked.push(to), NEVER), proxy: () => proxy, tls: { ca: 'x' } });
    const call = client.get(url);
    call.cancel();
    call.addErrback(() => {});
    expect(asked).toEqual([expect.objectContaining({ type: endpoint.type })]);
    expect(asked[0]).toMatchObject(endpoint);
  });

  test(
    'of another kind are a mistake',
    inWeb((web, m) => {
      web.told('gopher', web.client({ proxy: 'gopher://proxy.test' }).get('http://a.test/'));
      m.flush();
      expect(web.log).toEqual(['0: gopher: TypeError']);
    }),
  );
});

test('a cancelled Deferred fails with Cancelled, and says what it was', () => {
  const asked = httpClient({ connect: () => NEVER }).get('http://a.test/x?secret');
  asked.cancel();
  asked.addErrback((error) => {
    expect(error).toBeInstanceOf(Cancelled);
    expect((error as Error).message).toBe('GET http://a.test/x was called off');
  });
});
