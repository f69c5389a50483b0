/** The client's side of a connection, in memory and virtual time: with our server, and with one that follows a script. */
import { mergeMap, Observable, of, take, timer } from 'rxjs';
import { bytes, over, serve, utf8, type Bytes, type Connection } from 'ropewalk';
import {
  http,
  httpConnection,
  Request,
  type Response,
  stream,
  type HttpConnection,
  type HttpConnectionOptions,
} from 'ropewalk/http';
import { marbles, type Marbles } from 'ropewalk/marbles';

/** A client, and the other end of its connection, by hand. */
function talk(m: Marbles, options: HttpConnectionOptions = {}) {
  const { listen, dial } = m.memory();
  let server: Connection | undefined;
  let heard = '';
  let client: HttpConnection | undefined;
  listen('memory:web').subscribe((connection) => {
    server = connection;
    connection.subscribe({ next: (chunk) => (heard += utf8(chunk)), error: () => (heard += '#') });
  });
  dial('memory:web').addCallback((connection) => (client = httpConnection(connection, options)));
  m.flush();
  return {
    client: client!,
    server: server!,
    say(words: string) {
      server!.next(bytes(words));
      m.flush();
    },
    heard() {
      m.flush();
      const all = heard;
      heard = '';
      return all;
    },
  };
}

const get = (target = '/'): Request => new Request({ authority: 'a', target });
const ok = (content = 'hi', fields = ''): string =>
  `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${content.length}\r\n\r\n${content}`;

test(
  'a connection that has ended already takes no requests, and says so to whoever asks',
  marbles((m) => {
    const { client, server } = talk(m);
    client.connection.error(new Error('pulled out'));
    m.flush();
    const late = httpConnection(client.connection);
    expect([late.usable, late.idle]).toEqual([false, false]);
    let failure: unknown;
    late.send(get()).addErrback((error) => (failure = error));
    expect(failure).toMatchObject({ name: 'RequestFailed', sent: false });
    expect(server.state.phase).toBe('closed');
  }),
);

describe('a request', () => {
  test(
    'RFC 9112 section 3.2: says its host, its fields, and the length of what it has',
    marbles((m) => {
      const { client, heard } = talk(m);
      client.send(new Request({ method: 'PUT', authority: 'a:1', target: '/x?y', headers: { X: 'é' }, body: 'hi' }));
      expect(heard()).toBe('PUT /x?y HTTP/1.1\r\nHost: a:1\r\nX: �\r\nContent-Length: 2\r\n\r\nhi');
    }),
  );

  test.each([
    ['GET', undefined, 'none'],
    ['POST', undefined, 'Content-Length: 0'],
    ['GET', of(bytes('ab')), 'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n'],
  ])('RFC 9110 section 8.6: %s with %s content', (method, body, expected) =>
    marbles((m) => {
      const { client, heard } = talk(m);
      client.send(new Request({ method, authority: 'a', body }));
      const said = heard();
      if (expected === 'none') expect(said).not.toContain('Content-Length');
      else expect(said).toContain(expected);
    })(),
  );

  test(
    'that cannot be written is an error of its own, and the connection goes on',
    marbles((m) => {
      const { client, heard } = talk(m);
      const errors: unknown[] = [];
      for (const init of [
        { target: '/a b' },
        { method: 'G T' },
        { authority: 'a\r\nb' },
        { headers: { 'Content-Length': 'x' } },
      ])
        client.send(new Request({ authority: 'a', ...init })).addErrback((error) => errors.push(error));
      expect(errors).toEqual(Array.from({ length: 4 }, () => expect.objectContaining({ side: 'local' })));
      expect([client.idle, heard()]).toEqual([true, '']);
    }),
  );

  test(
    'RFC 9110 section 10.1.1: waits for 100 Continue, but not for ever, and not after a final answer',
    marbles((m) => {
      const upload = (): Request =>
        new Request({ method: 'PUT', authority: 'a', headers: { Expect: '100-continue' }, body: 'hi' });
      const patient = talk(m, { continueTimeout: 1e9 });
      patient.client.send(upload()).markHandled();
      patient.server.next(bytes('HTTP/1.1 100 Continue\r\n\r\n'));
      expect(patient.heard()).toMatch(/\r\n\r\nhi$/);
      const impatient = talk(m);
      impatient.client.send(upload()).markHandled();
      expect(impatient.heard()).toMatch(/\r\n\r\nhi$/);
      const refused = talk(m);
      let status = 0;
      refused.client.send(upload()).addCallback((response) => (status = response.status));
      refused.server.next(bytes('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'));
      expect(refused.heard()).toMatch(/\r\n\r\n$/);
      expect([status, refused.client.usable]).toEqual([417, false]);
    }),
  );
});

describe('a response', () => {
  test(
    'comes with its head; its content is read as fast as its reader reads',
    marbles((m) => {
      const { client, server, say } = talk(m);
      let response: Response | undefined;
      client.send(get()).addCallback((came) => void (response = came));
      say('HTTP/1.1 200 OK\r\nContent-Length: 640000\r\n\r\n');
      for (let n = 0; n < 20; n++) server.next(new Uint8Array(32_000));
      m.flush();
      expect(server.state.unsent).toBeGreaterThan(400_000);
      let length = 0;
      response!.body.subscribe((chunk) => (length += chunk.length));
      m.flush();
      expect([length, client.idle]).toEqual([640_000, true]);
    }),
  );

  test(
    'RFC 9112 section 9.3: the next request goes when it is through, and a pool is told',
    marbles((m) => {
      const states: boolean[] = [];
      const { client, heard, say } = talk(m, { changed: ({ idle }) => states.push(idle) });
      const answers: string[] = [];
      for (const target of ['/1', '/2'])
        client
          .send(get(target))
          .addCallback((r) => r.text())
          .addCallback((said) => void answers.push(said));
      expect(heard()).toMatch(/^GET \/1 [^]*\r\n\r\n$/);
      say(ok('one'));
      expect(heard()).toMatch(/^GET \/2 /);
      say(ok('two'));
      expect([answers, states]).toEqual([
        ['one', 'two'],
        [false, true],
      ]);
    }),
  );

  test(
    'RFC 9112 section 9.3.2: with pipelining several are on their way, and answered in order',
    marbles((m) => {
      const { client, heard, say } = talk(m, { pipelined: 2 });
      const answers: string[] = [];
      for (const target of ['/1', '/2', '/3'])
        client
          .send(get(target))
          .addCallback((r) => r.text())
          .addCallback((said) => void answers.push(said));
      expect(heard().match(/GET \/\d/g)).toEqual(['GET /1', 'GET /2']);
      say(ok('one') + ok('two'));
      expect(heard()).toMatch(/^GET \/3 /);
      say(ok('three'));
      expect(answers).toEqual(['one', 'two', 'three']);
    }),
  );

  test(
    'RFC 9110 section 15.2: interim ones are told on the way',
    marbles((m) => {
      const { client, say } = talk(m);
      const told: string[] = [];
      const informed = (interim: Response): number => told.push(`${interim.status} ${interim.headers.get('link')}`);
      client.send(get(), { informed }).addCallback(({ status }) => void told.push(`${status}`));
      say('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
      expect(told).toEqual(['102 undefined', '103 </a.css>']);
      say(ok());
      expect(told[2]).toBe('200');
    }),
  );

  test(
    'RFC 9112 section 6.3, 8: up to the end of the connection; a loss is no end',
    marbles((m) => {
      const whole = talk(m);
      const said: unknown[] = [];
      whole.client
        .send(get())
        .addCallback((r) => r.text())
        .addBoth((got) => void said.push(got));
      whole.say('HTTP/1.1 200 OK\r\n\r\nall of');
      whole.server.next(bytes(' it'));
      whole.server.complete();
      m.flush();
      expect([said, whole.client.usable]).toEqual([['all of it'], false]);
      const lost = talk(m);
      lost.client
        .send(get())
        .addCallback((r) => r.text())
        .addBoth((got) => void said.push(got));
      lost.say('HTTP/1.1 200 OK\r\n\r\nall of');
      lost.server.error(new Error('gone'));
      m.flush();
      expect(said[1]).toMatchObject({ name: 'ConnectionLost' });
    }),
  );

  test(
    'that has come and is not read yet is not lost when the server ends',
    marbles((m) => {
      const { client, server, say } = talk(m);
      let response: Response | undefined;
      client.send(get()).addCallback((came) => void (response = came));
      say('HTTP/1.1 200 OK\r\n\r\nhel');
      server.next(bytes('lo'));
      server.complete();
      m.flush();
      let said: unknown;
      response!.text().addBoth((got) => (said = got));
      m.flush();
      expect([said, client.usable]).toEqual(['hello', false]);
    }),
  );

  test(
    'RFC 9112 section 7.1.2: has its trailers when it has ended',
    marbles((m) => {
      const { client, say } = talk(m);
      let trailer: string | undefined;
      client.send(get()).addCallback((r) => r.text().addCallback(() => void (trailer = r.trailers.get('x'))));
      say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n');
      say('0\r\nX: y\r\n\r\n');
      expect([trailer, client.idle]).toEqual(['y', true]);
    }),
  );

  test(
    'RFC 9112 section 9.6: with close it is the last, and what waits was not sent',
    marbles((m) => {
      const { client, say } = talk(m);
      const failures: unknown[] = [];
      client.send(get('/1')).markHandled();
      client.send(get('/2')).addErrback((error) => failures.push(error));
      say(ok('hi', 'Connection: close\r\n'));
      expect(failures).toEqual([expect.objectContaining({ name: 'RequestFailed', sent: false, answered: false })]);
      expect(client.usable).toBe(false);
      client.send(get('/3')).addErrback((error) => failures.push(error));
      expect(failures[1]).toMatchObject({ name: 'RequestFailed', sent: false });
    }),
  );

  test.each([
    ['', { sent: true, answered: false }],
    ['HTTP/1.1 2', { sent: true, answered: true }],
  ])('that does not come because the connection is lost after %j: it is known what was sent', (begun, known) =>
    marbles((m) => {
      const { client, server, say } = talk(m);
      let failure: unknown;
      client.send(get()).addErrback((error) => (failure = error));
      if (begun !== '') say(begun);
      server.error(new Error('gone'));
      m.flush();
      expect(failure).toMatchObject({ name: 'RequestFailed', ...known });
    })(),
  );

  test(
    'that is none ends the connection',
    marbles((m) => {
      const { client, heard, say } = talk(m);
      let failure: unknown;
      client.send(get()).addErrback((error) => (failure = error));
      heard();
      say('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab');
      expect([failure, heard(), client.usable]).toEqual([
        expect.objectContaining({ name: 'ProtocolError' }),
        '#',
        false,
      ]);
      const unasked = talk(m);
      unasked.say(ok());
      expect([unasked.heard(), unasked.client.usable]).toEqual(['#', false]);
    }),
  );
});

describe('calling off', () => {
  test(
    'a request that waits is forgotten; one that is on its way ends the connection',
    marbles((m) => {
      const { client, heard } = talk(m);
      const first = client.send(get('/1'));
      const second = client.send(get('/2'));
      for (const one of [first, second]) one.markHandled();
      second.cancel();
      expect([client.usable, heard().match(/GET/g)]).toEqual([true, ['GET']]);
      first.cancel();
      expect([client.usable, heard()]).toEqual([false, '#']);
    }),
  );

  test(
    'so does leaving a content before its end, and a content of ours that breaks off',
    marbles((m) => {
      const { client, heard, say } = talk(m);
      client.send(get()).addCallback(({ body }) => void body.pipe(take(1)).subscribe());
      heard();
      say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi');
      expect([client.usable, heard()]).toEqual([false, '#']);
      const broken = talk(m);
      let failure: unknown;
      const body = new Observable<Bytes>((subscriber) => subscriber.error(new Error('disk')));
      broken.client.send(new Request({ method: 'PUT', authority: 'a', body })).addErrback((error) => (failure = error));
      expect([broken.heard().at(-1), failure]).toEqual(['#', new Error('disk')]);
    }),
  );

  test(
    'close() lets what is on its way come through',
    marbles((m) => {
      const { client, say } = talk(m);
      let said: string | undefined;
      client
        .send(get())
        .addCallback((r) => r.text())
        .addCallback((got) => void (said = got));
      client.close();
      say(ok());
      expect([said, client.usable]).toEqual(['hi', false]);
    }),
  );
});

describe('taking the connection over', () => {
  test.each([
    ['RFC 9110 section 7.8: after a 101', 'GET', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\n\r\n'],
    ['RFC 9110 section 9.3.6: after a 2xx to CONNECT', 'CONNECT', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n'],
  ])('%s, what comes behind is untouched', (_, method, answer) =>
    marbles((m) => {
      const { client, say, heard } = talk(m);
      let said = '';
      client
        .send(
          new Request({
            method,
            target: method === 'GET' ? '/' : 'b:1',
            authority: 'b:1',
            headers: { Upgrade: 'shout' },
          }),
        )
        .addCallback(() => {
          client.connection.subscribe((chunk) => (said += utf8(chunk)));
          client.connection.next(bytes('mine'));
        });
      say(`${answer}\r\nyours`);
      say(' too');
      expect([said, client.usable]).toEqual(['\r\nyours too', false]);
      expect(heard()).toMatch(/Connection: upgrade\r\n\r\nmine$/);
    })(),
  );
});

test(
  'with our server: a content goes there and back, and nothing is lost',
  marbles((m) => {
    const { listen, dial } = m.memory();
    const site = mergeMap((request: Request) => {
      return timer(100).pipe(mergeMap(() => of(stream(request.body))));
    });
    listen('memory:web')
      .pipe(serve(over(http(), site)))
      .subscribe();
    let length = 0;
    let whole = false;
    const chunk = new Uint8Array(50_000);
    const body = new Observable<Bytes>((subscriber) => {
      for (let n = 0; n < 20; n++) subscriber.next(chunk);
      subscriber.complete();
    });
    dial('memory:web').addCallback((connection) =>
      httpConnection(connection)
        .send(new Request({ method: 'POST', authority: 'a', body }))
        .addCallback((response) => {
          response.body.subscribe({ next: ({ length: more }) => (length += more), complete: () => (whole = true) });
        }),
    );
    m.flush();
    expect([length, whole]).toEqual([1_000_000, true]);
  }),
);
