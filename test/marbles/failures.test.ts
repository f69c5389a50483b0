/** What a failure of the test kit looks like: whoever changes it sees here what people will read. */
import { from, identity, map, mergeMap, switchMap, tap, VirtualTimeScheduler } from 'rxjs';
import { bytes, codec, concat, currentGroup, serve, utf8, type Bytes, type Hold, type PathAddress } from 'ropewalk';
import { complianceOf, everySplit, expectCodec, hex, marbles, simulate, wire, type Marbles } from 'ropewalk/marbles';
import { memory } from 'ropewalk/memory';

function said(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
}
const saidIn = (body: (m: Marbles) => void): string => said(marbles(body));

describe('toBe', () => {
  test('marks the moment in the diagrams and the byte in the contents', () => {
    const [sent, expected] = ['GET /index.html HTTP/1.1\r\n', 'GET /index.htm HTTP/1.1\r\n'];
    expect(saidIn((m) => m.expect(wire('-a--b|', { a: 'x', b: sent })).toBe('-x--r|', { r: expected })))
      .toMatchInlineSnapshot(`
     "the marbles differ at 4 ms
       expected  -x--r|
       actual    -x--A|
                     ^
       expected there: r at 4 ms: 'GET /index.htm HTTP/1.1\\r\\n'
       actual there:   A at 4 ms: 'GET /index.html HTTP/1.1\\r\\n'
                                                 ^ byte 14
       r = "GET /index.htm HTTP/1.1\\r\\n"
       A = 'GET /index.html HTTP/1.1\\r\\n'"
    `);
  });

  test('shows a long content around the byte that differs', () => {
    const long = bytes('0123456789'.repeat(100));
    const other = concat([long.subarray(0, 700), hex('00'), long.subarray(701)]);
    expect(saidIn((m) => m.expect(wire('a|', { a: other })).toBe('a|', { a: long }))).toMatchInlineSnapshot(`
     "the marbles differ at 0 ms
       expected  a|
       actual    A|
                 ^
       expected there: a at 0 ms: …'678901234567890123456789012345678901234567890123456789012345'… (1000 bytes)
       actual there:   A at 0 ms: …'678901234567890123456789\\x0012345678901234567890123456789012345'… (1000 bytes)
                                                            ^ byte 700
       a = '012345678901234567890123456789012345678901234567890123456789'… (1000 bytes)
       A = '012345678901234567890123456789012345678901234567890123456789'… (1000 bytes)"
    `);
  });

  test('shows values that are not bytes one below the other', () => {
    const [came, wanted] = [
      { name: 'ada', age: 36 },
      { name: 'ada', age: 37 },
    ];
    expect(saidIn((m) => m.expect(m.cold('--a|', { a: came })).toBe('--a|', { a: wanted }))).toMatchInlineSnapshot(`
     "the marbles differ at 2 ms
       expected  --a|
       actual    --A|
                   ^
       expected there: a at 2 ms: {"name":"ada","age":37}
       actual there:   A at 2 ms: {"name":"ada","age":36}
                                                       ^
       a = {"name":"ada","age":37}
       A = {"name":"ada","age":36}"
    `);
  });

  test('says what came instead of an end', () => {
    expect(saidIn((m) => m.expect(m.cold('-a 50ms #', {}, new RangeError('too far'))).toBe('-a 50ms |')))
      .toMatchInlineSnapshot(`
     "the marbles differ at 52 ms
       expected  -a 50ms |
       actual    -a 50ms #
                         ^
       expected there: the end (|) at 52 ms
       actual there:   an error (#) at 52 ms: RangeError: too far"
    `);
  });
});

test('script(...).received is told in the pieces that were expected', () => {
  const message = saidIn((m) => {
    const { listen, script } = m.memory();
    listen('memory:echo').pipe(serve(identity)).subscribe();
    m.expect(script('memory:echo', '-a----b|', { a: 'one\n', b: 'two\n' }).received).toBe('-(on)-T|', {
      o: 'on',
      n: 'e\n',
      T: 'Two\n',
    });
  });
  expect(message).toMatchInlineSnapshot(`
   "the marbles differ at 6 ms
     expected  -(on)-T|
     actual    -(on)-A|
                     ^
     expected there: T at 6 ms: 'Two\\n'
     actual there:   A at 6 ms: 'two\\n'
                                 ^ byte 0
     o = "on"
     n = "e\\n"
     T = "Two\\n"
     A = 'two\\n'"
  `);
});

describe('everySplit', () => {
  const chunksAsText = map((chunk: Bytes) => utf8(chunk));

  test('says how it was cut and marks where the outcomes part', () => {
    expect(said(() => everySplit(bytes('ab\r\n'), chunksAsText))).toMatchInlineSnapshot(`
     "4 bytes cut after byte 0 gave something else than all at once
       fed       '' | 'ab\\r\\n'
       expected  ['ab\\r\\n'] completed
       actual    ['', 'ab\\r\\n'] completed
                   ^"
    `);
  });

  test('shows the first message that differs among many, and how to see it again', () => {
    const numbered = bytes(Array.from({ length: 400 }, (_, i) => `${i}\n`).join(''));
    const careless = mergeMap((chunk: Bytes) => from(utf8(chunk).split('\n').filter(Boolean)));
    expect(said(() => everySplit(numbered, careless, { seed: 7 }))).toMatchInlineSnapshot(`
     "1490 bytes cut after byte 777, 1042, 1456 (seed 7, sample 1) gave something else than all at once
       fed       '0\\n1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n10\\n11\\n12\\n13\\n14\\n15\\n16\\n17\\n18\\n19\\n20\\n21\\n22\\n2'… (777 bytes) | '\\n222\\n223\\n224\\n225\\n226\\n227\\n228\\n229\\n230\\n231\\n232\\n233\\n234\\n235\\n236'… (265 bytes) | '288\\n289\\n290\\n291\\n292\\n293\\n294\\n295\\n296\\n297\\n298\\n299\\n300\\n301\\n302\\n'… (414 bytes) | '1\\n392\\n393\\n394\\n395\\n396\\n397\\n398\\n399\\n'
       expected  [… (389 more), '389', '390', '391', '392', '393', '394', '395', '396', '397', '398', '399'] completed
       actual    [… (389 more), '389', '390', '39', '1', '392', '393', '394', '395', '396', '397', '398', '399'] completed
                                                 ^"
    `);
  });
});

describe('expectCodec', () => {
  test('names the law, and shows what was fed', () => {
    const careless = codec(
      mergeMap((chunk: Bytes) => utf8(chunk).split('\n').slice(0, -1)),
      map((text: string) => bytes(`${text} \n`)),
    );
    expect(said(() => expectCodec(careless).toObeyLaws(['hello', 'you']))).toMatchInlineSnapshot(`
     "the codec breaks a law: round trip
       fed       'hello \\n'
       expected  ['hello'] completed
       actual    ['hello '] completed
                        ^"
    `);
  });
});

test('complianceOf names the rule and the page that has it', async () => {
  const scheduler = new VirtualTimeScheduler();
  const world = memory(scheduler, (...ends) => ends.forEach(({ halves }) => (halves.transport.pause = () => {})));
  let places = 0;
  const cases = complianceOf({
    ...world,
    endpoint: () => `memory:place${++places}`,
    reach: (address) => `memory:${(address as PathAddress).path}`,
    can: { reset: true, halfClose: true },
    advance() {
      const now = scheduler.frame + 10;
      scheduler.maxFrames = now;
      scheduler.flush();
      scheduler.frame = now;
    },
  });
  let message = '';
  for (const { run } of cases) if (message === '') await run().catch((error: Error) => (message = error.message));
  expect(message).toMatchInlineSnapshot(`
   "docs/duplex.md, rule 1: while nobody listens at most one chunk is read, and reading is held
     it should be that at most 65536 bytes are read ahead, not 1048576"
  `);
});

describe('simulate', () => {
  test('says who still holds whom when all is over, and how to see it again', () => {
    const forgotten: Hold[] = [];
    /** A queue that holds whoever feeds it, and forgets to let go when it is left. */
    const forgetful = tap<Bytes>(() => {
      const holder = { backlog: 5, toString: () => 'a forgetful queue' };
      forgotten.push(currentGroup()!.hold(holder, 'it is full'));
    });
    const message = said(() =>
      simulate({ seed: 4, profile: 'still', rechunk: false }, ({ host }) => {
        host('server', (net) => net.listen('tcp:7').pipe(serve(identity)));
        host('client', (net) =>
          net.connect('tcp:server:7').pipe(
            switchMap((connection) => {
              connection.next(bytes('hello'));
              return connection.pipe(forgetful);
            }),
          ),
        );
      }),
    );
    for (const hold of forgotten) hold.release();
    expect(message).toMatchInlineSnapshot(`
     "the connection with 10.0.0.1:7 is still held by a forgetful queue: it is full

     the world of seed 4 (trace hash 78c705f7868a57c2):
       after 0.000000 s and 16 events
       options: seed: 4, profile: "still", rechunk: false
       host server: 10.0.0.1
       host client: 10.0.0.2
       the link client-server: latency 0.000 ms, jitter 0.000 ms, any bandwidth, window 65536, reads whole

     the last that happened in it:
       0.000000 s  server starts at 10.0.0.1
       0.000000 s  client starts at 10.0.0.2
       0.000000 s  10.0.0.2:49152 dials 10.0.0.1:7
       0.000000 s  10.0.0.1:7 accepts 10.0.0.2:49152
       0.000000 s  10.0.0.2:49152 is connected to 10.0.0.1:7
       0.000000 s  10.0.0.2:49152 > 10.0.0.1:7 5 bytes 5c5a663b
       0.000000 s  10.0.0.1:7 > 10.0.0.2:49152 5 bytes 5c5a663b
       0.000000 s  the link client-server is healed
       0.000000 s  server stops
       0.000000 s  10.0.0.1:7 > 10.0.0.2:49152 reset
       0.000000 s  client stops
       0.000000 s  10.0.0.2:49152 > 10.0.0.1:7 end
       0.000000 s  10.0.0.2:49152 <> 10.0.0.1:7 was reset by the peer
       0.000000 s  10.0.0.1:7 > 10.0.0.2:49152 reset

     again:   simulate({ seed: 4, profile: "still", rechunk: false }, ...)"
    `);
  });
});
