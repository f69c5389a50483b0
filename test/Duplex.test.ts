import { filter, map, merge, mergeMap, Observable, share, take, timer } from 'rxjs';
import { bytes, codec, ConnectionAborted, utf8, type Bytes, type Connection, type Duplex, type Layer } from 'ropewalk';
import { marbles, wire, type Marbles } from 'ropewalk/marbles';

/** Two bytes are a message: a lone one waits for the other. */
const pairs = codec(
  decodePairs,
  map((message: string) => bytes(message)),
);

function decodePairs(chunks: Observable<Bytes>): Observable<string> {
  return new Observable((subscriber) => {
    let half = '';
    return chunks.subscribe({
      next(chunk) {
        half += utf8(chunk);
        while (half.length >= 2) {
          const message = half.slice(0, 2);
          half = half.slice(2);
          subscriber.next(message);
        }
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
  });
}

/** A layer whose halves interact: `??` is answered inside, everything else is a message. */
const pings: Layer<Bytes, string> = (protocol) => (incoming, connection) => {
  const messages = incoming.pipe(decodePairs, share());
  return merge(
    messages.pipe(
      filter((message) => message === '??'),
      map(() => '!!'),
    ),
    protocol(messages.pipe(filter((message) => message !== '??')), connection),
  ).pipe(map((message) => bytes(message)));
};

/** A server that plays a diagram, and a client's connection to it, handed out once it is there. */
function dialled(m: Marbles, diagram: string, use: (client: Connection, server: Connection) => void): void {
  const { listen, connect } = m.memory();
  let server: Connection | undefined;
  listen('memory:server').subscribe((connection) => {
    server = connection;
    wire(diagram, { h: 'hi', '?': '??', x: 'xxx' }).subscribe(connection);
  });
  connect('memory:server').subscribe({
    next: (client) => use(client, server!),
    error() {},
  });
}

/** What `source` does, from `at` on. */
const from = (at: number, source: Observable<unknown>): Observable<unknown> => timer(at).pipe(mergeMap(() => source));

describe('a layer over a duplex', () => {
  test(
    'decodes what arrives and encodes what leaves',
    marbles((m) => {
      dialled(m, '-h--(hh)|', (client, server) => {
        m.expect(client.over(pairs)).toBe('-h--(hh)|', { h: 'hi' });
        m.expect(server).toBe('(y|)', { y: 'yo' });
        client.over(pairs).next('yo');
        client.complete();
      });
    }),
  );

  test(
    'loses no greeting: what came before the first subscription waits',
    marbles((m) => {
      dialled(m, 'h-h', (client) => m.expect(from(9, client.over(pairs))).toBe('---------(hh)', { h: 'hi' }));
    }),
  );

  test(
    'keeps what is half decoded from one subscriber to the next',
    marbles((m) => {
      dialled(m, '-x-x', (client) => {
        const duplex = client.over(pairs);
        m.expect(duplex.pipe(take(1))).toBe('-(m|)', { m: 'xx' });
        m.expect(from(2, duplex)).toBe('---(mm)', { m: 'xx' });
      });
    }),
  );

  test(
    'keeps what was decoded while nobody listened, and holds the wire meanwhile',
    marbles((m) => {
      dialled(m, '-(hh)-----h', (client) => {
        const duplex = client.over(pairs);
        m.expect(duplex.pipe(take(1))).toBe('-(h|)', { h: 'hi' });
        m.expect(timer(5).pipe(map(() => client.state.held))).toBe('-----(t|)', { t: true });
        m.expect(from(6, duplex)).toBe('------h---h', { h: 'hi' });
        m.expect(timer(12).pipe(map(() => client.state.held))).toBe('12ms (f|)', { f: false });
      });
    }),
  );

  test(
    'rule 1: who leaves in the middle of what waited takes no more than he heard',
    marbles((m) => {
      dialled(m, '-(aabbccdd)', (client) => {
        const duplex = client.over(pairs);
        m.expect(duplex.pipe(take(1))).toBe('-(a|)', { a: 'aa' });
        m.expect(timer(3).pipe(mergeMap(() => duplex.pipe(take(1))))).toBe('---(b|)', { b: 'bb' });
        m.expect(timer(5).pipe(mergeMap(() => duplex.pipe(take(1))))).toBe('-----(c|)', { c: 'cc' });
        m.expect(from(6, duplex)).toBe('------d', { d: 'dd' });
      });
    }),
  );

  test(
    'writes at once, and reads nothing for it when it is a codec',
    marbles((m) => {
      dialled(m, '-h', (client, server) => {
        const duplex = client.over(pairs);
        duplex.next('yo');
        m.expect(server).toBe('y', { y: 'yo' });
        m.expect(timer(3).pipe(map(() => client.halves.inbox.listening))).toBe('---(f|)', { f: false });
        m.expect(from(4, duplex)).toBe('----h', { h: 'hi' });
      });
    }),
  );

  test(
    'that answers by itself does so from the first write on, and what else it reads waits for a listener',
    marbles((m) => {
      dialled(m, '-?-h', (client, server) => {
        const duplex = client.over(pings);
        duplex.next('yo');
        m.expect(server).toBe('yP', { y: 'yo', P: '!!' });
        m.expect(from(8, duplex)).toBe('--------h', { h: 'hi' });
      });
    }),
  );

  test(
    'that cannot decode aborts the connection, and tells whoever listens',
    marbles((m) => {
      const broken = new RangeError('not a message');
      const failing = codec(
        map((): string => {
          throw broken;
        }),
        map((message: string) => bytes(message)),
      );
      dialled(m, '-h', (client, server) => {
        m.expect(client.over(failing)).toBe('-#', {}, broken);
        m.expect(client.closed).toBe('-(a|)', { a: { kind: 'aborted', error: broken } });
        m.expect(server).toBe('-#');
      });
    }),
  );

  test(
    'that cannot encode aborts the connection',
    marbles((m) => {
      const broken = new RangeError('not a message');
      const failing = codec(
        decodePairs,
        map((): Bytes => {
          throw broken;
        }),
      );
      dialled(m, '', (client) => {
        const duplex = client.over(failing);
        m.expect(duplex).toBe('#', {}, ConnectionAborted);
        duplex.next('yo');
        m.expect(client.closed).toBe('(a|)', { a: { kind: 'aborted', error: broken } });
      });
    }),
  );

  test(
    'counts what is written after its end',
    marbles((m) => {
      dialled(m, '|', (client) => {
        const duplex = client.over(pairs);
        duplex.complete();
        duplex.next('yo');
        duplex.next('yo');
        m.expect(timer(1).pipe(map(() => client.state.dropped))).toBe('-(n|)', { n: 2 });
      });
    }),
  );

  test(
    'loses nothing for who subscribes in the turn of complete',
    marbles((m) => {
      dialled(m, '-x---|', (client) => {
        const duplex = client.over(pairs);
        m.expect(duplex.pipe(take(1))).toBe('-(m|)', { m: 'xx' });
        const asked = timer(3).pipe(
          mergeMap(() => {
            duplex.next('yo');
            duplex.complete();
            return duplex;
          }),
        );
        m.expect(asked).toBe('-----|');
        m.expect(client.closed).toBe('-----(d|)', { d: { kind: 'done' } });
      });
    }),
  );

  test(
    'with nothing more to say and nobody to hear lets the connection linger and close',
    marbles((m) => {
      dialled(m, '-h', (client) => {
        const duplex = client.over(pairs);
        m.expect(duplex.pipe(take(1))).toBe('-(h|)', { h: 'hi' });
        m.expect(timer(2).pipe(map(() => duplex.complete()))).toBe('--(u|)', { u: undefined });
        m.expect(client.closed).toBe('5002ms (d|)', { d: { kind: 'done' } });
      });
    }),
  );

  test(
    'that ends by itself lets the connection linger and close, too',
    marbles((m) => {
      const oneWord = codec(decodePairs, (words: Observable<string>) =>
        words.pipe(
          take(1),
          map((message) => bytes(message)),
        ),
      );
      dialled(m, '-h', (client) => {
        const duplex = client.over(oneWord);
        m.expect(duplex.pipe(take(1))).toBe('-(h|)', { h: 'hi' });
        m.expect(timer(2).pipe(map(() => duplex.next('yo')))).toBe('--(u|)', { u: undefined });
        m.expect(client.closed).toBe('5002ms (d|)', { d: { kind: 'done' } });
      });
    }),
  );

  test(
    'lies over another layer',
    marbles((m) => {
      const numbers = codec(
        map((text: string) => Number(text)),
        map((value: number) => String(value)),
      );
      const { listen, connect } = m.memory();
      listen('memory:echo').subscribe((connection) => connection.subscribe(connection));
      connect('memory:echo').subscribe((client) => {
        const duplex: Duplex<number> = client.over(pairs).over(numbers);
        duplex.next(42);
        m.expect(duplex).toBe('(n|)', { n: 42 });
        duplex.complete();
        m.expect(duplex.closed).toBe('(d|)', { d: { kind: 'done' } });
      });
      m.expectNothingOpen();
    }),
  );

  test(
    'aborts with the reason it is given, written to or not',
    marbles((m) => {
      const enough = new Error('enough');
      for (const early of [[], ['yo']]) {
        dialled(m, '', (client) => {
          const duplex = client.over(pairs);
          for (const value of early) duplex.next(value);
          duplex.error(enough);
          m.expect(duplex.closed).toBe('(a|)', { a: { kind: 'aborted', error: enough } });
        });
      }
    }),
  );
});
