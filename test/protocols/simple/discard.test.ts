import { take } from 'rxjs';
import { pull, serve, type Bytes } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { sendTo } from 'ropewalk/operators';
import { discard } from 'ropewalk/simple';

function* endless(drawn: (length: number) => void): Generator<Bytes> {
  for (;;) {
    drawn(16_384);
    yield new Uint8Array(16_384);
  }
}

describe('discard', () => {
  test(
    'RFC 863: "any data received is thrown away. No response is sent."',
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:discard').pipe(serve(discard)).subscribe();
      m.expect(script('memory:discard', '-a-b-|').received).toBe('-----|');
      m.expectNothingOpen();
    }),
  );

  test(
    'reads on, however much comes',
    marbles((m) => {
      const { listen, connect } = m.memory();
      let drawn = 0;
      listen('memory:discard').pipe(serve(discard)).subscribe();
      connect('memory:discard').subscribe((connection) =>
        pull(endless((length) => (drawn += length)))
          .pipe(take(1000), sendTo(connection))
          .subscribe(),
      );
      m.flush();
      expect(drawn).toBe(16_384_000);
      m.expectNothingOpen();
    }),
  );
});
