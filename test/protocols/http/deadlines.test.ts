/** Clients that are slow on purpose, in virtual time: who drips a content in, and who never takes what he asked for. */
import { asyncScheduler, interval, map, reduce, Subject, take, timer, type Observable } from 'rxjs';
import { bytes, heldGroups, over, pull, serve, TimedOut, utf8, type CloseReason, type Protocol } from 'ropewalk';
import { concatMap, mergeMap } from 'ropewalk/operators';
import { http, HttpError, stream, text, type HttpOptions, type Request, type Response } from 'ropewalk/http';
import { marbles, type Marbles } from 'ropewalk/marbles';

type Site = Protocol<Request, Response>;

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (length: number): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
const readingAll: Site = mergeMap((request: Request) => request.text().addCallback((said) => text(`${said.length}`)));

/** Serves a site; gives a client, what becomes of its connection, and when. */
function talk(m: Marbles, site: Site, options: HttpOptions) {
  const { listen, dial } = m.memory();
  const refusals: unknown[] = [];
  const ends: [at: number, reason: CloseReason][] = [];
  listen('memory:web')
    .pipe(serve(over(http({ refused: (error) => refusals.push(error), ...options }), site)))
    .subscribe((reason) => ends.push([asyncScheduler.now(), reason]));
  return { client: dial('memory:web'), refusals, ends };
}

describe('a content that drips in', () => {
  /** A client that says this much, so often, until it has said all; what it hears, and when. */
  function dripping(m: Marbles, site: Site, piece: string, every: number, times: number) {
    const { client, ends, refusals } = talk(m, site, { timeouts: { body: 1_000 }, minRate: 100 });
    const heard: string[] = [];
    client.addCallback((connection) => {
      connection.subscribe((chunk) => heard.push(`${asyncScheduler.now()} ${utf8(chunk).slice(9, 12)}`));
      connection.next(bytes(post(piece.length * times)));
      interval(every)
        .pipe(take(times))
        .subscribe(() => connection.next(bytes(piece)));
    });
    m.flush();
    return { heard, ends, refusals };
  }

  test(
    'is 408 once less comes in a while than a minimum rate asks for, though no piece of it is late',
    marbles((m) => {
      const { heard, ends, refusals } = dripping(m, readingAll, 'a', 100, 100);
      expect(heard).toEqual(['1000 408']);
      expect(ends[0]).toMatchObject([expect.any(Number), { kind: 'done' }]);
      expect(refusals).toEqual([expect.any(HttpError)]);
      expect(String(refusals[0])).toContain('at less than 100 bytes a second');
    }),
  );

  test(
    'and at that rate it has all the time it needs',
    marbles((m) => {
      expect(dripping(m, readingAll, 'a'.repeat(20), 190, 100).heard).toEqual(['19000 200']);
    }),
  );

  test(
    'so has one that waits for its reader: nobody reads it yet, or whoever reads it is busy with a part',
    marbles((m) => {
      const late: Site = mergeMap((request: Request) =>
        timer(20_000).pipe(mergeMap(() => request.text().addCallback((said) => text(said)))),
      );
      expect(dripping(m, late, 'a', 100, 100).heard).toEqual(['20000 200']);
      const busy: Site = mergeMap((request: Request) =>
        request.body.pipe(
          concatMap((chunk) => timer(5_000).pipe(map(() => chunk.length))),
          reduce((sum, length) => sum + length, 0),
          map((sum) => text(String(sum))),
        ),
      );
      const { heard, refusals } = dripping(m, busy, 'a'.repeat(1_000), 1, 100);
      expect([heard.map((line) => line.split(' ')[1]), refusals]).toEqual([['200'], []]);
    }),
  );

  test(
    'one that nobody wants any more, and drips on, is cut off',
    marbles((m) => {
      const { heard, ends } = dripping(
        m,
        map(() => text('no, thanks')),
        'a',
        100,
        200,
      );
      expect(heard).toEqual(['0 200']);
      // The last five seconds it is listened to only so that its last words are not answered by a reset.
      expect(ends[0][0]).toBeLessThanOrEqual(7_000);
    }),
  );

  test(
    'with a rate of 0 it may, for as long as no piece of it is late',
    marbles((m) => {
      const { client } = talk(m, readingAll, { timeouts: { body: 1_000 }, minRate: 0 });
      const heard: string[] = [];
      client.addCallback((connection) => {
        connection.subscribe((chunk) => heard.push(utf8(chunk).slice(9, 12)));
        connection.next(bytes(post(100)));
        interval(900)
          .pipe(take(100))
          .subscribe(() => connection.next(bytes('a')));
      });
      m.flush();
      expect(heard).toEqual(['200']);
    }),
  );
});

describe('a response that is not read', () => {
  const options = { timeouts: { response: 10_000 } };
  const piece = new Uint8Array(16_384);
  /** A stream without end; how much of it was made. */
  function endless(): { body: Observable<Uint8Array>; made: () => number } {
    let made = 0;
    function* pieces(): Iterable<Uint8Array> {
      for (;;) {
        made += piece.length;
        yield piece;
      }
    }
    return { body: pull(pieces()), made: () => made };
  }

  test(
    'ends its connection once nothing of it was taken for a while; until then it is not made, either',
    marbles((m) => {
      const { body, made } = endless();
      const { client, ends, refusals } = talk(
        m,
        map(() => stream(body)),
        options,
      );
      client.addCallback((connection) => connection.next(bytes(get)));
      m.flush();
      expect(ends).toEqual([[10_000, { kind: 'aborted', error: expect.any(TimedOut) as Error }]]);
      expect(refusals).toEqual([ends[0][1].kind === 'aborted' && ends[0][1].error]);
      expect(String(refusals[0])).toMatch(/took nothing of \d+ bytes for 10000 ms/);
      expect(made()).toBeLessThan(1 << 20);
      expect(heldGroups()).toEqual([]);
    }),
  );

  test(
    'a slow reader is no such client',
    marbles((m) => {
      const { body } = endless();
      const { client, ends } = talk(
        m,
        map(() => stream(body)),
        options,
      );
      client.addCallback((connection) => {
        connection.next(bytes(get));
        // A window of it every now and then.
        connection
          .pipe(
            concatMap((chunk) => timer(4_000).pipe(map(() => chunk))),
            take(50),
          )
          .subscribe();
      });
      m.flush();
      expect(ends[0][0]).toBeGreaterThan(100_000);
    }),
  );

  test(
    'nor is one whose response has nothing to say',
    marbles((m) => {
      const said = new Subject<Uint8Array>();
      const { client, ends } = talk(
        m,
        map(() => stream(said)),
        options,
      );
      client.addCallback((connection) => {
        connection.subscribe();
        connection.next(bytes(get));
      });
      timer(100_000).subscribe(() => said.complete());
      m.flush();
      expect(ends[0][0]).toBeGreaterThanOrEqual(100_000);
    }),
  );

  test(
    'nor may a client ask on and on, and never listen to the answers',
    marbles((m) => {
      const { client, ends } = talk(
        m,
        map(() => text('x'.repeat(10_000))),
        options,
      );
      client.addCallback((connection) => connection.next(bytes(get.repeat(1_000))));
      m.flush();
      expect(ends).toEqual([[20_000, { kind: 'aborted', error: expect.any(TimedOut) as Error }]]);
    }),
  );
});
