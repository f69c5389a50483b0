/** The layer without a handshake, in virtual time: messages, pings, ends, timers. */
import {
  concatMap,
  delay,
  EMPTY,
  identity,
  ignoreElements,
  map,
  mergeMap,
  mergeWith,
  NEVER,
  of,
  startWith,
  take,
  tap,
  throwError,
  toArray,
} from 'rxjs';
import {
  bytes,
  ConnectionLost,
  LimitExceeded,
  over,
  ProtocolError,
  serve,
  TimedOut,
  type CloseReason,
  type Protocol,
} from 'ropewalk';
import { marbles, wire, type Marbles } from 'ropewalk/marbles';
import { pair } from 'ropewalk/memory';
import {
  WebSocketClosed,
  webSocketBytes,
  webSocketFrames,
  webSocketJson,
  webSocketText,
  type WebSocketFramesOptions,
  type WebSocketMessage,
} from 'ropewalk/websocket';
import { closing, masked, plain } from './frames.ts';

const shout = (message: WebSocketMessage): WebSocketMessage =>
  typeof message === 'string' ? message.toUpperCase() : message;

const frames = {
  t: masked(0x81, 'hello'),
  p: masked(0x89, 'there?'),
  x: masked(0x88, closing(1000, 'bye')),
  T: plain(0x81, 'HELLO'),
  P: plain(0x8a, 'there?'),
  X: plain(0x88, closing(1000)),
};

/** A server in memory, and how its connections ended. */
function serving(m: Marbles, protocol: Protocol<WebSocketMessage>, options?: WebSocketFramesOptions) {
  const memory = m.memory();
  const reasons: CloseReason[] = [];
  memory
    .listen('memory:ws')
    .pipe(serve(over(webSocketFrames(options), protocol)))
    .subscribe((reason) => reasons.push(reason));
  return { ...memory, reasons };
}

test(
  'a ping is answered before the next message (RFC 6455 section 5.5.2)',
  marbles((m) => {
    const { script, reasons } = serving(m, map(shout));
    const peer = script('memory:ws', '-t-p-t-x|', frames);
    m.expect(peer.received).toBe('-T-P-T-(X|)', frames);
    m.flush();
    expect(reasons).toEqual([{ kind: 'done', code: 1000, text: 'bye' }]);
    m.expectNothingOpen();
  }),
);

test(
  'fragments are one message, and a control frame may come between them (RFC 6455 section 5.4)',
  marbles((m) => {
    const { script } = serving(m, map(shout));
    const legend = { ...frames, a: masked(0x01, 'hel'), b: masked(0x00), c: masked(0x80, 'lo') };
    m.expect(script('memory:ws', '-a-b-p-c-x|', legend).received).toBe('-----P-T-(X|)', legend);
  }),
);

describe('the end (RFC 6455 section 7)', () => {
  test(
    'a protocol that completes closes with 1000, and hears what comes until the peer answers',
    marbles((m) => {
      const heard: WebSocketMessage[] = [];
      const { script, reasons } = serving(m, (said) =>
        of('bye').pipe(
          mergeWith(
            said.pipe(
              tap((each) => heard.push(each)),
              take(1),
              ignoreElements(),
            ),
          ),
        ),
      );
      const legend = { ...frames, T: plain(0x81, 'bye') };
      m.expect(script('memory:ws', '--t--x|', legend).received).toBe('T-X--|', legend);
      m.flush();
      expect(heard).toEqual(['hello']);
      expect(reasons).toEqual([{ kind: 'done', code: 1000, text: 'bye' }]);
    }),
  );

  test(
    'a protocol has its last words when the peer has closed',
    marbles((m) => {
      const { script } = serving(m, (said) =>
        said.pipe(
          toArray(),
          map((all) => all.join('+')),
        ),
      );
      const legend = { ...frames, T: plain(0x81, 'hello+hello') };
      m.expect(script('memory:ws', '-t-t-x|', legend).received).toBe('-----(TX|)', legend);
    }),
  );

  test(
    'a protocol that would go on is over with the peer’s close frame',
    marbles((m) => {
      let left = false;
      const { script } = serving(m, (said) =>
        said.pipe(mergeWith(NEVER.pipe(tap({ unsubscribe: () => (left = true) })))),
      );
      m.expect(script('memory:ws', '--x|', frames).received).toBe('--(X|)', frames);
      m.flush();
      expect(left).toBe(true);
      m.expectNothingOpen();
    }),
  );

  test.each([
    [
      'the code of the peer comes back (section 5.5.1)',
      closing(1001, 'leaving'),
      closing(1001),
      { kind: 'done', code: 1001, text: 'leaving' },
    ],
    ['so does a program’s own', closing(4321), closing(4321), { kind: 'done', code: 4321, text: '' }],
    [
      'no code is answered with none, and called 1005 (section 7.1.5)',
      closing(),
      closing(),
      { kind: 'done', code: 1005, text: '' },
    ],
    [
      'a code for something wrong is an error',
      closing(1011, 'oops'),
      closing(1011),
      { kind: 'lost', code: 1011, text: 'oops', error: new WebSocketClosed(1011, 'oops') },
    ],
  ])('%s', (_, said, answered, reason) =>
    marbles((m: Marbles) => {
      const { script, reasons } = serving(m, identity);
      const legend = { x: masked(0x88, said), X: plain(0x88, answered) };
      m.expect(script('memory:ws', '-x|', legend).received).toBe('-(X|)', legend);
      m.flush();
      expect(reasons).toEqual([reason]);
    })(),
  );

  test(
    'an end without a close frame is a loss, 1006 (section 7.1.5)',
    marbles((m) => {
      const { script, reasons } = serving(m, map(shout));
      m.expect(script('memory:ws', '-t|', frames).received).toBe('-T|', frames);
      m.flush();
      expect(reasons).toEqual([{ kind: 'lost', code: 1006, text: '', error: expect.any(ConnectionLost) as unknown }]);
    }),
  );

  test(
    'a protocol that fails is told as 1011, without a word about it; a WebSocketClosed as it says',
    marbles((m) => {
      const failing = serving(m, () => throwError(() => new Error('secret')));
      m.expect(failing.script('memory:ws', '--', frames).received).toBe('(X|)', { X: plain(0x88, closing(1011)) });
      const refusing = serving(m, () => throwError(() => new WebSocketClosed(4001, 'log in')));
      m.expect(refusing.script('memory:ws', '--', frames).received).toBe('(X|)', {
        X: plain(0x88, closing(4001, 'log in')),
      });
      const throwing = serving(m, () => {
        throw new Error('secret');
      });
      m.expect(throwing.script('memory:ws', '--', frames).received).toBe('(X|)', { X: plain(0x88, closing(1011)) });
      m.flush();
      expect(failing.reasons).toEqual([{ kind: 'aborted', code: 1011, text: '', error: new Error('secret') }]);
      expect(refusing.reasons).toMatchObject([{ kind: 'aborted', code: 4001, text: 'log in' }]);
      expect(throwing.reasons).toMatchObject([{ kind: 'aborted', code: 1011 }]);
    }),
  );

  test(
    'a peer that does not answer a close frame is given up',
    marbles((m) => {
      const { script, reasons } = serving(m, () => EMPTY, { closeTimeout: 500 });
      m.expect(script('memory:ws', '-t', frames).received).toBe('X 499ms #', frames);
      m.flush();
      expect(reasons).toMatchObject([{ kind: 'aborted', error: expect.any(TimedOut) as unknown }]);
      m.expectNothingOpen();
    }),
  );

  test(
    'what is said after our close frame is dropped and counted',
    marbles((m) => {
      const [near] = pair();
      const socket = near.over(webSocketFrames({ role: 'client', closeTimeout: 5 }));
      socket.complete();
      socket.next('too late');
      expect(near.state.dropped).toBe(1);
      m.flush();
    }),
  );
});

describe('keepAlive', () => {
  test(
    'silence is broken by a ping, and who answers stays',
    marbles((m) => {
      const { script } = serving(m, map(shout), { keepAlive: 10 });
      const legend = { ...frames, q: plain(0x89), a: masked(0x8a) };
      m.expect(script('memory:ws', '13ms a 9ms t 9ms x|', legend).received, '40ms !').toBe(
        '10ms q 12ms T 9ms (X|)',
        legend,
      );
    }),
  );

  test(
    'who does not answer is gone',
    marbles((m) => {
      const { script, reasons } = serving(m, map(shout), { keepAlive: 10 });
      m.expect(script('memory:ws', '-', frames).received).toBe('10ms q 9ms #', { q: plain(0x89) });
      m.flush();
      expect(reasons).toMatchObject([{ kind: 'aborted', error: expect.any(TimedOut) as unknown }]);
    }),
  );
});

describe('limits', () => {
  test(
    'a message past max is known by the head of its frame, or of one fragment too many: 1009',
    marbles((m) => {
      const { script, reasons } = serving(m, map(shout), { max: 8 });
      const legend = { a: masked(0x81, '123456789').subarray(0, 6), b: masked(0x01, '12345678'), c: masked(0x00, '9') };
      const text = (length: number) =>
        `receiving a WebSocket message: ${length} bytes were announced, and the limit is 8 bytes`;
      const X = plain(0x88, closing(1009, text(9)));
      m.expect(script('memory:ws', '-a', legend).received).toBe('-(X|)', { X });
      m.expect(script('memory:ws', '-b-c', legend).received).toBe('---(X|)', { X });
      m.flush();
      expect(reasons).toMatchObject([{ error: expect.any(LimitExceeded) as unknown }, { code: 1009 }]);
    }),
  );

  test('options that make no sense are told at once', () => {
    expect(() => webSocketFrames({ max: 0 })).toThrow(RangeError);
    expect(() => webSocketFrames({ keepAlive: -1 })).toThrow(RangeError);
  });

  test(
    'a peer that reads nothing is not read, pings included',
    marbles((m) => {
      const [near, far] = pair();
      const { length } = frames.p;
      over(webSocketFrames(), map(shout))(far, far).subscribe(far);
      for (let sent = 0; sent < 900_000; sent += 1000 * length)
        near.next(new Uint8Array(1000 * length).map((_, i) => frames.p[i % length]));
      m.flush();
      expect(far.state.held).toBe(true);
      expect(far.state.unsent).toBeLessThan(256 << 10);
      near.error(new Error('enough'));
      m.flush();
    }),
  );
});

describe('turned inside out', () => {
  test(
    'two duplexes talk, text and bytes apart, and say good-bye',
    marbles((m) => {
      const [near, far] = pair();
      const client = near.over(webSocketFrames({ role: 'client' }));
      const server = far.over(webSocketFrames());
      const heard: WebSocketMessage[] = [];
      const reasons: CloseReason[] = [];
      server.subscribe({ next: (message) => server.next(message), complete: () => heard.push('the end') });
      client.subscribe((message) => heard.push(message));
      client.next('héllo');
      client.next(bytes([1, 2, 3]));
      client.next(new Uint8Array(7_000).fill(7));
      m.flush();
      client.complete();
      m.flush();
      client.closed.addCallback((reason) => reasons.push(reason));
      server.closed.addCallback((reason) => reasons.push(reason));
      expect(heard).toEqual(['héllo', bytes([1, 2, 3]), new Uint8Array(7_000).fill(7), 'the end']);
      expect(reasons).toEqual([
        { kind: 'done', code: 1000, text: '' },
        { kind: 'done', code: 1000, text: '' },
      ]);
    }),
  );

  test(
    'an abort is told the peer by its code, and a broken frame is an error here',
    marbles((m) => {
      const [near, far] = pair();
      const client = near.over(webSocketFrames({ role: 'client' }));
      const server = far.over(webSocketFrames());
      const told: unknown[] = [];
      server.subscribe({ error: (error: unknown) => told.push(error) });
      client.subscribe({ error: (error: unknown) => told.push(error) });
      client.error(new WebSocketClosed(4002, 'go'));
      m.flush();
      // 4002 is a program's own code: an end in order.
      expect(told).toEqual([new WebSocketClosed(4002, 'go')]);
      const [other, end] = pair();
      const reading = other.over(webSocketFrames({ role: 'client' }));
      reading.subscribe({ error: (error: unknown) => told.push(error) });
      let heard = 0;
      end.subscribe((chunk) => (heard = (chunk[0] << 8) | (chunk[1] & 0x80)));
      wire('-b', { b: bytes([0x83, 0]) }).subscribe((chunk) => end.next(chunk));
      m.flush();
      // A close frame, masked.
      expect(heard).toBe(0x8880);
      expect(told[1]).toBeInstanceOf(ProtocolError);
      expect(other.halves.reason).toMatchObject({ kind: 'aborted', code: 1002 });
    }),
  );

  test(
    'text and JSON lie over it',
    marbles((m) => {
      const [near, far] = pair();
      const next = map(({ n }: { n: number }) => ({ n: n + 1 }));
      over(webSocketFrames(), webSocketJson<{ n: number }>(), next)(far, far).subscribe(far);
      const heard: string[] = [];
      const client = near.over(webSocketFrames({ role: 'client' })).over(webSocketText());
      client.subscribe((text) => heard.push(text));
      client.next('{"n":1}');
      m.flush();
      expect(heard).toEqual(['{"n":2}']);
      client.complete();
    }),
  );

  test(
    'textual messages: whatever kind of message came is a text, whatever leaves is one, whole and as it is',
    marbles((m) => {
      const words = ['', 'héllo', '\u0000\n', '𝄞'.repeat(1_000)];
      const [near, far] = pair();
      // It says everything twice: as text, and as bytes.
      const twice = mergeMap((said: WebSocketMessage) => [said, bytes(String(said))]);
      over(webSocketFrames(), twice)(far, far).subscribe(far);
      const client = near.over(webSocketFrames({ role: 'client' }));
      const texts = client.over(webSocketText());
      const heard: string[] = [];
      texts.subscribe((text) => heard.push(text));
      for (const word of words) texts.next(word);
      m.flush();
      expect(heard).toEqual(words.flatMap((word) => [word, word]));
      texts.complete();
      m.flush();
      expect(near.halves.reason).toMatchObject({ kind: 'done', code: 1000 });
    }),
  );

  test(
    'a protocol of bytes: what it says is binary, and text that comes is its UTF-8 bytes',
    marbles((m) => {
      const [near, far] = pair();
      over(webSocketFrames(), webSocketBytes(), identity)(far, far).subscribe(far);
      const client = near.over(webSocketFrames({ role: 'client' }));
      const heard: WebSocketMessage[] = [];
      client.subscribe((message) => heard.push(message));
      client.next('héllo');
      client.next(bytes([0, 255]));
      m.flush();
      expect(heard).toEqual([bytes('héllo'), bytes([0, 255])]);
      client.complete();
      m.flush();
    }),
  );

  test(
    'a text that is none is refused (1007): a lone half of a pair is sent as what stands for it, broken bytes are an error',
    marbles((m) => {
      const [near, far] = pair();
      over(webSocketFrames(), webSocketText(), identity)(far, far).subscribe(far);
      const texts = near.over(webSocketFrames({ role: 'client' })).over(webSocketText());
      const heard: string[] = [];
      texts.subscribe({ next: (text) => heard.push(text), error: () => {} });
      texts.next('a\ud800b');
      m.flush();
      expect(heard).toEqual(['a\ufffdb']);
      // Past the layers: a text frame of a byte that is never UTF-8, masked with zeros.
      near.next(bytes([0x81, 0x81, 0, 0, 0, 0, 0xff]));
      m.flush();
      expect(far.halves.reason).toMatchObject({ code: 1007 });
    }),
  );

  test(
    'what came while nobody listened is there for the next who listens',
    marbles((m) => {
      const { script } = serving(m, (said) =>
        said.pipe(
          take(1),
          concatMap((first) => of(first).pipe(delay(5)).pipe(mergeWith(said))),
        ),
      );
      const legend = {
        ...frames,
        a: masked(0x81, '1'),
        b: masked(0x81, '2'),
        A: plain(0x81, '1'),
        B: plain(0x81, '2'),
      };
      m.expect(script('memory:ws', '-a-b-----x|', legend).received).toBe('---B--A--(X|)', legend);
    }),
  );
});

test(
  'it can greet',
  marbles((m) => {
    const { script } = serving(m, startWith<WebSocketMessage>('hi'));
    const legend = { ...frames, H: plain(0x81, 'hi') };
    m.expect(script('memory:ws', '-x|', legend).received).toBe('H(X|)', legend);
  }),
);
