/** Marble tests and a world for a runner that is not Jest: this file is run by `vitest`. */
import { identity, switchMap, tap } from 'rxjs';
import { bytes, serve } from 'ropewalk';
import { expectCodec, marbles, simulate } from 'ropewalk/marbles';
import { lines } from 'ropewalk/operators';
import { test } from 'vitest';

test(
  'what is said comes back',
  marbles((m) => {
    const { listen, script } = m.memory();
    listen('memory:echo').pipe(serve(identity)).subscribe();
    m.expect(script('memory:echo', '-a-b|').received).toBe('-a-b|');
  }),
);

test('a codec and a world', () => {
  expectCodec(lines()).toObeyLaws(['', 'a']);
  let heard = 0;
  simulate({ seed: 1 }, ({ host, eventually }) => {
    host('server', (net) => net.listen('tcp:7').pipe(serve(identity)));
    host('client', (net) =>
      net.connect('tcp:server:7').pipe(
        switchMap((connection) => {
          connection.next(bytes('hello'));
          return connection;
        }),
        tap((chunk) => (heard += chunk.length)),
      ),
    );
    eventually(() => heard === 5);
  });
});

test(
  'a failure is told as text',
  marbles((m) => {
    m.expect(m.cold('-a|')).toBe('-b|');
  }),
);
