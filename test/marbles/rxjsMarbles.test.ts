import { identity, map } from 'rxjs';
import { marbles } from 'rxjs-marbles/jest';
import { bytes, codec, over, serve, utf8, type Bytes } from 'ropewalk';
import { script } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';

const text = codec(
  map((chunk: Bytes) => utf8(chunk)),
  map((words: string) => bytes(words)),
);
const letters = { a: bytes('a'), b: bytes('b'), A: bytes('A'), B: bytes('B') };

describe('rxjs-marbles plays our protocols', () => {
  test(
    'as the operators that they are',
    marbles((m) => {
      const shout = over(
        text,
        map((words) => words.toUpperCase()),
      );
      const [connection] = [undefined as never];
      const said = m.cold('  -a-b|', letters);
      const expected = m.cold('-A-B|', letters);
      m.expect(shout(said, connection)).toBeObservable(expected);
    }),
  );

  test(
    'and over connections in memory, with nothing injected',
    marbles((m) => {
      const { listen, connect } = memory();
      listen('memory:echo').pipe(serve(identity)).subscribe();
      const peer = script(connect('memory:echo'), '-a-b|');
      m.expect(peer.received).toBeObservable('-a-b|', letters);
    }),
  );
});
