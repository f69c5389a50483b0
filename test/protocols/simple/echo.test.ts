import { pull, serve, type Bytes } from 'ropewalk';
import { marbles } from 'ropewalk/marbles';
import { sendTo } from 'ropewalk/operators';
import { echo } from 'ropewalk/simple';

function* endless(drawn: (length: number) => void): Generator<Bytes> {
  for (;;) {
    drawn(16_384);
    yield new Uint8Array(16_384);
  }
}

describe('echo', () => {
  test(
    'RFC 862: "any data received is sent back", until "the calling user terminates the connection"',
    marbles((m) => {
      const { listen, script } = m.memory();
      listen('memory:echo').pipe(serve(echo)).subscribe();
      const sent = { a: 'hello', b: new Uint8Array([0, 13, 10, 255]) };
      m.expect(script('memory:echo', '-a-b-|', sent).received).toBe('-a-b-|', sent);
      m.expectNothingOpen();
    }),
  );

  test(
    'a peer that sends and does not read is not read from either',
    marbles((m) => {
      const { listen, connect } = m.memory();
      let drawn = 0;
      listen('memory:echo').pipe(serve(echo)).subscribe();
      connect('memory:echo').subscribe((connection) =>
        pull(endless((length) => (drawn += length)))
          .pipe(sendTo(connection))
          .subscribe(),
      );
      m.flush();
      expect(drawn).toBeGreaterThan(65_536);
      expect(drawn).toBeLessThan(600_000);
    }),
  );
});
