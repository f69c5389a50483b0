/** The machine alone: what it makes of every sequence of frames, however it is cut. Sections are those of RFC 6455. */
import { Observable } from 'rxjs';
import { bytes, concat, equal, LimitExceeded, ProtocolError, RopewalkError, show, utf8, type Bytes } from 'ropewalk';
import { everySplit } from 'ropewalk/marbles';
import {
  formatClose,
  formatFrame,
  parseClose,
  WebSocketMachine,
  type Farewell,
  type WebSocketMasker,
  type WebSocketMessage,
} from 'ropewalk/websocket';
import { permessageDeflate } from 'ropewalk/websocket/node';
import { fuzz } from '../fuzzing.ts';
import { closing, masked, plain } from './frames.ts';

type Told = WebSocketMessage | { readonly sent: Bytes } | { readonly pong: string } | Farewell;

/** What a machine tells of the bytes, as an operator, so that they can be cut. */
function telling(role: 'client' | 'server', max = 1 << 20, compressed = false, masker?: WebSocketMasker) {
  return (source: Observable<Bytes>): Observable<Told> =>
    new Observable((out) => {
      const agreed = { serverNoContextTakeover: false, clientNoContextTakeover: false };
      const compression = compressed
        ? permessageDeflate().begin({ ...agreed, serverMaxWindowBits: 15, clientMaxWindowBits: 15 }, role)
        : undefined;
      const machine = new WebSocketMachine(
        { role, max, maskKey: () => 0, compression, masker },
        {
          message: (message) => out.next(message),
          pong: (payload) => out.next({ pong: utf8(payload) }),
          send: (sent) => out.next({ sent }),
          closed: (farewell) => out.next(farewell),
        },
      );
      return source.subscribe({
        next(chunk) {
          try {
            machine.receive(chunk);
          } catch (error) {
            out.error(error);
          }
        },
        complete: () => out.complete(),
      });
    });
}

const kb = 'x'.repeat(1000);
const long = 'é'.repeat(3000);

describe.each(['server', 'client'] as const)('a %s understands, however it is cut', (role) => {
  const frame = role === 'server' ? masked : plain;
  const own = role === 'server' ? plain : masked0;
  const cases: [string, Bytes[], Told[]][] = [
    ['text (5.6)', [frame(0x81, 'Hello')], ['Hello']],
    ['text that is not ASCII', [frame(0x81, 'Hé𝄞')], ['Hé𝄞']],
    ['an empty text, and an empty binary', [frame(0x81), frame(0x82)], ['', bytes([])]],
    ['binary', [frame(0x82, bytes([0, 255, 128]))], [bytes([0, 255, 128])]],
    [
      'lengths of 125, 126 and 127 (5.2)',
      [125, 126, 127].map((n) => frame(0x81, 'x'.repeat(n))),
      [125, 126, 127].map((n) => 'x'.repeat(n)),
    ],
    ['a long text that is not ASCII', [frame(0x81, long)], [long]],
    ['fragments (5.4)', [frame(0x01, 'Hel'), frame(0x00, 'l'), frame(0x80, 'o')], ['Hello']],
    ['fragments of nothing', [frame(0x01), frame(0x00), frame(0x80)], ['']],
    ['an empty first fragment, and a last one', [frame(0x02), frame(0x80, bytes([7]))], [bytes([7])]],
    ['a character cut by fragments (5.6)', [frame(0x01, bytes([0xf0, 0x9d])), frame(0x80, bytes([0x84, 0x9e]))], ['𝄞']],
    [
      'a ping between fragments (5.4)',
      [frame(0x01, 'a'), frame(0x89, 'p'), frame(0x80, 'b')],
      [{ sent: own(0x8a, 'p') }, 'ab'],
    ],
    ['a ping of 125 bytes (5.5)', [frame(0x89, 'x'.repeat(125))], [{ sent: own(0x8a, 'x'.repeat(125)) }]],
    ['a pong that nobody asked for (5.5.3)', [frame(0x8a, 'hi')], [{ pong: 'hi' }]],
    [
      'a close frame, and nothing after it (5.5.1)',
      [frame(0x88, closing(1000, 'bye')), frame(0x81, 'late')],
      [{ code: 1000, text: 'bye' }],
    ],
    ['a close frame without a code (7.1.5)', [frame(0x88)], [{ code: 1005, text: '' }]],
    [
      'a close frame of 125 bytes',
      [frame(0x88, closing(4999, 'x'.repeat(123)))],
      [{ code: 4999, text: 'x'.repeat(123) }],
    ],
    [
      'many in one piece',
      [frame(0x81, 'a'), frame(0x89), frame(0x81, kb), frame(0x82, kb)],
      ['a', { sent: own(0x8a) }, kb, bytes(kb)],
    ],
  ];
  test.each(cases)('%s', (_, wire, told) => {
    expect(everySplit(concat(wire), telling(role), { samples: 40 })).toEqual(told);
  });
});

/** A frame of a client whose masking key is 0. */
function masked0(first: number, payload: string | Bytes = ''): Bytes {
  const content = typeof payload === 'string' ? bytes(payload) : payload;
  return concat([bytes([first, 0x80 | content.length, 0, 0, 0, 0]), content]);
}

describe('a server refuses, at the first byte that is wrong', () => {
  const h = bytes;
  const cases: [string, Bytes, number, RegExp][] = [
    ['RSV1 without an extension (5.2)', masked(0xc1, 'x'), 1002, /no reserved bits, got 0x40/],
    ['RSV2', masked(0xa1, 'x'), 1002, /no reserved bits, got 0x20/],
    ['RSV3', masked(0x91, 'x'), 1002, /no reserved bits, got 0x10/],
    ['RSV1 on a ping', masked(0xc9), 1002, /no reserved bits/],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Bytes, number, RegExp] => [
      `opcode ${opcode} (5.2)`,
      h([0x80 | opcode]),
      1002,
      /an opcode/,
    ]),
    ['a frame that is not masked (5.1)', plain(0x81, 'x'), 1002, /masked/],
    ['a ping in fragments (5.5)', h([0x09]), 1002, /whole/],
    ['a ping of 126 bytes (5.5)', h([0x89, 0xfe]), 1002, /at most 125/],
    ['a length of 125 in 16 bits (5.2)', h([0x81, 0xfe, 0, 125]), 1002, /as few bytes/],
    ['a length of 65535 in 64 bits (5.2)', h([0x81, 0xff, 0, 0, 0, 0, 0, 0, 255, 255]), 1002, /as few bytes/],
    ['a length of 64 bits (5.2)', h([0x81, 0xff, 0x80]), 1002, /63 bits/],
    ['a continuation of nothing (5.4)', masked(0x80, 'x'), 1002, /beginning of a message/],
    ['a message inside a message (5.4)', concat([masked(0x01, 'a'), masked(0x81, 'b')]), 1002, /the rest of a message/],
    ['a close frame of one byte (5.5.1)', masked(0x88, 'x'), 1002, /two bytes/],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map(
      (code): [string, Bytes, number, RegExp] => [
        `close code ${code} (7.4)`,
        masked(0x88, closing(code)),
        1002,
        /that may be sent/,
      ],
    ),
    ['a close reason that is not UTF-8 (5.5.1)', masked(0x88, concat([closing(1000), h([0xff])])), 1007, /UTF-8/],
    ['a close reason that is half a character', masked(0x88, concat([closing(1000), h([0xc3])])), 1007, /UTF-8/],
    ['text that is half a character (8.1)', masked(0x81, h([0xc3])), 1007, /UTF-8/],
    ['text with a surrogate', masked(0x81, h([0xed, 0xa0, 0x80])), 1007, /UTF-8/],
    ['text longer than needed', masked(0x81, h([0xc0, 0xaf])), 1007, /UTF-8/],
    ['text past U+10FFFF', masked(0x81, h([0xf4, 0x90, 0x80, 0x80])), 1007, /UTF-8/],
    ['text with a byte that never stands', masked(0x81, h([0xfe])), 1007, /UTF-8/],
    ['a continuation byte first', masked(0x81, h([0x80])), 1007, /UTF-8/],
    ['a long text with one bad byte', masked(0x81, concat([bytes(kb), h([0xff]), bytes(kb)])), 1007, /UTF-8/],
    [
      'fragments that end inside a character',
      concat([masked(0x01, 'a'), masked(0x80, h([0xe2, 0x82]))]),
      1007,
      /UTF-8/,
    ],
  ];
  test.each(cases)('%s', (_, wire, hint, message) => {
    const error = failure(() => everySplit(wire, telling('server')));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ side: 'remote', hint, message: expect.stringMatching(message) as unknown });
  });

  test('a client refuses what is masked (5.1)', () => {
    expect(failure(() => everySplit(masked(0x81, 'x'), telling('client')))).toMatchObject({ hint: 1002 });
  });

  test('a bad byte is told before the message, and before its fragment, is whole (8.1)', () => {
    const begun = masked(0x01, concat([bytes('ab'), bytes([0xff]), bytes(kb)])).subarray(0, 8 + 3);
    expect(failure(() => everySplit(begun, telling('server')))).toMatchObject({ hint: 1007 });
  });

  test('a limit is told at the head, of a frame and of all fragments together, and of control frames never', () => {
    const head = masked(0x82, 'x'.repeat(101)).subarray(0, 6);
    expect(failure(() => everySplit(head, telling('server', 100)))).toBeInstanceOf(LimitExceeded);
    const two = concat([masked(0x02, 'x'.repeat(60)), masked(0x80, 'x'.repeat(41)).subarray(0, 6)]);
    expect(failure(() => everySplit(two, telling('server', 100)))).toBeInstanceOf(LimitExceeded);
    const huge = bytes([0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4]);
    expect(failure(() => everySplit(huge, telling('server')))).toBeInstanceOf(LimitExceeded);
    expect(everySplit(masked(0x8a, 'x'.repeat(120)), telling('server', 100))).toHaveLength(1);
  });
});

function failure(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was refused');
}

describe('frames and close frames are written as they are read', () => {
  test.each([0, 1, 3, 125, 126, 191, 192, 193, 65_535, 65_536, 70_001])('%s bytes, masked and not', (length) => {
    const payload = Uint8Array.from({ length }, (_, i) => (i * 31) & 255);
    const same = (frame: Bytes, reader: 'client' | 'server'): boolean => {
      const [told, ...more] = everySplit(frame, telling(reader), { samples: 4 });
      return more.length === 0 && told instanceof Uint8Array && equal(told, payload);
    };
    expect(same(formatFrame(0x82, payload), 'client')).toBe(true);
    expect(same(formatFrame(0x82, payload, 0x12345678), 'server')).toBe(true);
    expect(same(formatFrame(0x82, payload, -2), 'server')).toBe(true);
  });

  test.each([1023, 1024, 1025, 16_384])('a masker of somebody else makes the same of %s bytes', (length) => {
    let called = 0;
    const masker: WebSocketMasker = {
      mask(source, mask, output, offset, count) {
        called++;
        for (let i = 0; i < count; i++) output[offset + i] = source[i] ^ mask[i & 3];
      },
    };
    const payload = Uint8Array.from({ length }, (_, i) => (i * 31) & 255);
    const text = 'é'.repeat(length / 2);
    expect(formatFrame(0x82, payload, -2, masker)).toEqual(formatFrame(0x82, payload, -2));
    const frames = concat([formatFrame(0x82, payload, -2), formatFrame(0x81, bytes(text), 77)]);
    const [binary, said] = everySplit(frames, telling('server', 1 << 20, false, masker), { samples: 4 });
    expect([equal(binary as Bytes, payload), said]).toEqual([true, text]);
    expect(called > 0).toBe(length >= 1024);
  });

  test('the key of RFC 6455 section 5.7 gives the bytes that stand there', () => {
    const frame = formatFrame(0x81, bytes('Hello'), 0x3d21fa37);
    expect(frame).toEqual(bytes([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]));
  });

  test('a reason that is too long is cut between characters', () => {
    const payload = formatClose({ code: 1000, text: `${'x'.repeat(122)}é` });
    expect(parseClose(payload)).toEqual({ code: 1000, text: 'x'.repeat(122) });
  });
});

describe('permessage-deflate (RFC 7692)', () => {
  const inflating = telling('server', 1000, true);
  const hello = bytes([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);

  test.each([
    ['one block (7.2.3.1)', [masked(0xc1, hello)], ['Hello']],
    ['in fragments', [masked(0x41, hello.subarray(0, 3)), masked(0x80, hello.subarray(3))], ['Hello']],
    [
      'what went before is known (7.2.3.2)',
      [masked(0xc1, hello), masked(0xc1, bytes([0xf2, 0x00, 0x11, 0, 0]))],
      ['Hello', 'Hello'],
    ],
    [
      'a block without compression (7.2.3.3)',
      [masked(0xc1, bytes([0, 5, 0, 0xfa, 0xff, 72, 101, 108, 108, 111, 0]))],
      ['Hello'],
    ],
    ['a final block (7.2.3.4)', [masked(0xc1, bytes([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]))], ['Hello']],
    [
      'two blocks (7.2.3.5)',
      [masked(0xc1, bytes([0xf2, 0x48, 0x05, 0, 0, 0, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0]))],
      ['Hello'],
    ],
    ['an empty message (7.2.3.6)', [masked(0xc1, bytes([0]))], ['']],
    ['one that is not compressed', [masked(0x81, 'Hello')], ['Hello']],
  ] as [string, Bytes[], string[]][])('%s', (_, wire, told) => {
    expect(everySplit(concat(wire), inflating)).toEqual(told);
  });

  test('RSV1 stands on the first fragment only, and on no control frame (6.1)', () => {
    const wire = concat([masked(0x41, hello.subarray(0, 3)), masked(0xc0, hello.subarray(3))]);
    expect(failure(() => everySplit(wire, inflating))).toMatchObject({ hint: 1002 });
    expect(failure(() => everySplit(masked(0xc9), inflating))).toMatchObject({ hint: 1002 });
  });

  test('a bomb is refused at the limit, garbage is not compressed data, text is UTF-8 inside too', () => {
    const { deflate } = permessageDeflate({ threshold: 0 }).begin(agreedOn, 'client');
    const bomb = deflate(new Uint8Array(10_000_000))!;
    expect(bomb.length).toBeLessThan(20_000);
    const wide = telling('server', 100_000, true);
    expect(failure(() => everySplit(masked(0xc2, bomb), wide, { samples: 5 }))).toBeInstanceOf(LimitExceeded);
    expect(failure(() => everySplit(masked(0xc1, bytes([0xff, 0xff])), inflating))).toMatchObject({ hint: 1007 });
    const { deflate: again } = permessageDeflate({ threshold: 0 }).begin(agreedOn, 'client');
    const bad = again(bytes([0xff, 0xff]))!;
    expect(failure(() => everySplit(masked(0xc1, bad), inflating))).toMatchObject({ hint: 1007 });
  });

  const agreedOn = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  };

  test.each([
    ['with context', agreedOn, 1000],
    ['without', { ...agreedOn, serverNoContextTakeover: true, clientNoContextTakeover: true }, 2300],
    ['with a window of 512 bytes', { ...agreedOn, serverMaxWindowBits: 9, clientMaxWindowBits: 9 }, 1800],
  ])('what one side deflates the other inflates: %s', (_, agreed, atMost) => {
    const extension = permessageDeflate({ threshold: 0, history: 32_768 });
    const [client, server] = [extension.begin(agreed, 'client'), extension.begin(agreed, 'server')];
    let sent = 0;
    for (let i = 0; i < 40; i++) {
      const content = bytes(`${i} the same again, and ${'some more of it, '.repeat(i * 7)}`);
      const wire = client.deflate(content)!;
      sent += wire.length;
      expect(equal(server.inflate(wire, 1 << 20), content)).toBe(true);
      expect(equal(client.inflate(server.deflate(content)!, 1 << 20), content)).toBe(true);
    }
    // Each is like the one before: who knows that says it in a few bytes.
    expect(sent).toBeLessThan(atMost);
  });
});

test('no bytes make it do anything but tell messages and typed errors, the same however they are cut', () => {
  const good = [
    masked(0x81, 'héllo'),
    masked(0x01, 'a'),
    masked(0x80, 'b'),
    masked(0x89, 'p'),
    masked(0xc1, bytes([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0])),
    masked(0x82, kb),
    masked(0x88, closing(1000)),
  ];
  fuzz('frames', good, (wire, random, seed) => {
    try {
      everySplit(wire, telling('server', 4096, random(2) === 0), { exhaustive: 0, samples: 3, seed });
    } catch (error) {
      if (!(error instanceof RopewalkError))
        throw new Error(`FUZZ_SEED=${seed}: ${show(wire, { max: 200 })}`, { cause: error });
    }
  });
});
