/** A site over a stream of requests: order, bounds, errors, cancelling; in virtual time. */
import { asyncScheduler, EMPTY, map, Observable, of, timer } from 'rxjs';
import { deferLater, Deferred, HoldGroup, feed, onWarning, utf8 } from 'ropewalk';
import {
  compose,
  errorPages,
  HandlerFailed,
  HttpError,
  Request,
  Response,
  routes,
  text,
  type Handler,
} from 'ropewalk/http';
import { marbles } from 'ropewalk/marbles';

const said = map((response: Response) => utf8(response.content!).trim());
const to = (target: string) => new Request({ target });
const requests = { a: to('/2'), b: to('/0'), c: to('/1') };

/** `/2` is answered after 2 ms, `/0` at once. */
const answering: Handler = ({ target }) => {
  const ms = Number(target.slice(1));
  return ms === 0 ? text(target) : timer(ms).pipe(map(() => text(target)));
};

test(
  'the Nth response answers the Nth request, whichever is there first',
  marbles((m) => {
    const site = compose()(answering);
    m.expect(m.cold('ab----|', requests).pipe(site, said)).toBe('2ms (xy)|', { x: '/2', y: '/0' });
  }),
);

test(
  'it completes when all that was asked is answered',
  marbles((m) => {
    m.expect(m.cold('(ab|)', requests).pipe(compose()(answering), said)).toBe('--(xy|)', { x: '/2', y: '/0' });
    m.expect(m.cold<Request>('---|').pipe(compose()(answering))).toBe('---|');
    m.expect(m.cold<Request>('-#').pipe(compose()(answering))).toBe('-#');
  }),
);

test('answers that are there at once are told at once', () => {
  const heard: string[] = [];
  of(to('/a'), to('/b'))
    .pipe(
      compose()(({ target }) => text(target)),
      said,
    )
    .subscribe((line) => heard.push(line));
  expect(heard).toEqual(['/a', '/b']);
});

test('who asks again while he hears an answer is answered after it', () => {
  const heard: string[] = [];
  const asked = new Observable<Request>((subscriber) => {
    ask = (target) => subscriber.next(to(target));
  });
  let ask: (target: string) => void = () => {};
  asked
    .pipe(
      compose()(({ target }) => text(target)),
      said,
    )
    .subscribe((line) => {
      if (line === '/a') ask('/b');
      heard.push(line);
    });
  ask('/a');
  expect(heard).toEqual(['/a', '/b']);
});

test(
  'no more than so many requests are worked on at once, and who sends more is held',
  marbles((m) => {
    let working = 0;
    let most = 0;
    const holds: string[] = [];
    const group = new HoldGroup({
      pause: () => holds.push(`held at ${asyncScheduler.now()}`),
      resume: () => holds.push(`let go at ${asyncScheduler.now()}`),
      now: () => asyncScheduler.now(),
      toString: () => 'a client',
    });
    const asked = new Observable<Request>((subscriber) => {
      for (const target of ['a', 'b', 'c', 'd', 'e']) feed(group, subscriber, to(target));
      subscriber.complete();
    });
    const site = compose()(
      ({ target }) => {
        most = Math.max(most, ++working);
        return deferLater(10, () => (working--, text(target)));
      },
      { concurrent: 2 },
    );
    m.expect(asked.pipe(site, said)).toBe('10ms (ab) 6ms (cd) 6ms (e|)');
    m.flush();
    expect(most).toBe(2);
    expect(holds).toEqual(['held at 0', 'let go at 20']);
  }),
);

test(
  'unsubscribing cancels what is worked on, and what waits is never begun',
  marbles((m) => {
    const cancelled: string[] = [];
    const begun: string[] = [];
    const site = compose()(
      ({ target }) => {
        begun.push(target);
        return new Deferred<Response>({ canceller: () => cancelled.push(target) });
      },
      { concurrent: 2 },
    );
    m.expect(m.cold('(abc)', requests).pipe(site), '^--!').toBe('');
    m.flush();
    expect(begun).toEqual(['/2', '/0']);
    expect(cancelled).toEqual(['/2', '/0']);
  }),
);

describe('onError', () => {
  const failing = routes({
    'GET /500': () => {
      throw new Error('oops');
    },
    'GET /503': () => {
      throw new HttpError(503);
    },
    'GET /later': () => deferLater(1, () => Promise.reject(new Error('later'))),
  });

  test('is told what the client is not: of each error that is no HttpError below 500', () => {
    const told: string[] = [];
    const site = compose()(failing, {
      onError: (error, request) => told.push(`${request}: ${(error as Error).message}`),
    });
    of('/500', '/503', '/404').pipe(map(to), site).subscribe();
    expect(told).toEqual(['GET /500: oops', 'GET /503: Service Unavailable']);
  });

  test('that fails ends its own connection with that error', () => {
    const fails = compose()(failing, {
      onError() {
        throw new Error('the log is full');
      },
    });
    const errors: unknown[] = [];
    of(to('/500'))
      .pipe(fails)
      .subscribe({ error: (error: Error) => errors.push(error.message) });
    expect(errors).toEqual(['the log is full']);
  });

  test('that nobody has given is a warning', () => {
    const warnings: Error[] = [];
    const before = onWarning((warning) => warnings.push(warning));
    of(to('/500')).pipe(failing).subscribe();
    onWarning(before);
    expect(warnings).toEqual([expect.any(HandlerFailed)]);
    expect(warnings[0].message).toContain('GET /500 failed: Error: oops');
  });
});

describe('middleware', () => {
  test('is put around in the order in which it stands, and errors come to it as responses', () => {
    const noting =
      (name: string) =>
      (next: Handler): Handler =>
      (request) => {
        const answer = next(request.with({ headers: request.headers.and('X-Seen', name) })) as Response;
        return answer.with({ headers: answer.headers.and('X-Around', name) });
      };
    const site = compose(noting('a'), noting('b'))(routes({ 'GET /': ({ headers }) => text(headers.get('x-seen')!) }));
    const answer = site(to('/')) as Response;
    expect(utf8(answer.content!)).toBe('a, b');
    expect(answer.headers.get('x-around')).toBe('b, a');
    expect((site(to('/x')) as Response).headers.get('x-around')).toBe('b, a');
  });

  test('that throws is an error like any other, for those around it', () => {
    const guard = () => (): never => {
      throw new HttpError(403, 'not you');
    };
    const site = compose((next) => (request) => next(request), guard)(() => text('in'));
    expect(site(to('/'))).toMatchObject({ status: 403 });
  });

  test('may shape the error pages', () => {
    const pages = errorPages(({ status, title, detail }) =>
      status === 404 ? text(`${title}! ${detail ?? ''}`, { headers: { 'X-Mine': 1 } }) : undefined,
    );
    const site = compose(pages)(routes({ 'GET /a': () => text('') }));
    const missing = site(to('/b')) as Response;
    expect(missing).toMatchObject({ status: 404, cause: expect.any(HttpError) });
    expect(utf8(missing.content!)).toBe('Not Found! Not Found');
    expect(missing.headers.get('x-mine')).toBe('1');
    const refused = site(new Request({ method: 'PUT', target: '/a' })) as Response;
    expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });
});

test('a handler that ends without a response is a 500', async () => {
  const site = compose()(() => EMPTY);
  expect(await (site(to('/')) as Deferred<Response>)).toMatchObject({ status: 500 });
});

test('at least one request is worked on', () => {
  expect(() => compose()(answering, { concurrent: 0 })).toThrow(RangeError);
});
