/** Middleware that needs no platform: Basic authentication, CORS, timeouts, the access log. */
import { map, NEVER, of, tap, throwError, timer } from 'rxjs';
import { bytes, Deferred, utf8 } from 'ropewalk';
import {
  accessLog,
  basicAuth,
  compose,
  cors,
  empty,
  formatCombined,
  HttpError,
  Request,
  requestTimeout,
  Response,
  routes,
  stream,
  text,
  type AccessEntry,
  type CorsOptions,
} from 'ropewalk/http';
import { marbles } from 'ropewalk/marbles';

describe('basicAuth (RFC 7617)', () => {
  const site = compose(
    basicAuth({
      realm: 'a "b"',
      check: ({ username, password }) => username === 'Aladdin' && password === 'open:sesame',
    }),
  )(({ user }) => text(`hello ${user}`));
  const asked = (authorization?: string) => site(new Request({ headers: { authorization } })) as Response;
  const encoded = (pair: string) => Buffer.from(pair).toString('base64');

  test('section 2: the right name and password come in, and the handler knows who', () => {
    expect(utf8(asked(`Basic ${encoded('Aladdin:open:sesame')}`).content!)).toBe('hello Aladdin');
    expect(asked(`bAsIc  ${encoded('Aladdin:open:sesame')}`).status).toBe(200);
  });

  test.each([
    ['nothing', undefined],
    ['a wrong password', `Basic ${encoded('Aladdin:x')}`],
    ['no colon', `Basic ${encoded('Aladdin')}`],
    ['another scheme', 'Bearer abc'],
    ['what is not base64', 'Basic ::'],
    ['what is not UTF-8', `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString('base64')}`],
    ['a control character', `Basic ${encoded('Aladdin:open:sesame\n')}`],
  ])('%s is 401 with the challenge', (_, authorization) => {
    const { status, headers } = asked(authorization);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Basic realm="a \\"b\\"", charset="UTF-8"');
  });

  test('section 2.1: names are UTF-8, and may be looked up later', async () => {
    const later = compose(basicAuth({ realm: 'x', check: ({ username }) => Promise.resolve(username === 'tést') }))(
      ({ user }) => text(user!),
    );
    const answer = (name: string) =>
      later(new Request({ headers: { Authorization: `Basic ${encoded(`${name}:`)}` } })) as Deferred<Response>;
    expect(await (await answer('tést')).text()).toBe('tést');
    expect(await answer('test')).toMatchObject({ status: 401 });
  });
});

describe('cors (Fetch standard section 3.3)', () => {
  const told = (options: CorsOptions, headers: Record<string, string>, method = 'GET', target = '/') => {
    const site = compose(cors(options))(routes({ 'GET /': () => text('', { headers: { Vary: 'Accept' } }) }));
    const response = site(new Request({ method, target, headers })) as Response;
    return [response.status, Object.fromEntries([...response.headers].filter(([name]) => /^access|^vary/i.test(name)))];
  };
  const trusted: CorsOptions = { origins: ['https://a.example'], credentials: true, expose: ['X-A', 'X-B'] };

  test('everybody, unless told otherwise', () => {
    expect(told({}, { Origin: 'https://a.example' })).toEqual([
      200,
      { Vary: 'Accept', 'Access-Control-Allow-Origin': '*' },
    ]);
  });

  test('those that are trusted, by name; and caches are told that it depends', () => {
    expect(told(trusted, { Origin: 'https://a.example' })).toEqual([
      200,
      {
        Vary: 'Accept, Origin',
        'Access-Control-Allow-Origin': 'https://a.example',
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Expose-Headers': 'X-A, X-B',
      },
    ]);
    expect(told(trusted, { Origin: 'https://b.example' })).toEqual([200, { Vary: 'Accept, Origin' }]);
    expect(told(trusted, {})).toEqual([200, { Vary: 'Accept, Origin' }]);
    const some = (origin: string) => origin.endsWith('.example');
    expect(told({ origins: some }, { Origin: 'https://x.example' })[1]).toMatchObject({
      'Access-Control-Allow-Origin': 'https://x.example',
    });
  });

  test('error pages may be read, too', () => {
    expect(told({}, { Origin: 'https://a.example' }, 'GET', '/none')).toEqual([
      404,
      { Vary: 'Accept', 'Access-Control-Allow-Origin': '*' },
    ]);
  });

  test('what a browser asks beforehand is answered; a plain OPTIONS is the handler’s', () => {
    const preflight = {
      Origin: 'https://a.example',
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'x-a',
    };
    const vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
    expect(told({ maxAge: 600 }, preflight, 'OPTIONS')).toEqual([
      204,
      {
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Methods': 'PUT',
        'Access-Control-Allow-Headers': 'x-a',
        'Access-Control-Max-Age': '600',
        Vary: vary,
      },
    ]);
    expect(told({ methods: ['GET', 'PUT'], headers: ['X-B'] }, preflight, 'OPTIONS')[1]).toMatchObject({
      'Access-Control-Allow-Methods': 'GET, PUT',
      'Access-Control-Allow-Headers': 'X-B',
    });
    expect(told(trusted, { ...preflight, Origin: 'https://b.example' }, 'OPTIONS')).toEqual([204, { Vary: vary }]);
    expect(told({}, { Origin: 'https://a.example' }, 'OPTIONS')[1]).toEqual({ 'Access-Control-Allow-Origin': '*' });
  });

  test('credentials of everybody are refused when the site is made', () => {
    expect(() => cors({ credentials: true })).toThrow(TypeError);
  });
});

test(
  'requestTimeout cancels the handler and answers 503',
  marbles((m) => {
    const cancelled: string[] = [];
    const site = compose(requestTimeout(5))(
      routes({
        'GET /slow': () => new Deferred<Response>({ canceller: () => cancelled.push('slow') }),
        'GET /quick': () => timer(3).pipe(map(() => text('quick'))),
        'GET /now': () => text('now'),
        'GET /fails': () => throwError(() => new HttpError(418)),
        'GET /never': () => NEVER,
      }),
    );
    const status = map(({ status }: Response) => status);
    const asked = (target: string) => of(new Request({ target })).pipe(site, status);
    m.expect(asked('/now')).toBe('(a|)', { a: 200 });
    m.expect(asked('/quick')).toBe('---(a|)', { a: 200 });
    m.expect(asked('/fails')).toBe('(a|)', { a: 418 });
    const told: number[] = [];
    const heard = of(new Request({ target: '/slow' }), new Request({ target: '/never' })).pipe(
      compose()(site, { onError: () => {} }),
      status,
      tap((code) => told.push(code)),
    );
    m.expect(heard).toBe('-----(ab|)', { a: 503, b: 503 });
    m.flush();
    expect(cancelled).toEqual(['slow']);
    expect(told).toEqual([503, 503]);
    expect(() => requestTimeout(0)).toThrow(RangeError);
  }),
);

type Logger = Exclude<Parameters<typeof accessLog>[0], (line: string) => void>;

describe('accessLog', () => {
  const log = (to: (entry: AccessEntry, message: string) => void): Logger => ({
    info: to as Logger['info'],
    warn() {},
    error() {},
  });

  test(
    'tells of each answer, of a stream at its end, with the bytes and the time',
    marbles((m) => {
      const entries: Partial<AccessEntry>[] = [];
      const site = compose(accessLog(log((entry) => entries.push(entry))))(
        routes({
          'GET /text': () => text('hello'),
          'GET /stream': () => stream(m.cold('-a-b|', { a: bytes('12'), b: bytes('345') })),
          'GET /empty': () => empty(),
          'GET /fails': () => {
            throw new Error('oops');
          },
        }),
      );
      for (const target of ['/text', '/stream', '/empty', '/fails', '/none']) {
        const { body } = site(new Request({ target, headers: { 'User-Agent': 'test' } })) as Response;
        body.subscribe();
      }
      site(new Request({ method: 'HEAD', target: '/stream' }));
      const left = (site(new Request({ target: '/stream' })) as Response).body.subscribe();
      timer(2).subscribe(() => left.unsubscribe());
      m.flush();
      expect(
        entries.map(({ method, target, status, bytes: sent, duration }) => [method, target, status, sent, duration]),
      ).toEqual([
        ['GET', '/text', 200, 5, 0],
        ['GET', '/empty', 204, 0, 0],
        ['GET', '/fails', 500, 22, 0],
        ['GET', '/none', 404, 10, 0],
        ['HEAD', '/stream', 200, 0, 0],
        ['GET', '/stream', 200, 2, 2],
        ['GET', '/stream', 200, 5, 4],
      ]);
      expect(entries[0]).toMatchObject({ version: '1.1', userAgent: 'test', remote: undefined });
      expect(entries[2].err).toMatchObject({ message: 'oops' });
      expect(entries[0]).not.toHaveProperty('err');
    }),
  );

  const entry: AccessEntry = {
    remote: '127.0.0.1',
    user: 'frank',
    time: Date.UTC(2000, 9, 10, 13, 55, 36),
    method: 'GET',
    target: '/apache_pb.gif',
    version: '1.0',
    status: 200,
    bytes: 2326,
    duration: 1,
    referer: 'http://www.example.com/start.html',
    userAgent: 'Mozilla/4.08 [en] (Win98; I ;Nav)',
  };

  test('as a line is the combined format', () => {
    expect(formatCombined(entry)).toBe(
      '127.0.0.1 - frank [10/Oct/2000:13:55:36 +0000] "GET /apache_pb.gif HTTP/1.0" 200 2326 ' +
        '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"',
    );
    const bare = { ...entry, remote: undefined, user: undefined, bytes: 0, referer: undefined, userAgent: undefined };
    expect(formatCombined(bare)).toMatch(/^- - - \[.*\] ".*" 200 - "-" "-"$/);
    const lines: string[] = [];
    const site = compose(accessLog((line) => lines.push(line)))(() => text('hello'));
    site(new Request({ target: '/x' }));
    expect(lines[0]).toContain('"GET /x HTTP/1.1" 200 5 "-" "-"');
  });

  test('nobody writes lines of his own into the log', () => {
    const evil = 'a" 200\r\n127.0.0.1 - "\\';
    const line = formatCombined({ ...entry, target: evil, user: `x y${evil}`, userAgent: evil });
    expect(line).not.toMatch(/[\r\n]/);
    expect(line).toContain('"GET a\\" 200\\x0d\\x0a127.0.0.1 - \\"\\\\ HTTP/1.0"');
    expect(line).toContain(' - x\\x20ya\\"\\x20200');
  });
});
