/** Tests of a user who has Jest and rxjs-marbles, and has imported the door: one of them leaves something held. */
import { identity } from 'rxjs';
import { marbles } from 'rxjs-marbles/jest';
import { bytes, serve } from 'ropewalk';
import { script, wire } from 'ropewalk/marbles';
import 'ropewalk/marbles/jest';
import { memory } from 'ropewalk/memory';
import { lines } from 'ropewalk/operators';

const letters = { a: bytes('a'), b: bytes('b') };
const words = { A: 'one', B: 'two' };

test(
  'a byte diagram goes in, rxjs-marbles looks at what comes out',
  marbles((m) => {
    const source = wire('-a-b---|', { a: 'on', b: 'e\ntwo\n' });
    m.expect(source.pipe(lines().decode)).toBeObservable('---(AB)|', words);
  }),
);

test(
  'a peer that stays connected holds nobody',
  marbles((m) => {
    const { listen, connect } = memory();
    listen('memory:echo').pipe(serve(identity)).subscribe();
    const peer = script(connect('memory:echo'), '-a-b-');
    m.expect(peer.received).toBeObservable('-a-b-', letters);
  }),
);

test(
  'an echo whose peer does not read stays held',
  marbles((m) => {
    const { listen, dial } = memory();
    listen('memory:echo').pipe(serve(identity)).subscribe();
    dial('memory:echo').addCallback((deaf) => deaf.next(new Uint8Array(1_000_000)));
    m.flush();
  }),
);

test('the test after it is not to blame', () => {});

test('one byte that differs is noticed', () => {
  expect(bytes('abc')).not.toStrictEqual(bytes('abd'));
});

test('a Buffer equals the bytes that it is', () => {
  expect([Buffer.from('abc')]).toStrictEqual([Uint8Array.of(97, 98, 99)]);
});
