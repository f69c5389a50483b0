import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { endWith, identity, map, mergeMap, NEVER, of, timer } from 'rxjs';
import { bytes, over, ProtocolError, serve, show, utf8, type Bytes, type Protocol } from 'ropewalk';
import {
  formatRecording,
  marbles,
  parseRecording,
  record,
  replay,
  wire,
  type RecordedEvent,
  type Recording,
  type RecordOptions,
} from 'ropewalk/marbles';
import { readRecording, replayFile, writeRecording } from 'ropewalk/marbles/disk';
import { lines } from 'ropewalk/operators';

const login = `# ropewalk recording 1: a column is a millisecond
about: logging in

at 1 ms
  client  a- 500ms b---|-
  server  -A 500ms -B---C
  a = 'login ada\\n'
  b = 'quit\\n'
  A = 'hello ada\\r\\n'
  B = 'bye\\r\\n'
  C = '\\xff\\x00'
`;
const greeting: Protocol<Bytes> = over(
  lines(),
  map((line: string) => (line === 'quit' ? 'bye' : line.replace('login', 'hello'))),
);
const failureOf = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
};

describe('the text of a recording', () => {
  test('is read, and written again as it was', () => {
    const recording = parseRecording(login);
    expect(recording.about).toBe('logging in');
    expect(recording.events.map(({ at, side, kind }) => `${at} ${side} ${kind}`)).toEqual([
      '1 client data',
      '2 server data',
      '503 client data',
      '504 server data',
      '507 client end',
      '508 server data',
    ]);
    expect(formatRecording(recording)).toBe(login);
  });

  test('goes on in passages when it is long, and breaks long contents after lines', () => {
    const events = Array.from({ length: 60 }, (_, i): RecordedEvent => {
      const data = bytes(i === 0 ? `${'x'.repeat(30)}\n`.repeat(3) : `${i % 28}`);
      return { at: i * 2, side: i % 3 === 0 ? 'server' : 'client', kind: 'data', data };
    });
    const text = formatRecording({ about: '', events });
    expect(text.match(/^at \d+ ms$/gm)).toEqual(['at 0 ms', 'at 96 ms']);
    expect(text).toContain(
      [
        `  A = '${'x'.repeat(30)}\\n'`,
        `      '${'x'.repeat(30)}\\n'`,
        `      '${'x'.repeat(30)}\\n'`,
        `  B = '3'`,
      ].join('\n'),
    );
    expect(parseRecording(text).events).toEqual(events);
  });

  test('parse and format agree on any recording', () => {
    const event = fc.record({
      gap: fc.integer({ min: 1, max: 60 }),
      side: fc.constantFrom('client', 'server'),
      content: fc.option(fc.uint8Array({ minLength: 1, maxLength: 150 }), { freq: 8 }),
      kind: fc.constantFrom('end', 'loss'),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (made) => {
        let at = -1;
        const events = made.map(({ gap, side, content, kind }) => {
          at += gap;
          return content === null ? { at, side, kind } : { at, side, kind: 'data', data: content };
        }) as RecordedEvent[];
        const recording: Recording = { about: 'anything', events };
        const read = parseRecording(formatRecording(recording));
        const plain = (event: RecordedEvent): unknown =>
          event.kind === 'data' ? { ...event, data: [...event.data] } : event;
        expect(read.events.map(plain)).toEqual(events.map(plain));
      }),
    );
  });

  test('whatever is written into one, it is read or refused with a ProtocolError', () => {
    fc.assert(
      fc.property(fc.nat(login.length), fc.nat(4), fc.string({ maxLength: 3 }), (at, cut, put) => {
        try {
          parseRecording(login.slice(0, at) + put + login.slice(at + cut));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['', `line 1: expected '# ropewalk recording 1', got ''`],
    ['\n  client  a', `line 2: expected 'about: ...' or 'at 0 ms', got 'client  a'`],
    ["\nat 0 ms\n  client  a-b\n  a = 'x'", `line 3: expected a line below for each letter, got 'none for b'`],
    [
      "\nat 0 ms\n  client  a\n  server  A\n  a = 'x'\n  A = 'y'",
      `line 4: expected something after 0 ms, got 'server at 0 ms'`,
    ],
    [
      "\nat 0 ms\n  client  a\n  a = '\\q'",
      String.raw`line 4: expected \n, \r, \t, \\ or \x and two hexadecimal digits, got 'a = '\q''`,
    ],
    ['\nat 0 ms\n  client  -(ab)', `line 3: expected letters, '-', '|', '#' and waits such as ' 50ms ', got '()'`],
    ['\nat 0 ms\n  client  -\n  client  -', 'line 4: expected one line for the client in a passage'],
    ["\nat 0 ms\n  a = 'x'\n  a = 'y'", 'line 4: expected each letter once in a passage'],
  ])('says what is wrong with %j', (text, message) => {
    const whole = text === '' ? '' : `# ropewalk recording 1${text}`;
    expect(failureOf(() => parseRecording(whole))).toContain(`reading a recording, ${message}`);
  });

  test('has its events in order', () => {
    const event: RecordedEvent = { at: 3, side: 'client', kind: 'end' };
    expect(() => formatRecording({ about: '', events: [event, event] })).toThrow(RangeError);
    expect(() => formatRecording({ about: '', events: [{ ...event, at: 0.5 }] })).toThrow(RangeError);
  });
});

describe('record', () => {
  /** What is written down when a client that follows the diagram talks to the protocol. */
  function recordingOf(
    protocol: Protocol<Bytes>,
    diagram: string,
    legend: Record<string, string> = {},
    options: RecordOptions = {},
  ): string {
    let text = '';
    marbles((m) => {
      const { listen, connect } = m.memory();
      listen('memory:it').pipe(serve(protocol)).subscribe();
      connect('memory:it').subscribe({
        next(connection) {
          const recorded = record(connection, options);
          recorded.subscribe({ error() {} });
          recorded.subscribe({ error() {} });
          wire(diagram, legend).subscribe(recorded);
          recorded.closed.addCallback(() => {
            text = formatRecording(recorded.recording);
          });
        },
        error() {},
      });
    })();
    return text.slice(text.indexOf('\n') + 1);
  }

  test('writes down both sides, who spoke first, and how each ended, in virtual time', () => {
    const legend = { a: 'login ada\n', b: 'quit\n' };
    expect(recordingOf(greeting, '-a 500ms b---|', legend, { about: 'two\nlines' })).toBe(
      `about: two lines

at 1 ms
  client  a- 499ms b---|-
  server  -A 499ms -B---|
  a = 'login ada\\n'
  b = 'quit\\n'
  A = 'hello ada\\r\\n'
  B = 'bye\\r\\n'
`,
    );
  });

  test('of what one side says in a moment nothing is told apart', () => {
    expect(recordingOf(greeting, '(ab)---|', { a: 'qu', b: 'it\n' })).toContain(
      `client  a------|-\n  server  -A------|\n  a = 'quit\\n'`,
    );
  });

  test('a side that breaks off is #', () => {
    expect(recordingOf(identity, '-a-#')).toContain('client  a-#\n  server  -A-');
    const dropping = mergeMap((chunk: Bytes) => {
      throw new Error(utf8(chunk));
    });
    expect(recordingOf(dropping, '-a')).toContain('client  a-\n  server  -#');
  });

  test('secrets are never there, in whatever pieces they came, and lengths stay', () => {
    const legend = { a: 'AUTH hun', b: 'ter2\r\nPING\r\n' };
    const text = recordingOf(identity, '-a---b|', legend, { redact: [/AUTH (\S+)/, /PI/y] });
    expect(text).toContain(`  a = 'AUTH ***'\n  b = '****\\r\\n**NG\\r\\n'`);
    expect(text).not.toMatch(/hun|ter2|PING/);
  });

  test('what is more than it may keep is not written down', () => {
    expect(recordingOf(identity, 'a--b|', {}, { max: 3 })).toContain(
      `client  a--b\n  server  -A--\n  a = 'a'\n  b = 'b'`,
    );
  });
});

describe('replay', () => {
  const text = (recording: Recording): string =>
    recording.events.map((event) => (event.kind === 'data' ? show(event.data) : event.kind)).join(' ');
  const session = (drawn: string): Recording =>
    parseRecording(`# ropewalk recording 1\nabout: a session\nat 0 ms\n${drawn}`);
  const echoed = session(
    `  client  a 5000ms -b-|\n  server  -A 5000ms -B-|\n  a = 'a'\n  b = 'b'\n  A = 'a'\n  B = 'b'`,
  );

  test('plays the client to a server of ours, in virtual time', () => {
    expect(text(replay(echoed).against(identity))).toBe(`'a' 'a' 'b' 'b' end end`);
  });

  test('plays the server to a client of ours, which may speak sooner', () => {
    const client: Protocol<Bytes> = () => of(bytes('ab'));
    expect(text(replay(echoed, { as: 'client' }).against(client))).toContain('end');
  });

  test('the other side waits for what it waited for', () => {
    const patient: Protocol<Bytes> = (incoming) =>
      incoming.pipe(mergeMap((chunk) => timer(60_000).pipe(map(() => chunk))));
    const { events } = replay(echoed).against(patient);
    expect(events.at(-1)?.at).toBeGreaterThan(120_000);
  });

  test('shows where ours said something else, and the rest of what it said', () => {
    const wrong: Protocol<Bytes> = map((chunk) => bytes(utf8(chunk).replace('b', 'x')));
    expect(failureOf(() => replay(echoed).against(wrong))).toBe(
      [
        `the server said something else than in the recording 'a session': the marbles differ at 5003 ms`,
        `  expected  -a 5001ms b-|`,
        `  actual    -a 5001ms x-|`,
        `                      ^`,
        `  expected there: b at 5003 ms: 'b'`,
        `  actual there:   x at 5003 ms: 'x'`,
        `                                 ^`,
      ].join('\n'),
    );
  });

  test('shows what ours did not say, said too much, and how else it ended', () => {
    expect(failureOf(() => replay(echoed).against(() => NEVER))).toContain('  actual there:   nothing');
    const chatty: Protocol<Bytes> = (incoming) => incoming.pipe(endWith(bytes('more')));
    expect(failureOf(() => replay(echoed).against(chatty))).toMatch(/expected there: the end.*\n.*'more'/);
    expect(failureOf(() => replay(echoed).against(() => of(bytes('a'))))).toMatch(
      /expected there: b at .*\n  actual there: {3}the end/,
    );
    const failing: Protocol<Bytes> = (incoming) =>
      incoming.pipe(
        mergeMap((chunk) => {
          throw new RangeError(utf8(chunk));
        }),
      );
    expect(failureOf(() => replay(echoed).against(failing))).toContain('actual there:   an error (#)');
  });

  test('an abort of the other side is an abort, and one of ours is expected', () => {
    const broken = session(`  client  a-#\n  server  -A-\n  a = 'a'\n  A = 'a'`);
    replay(broken).against(identity);
    const refusing: Protocol<Bytes> = map(() => {
      throw new Error('no');
    });
    replay(session(`  client  a-\n  server  -#\n  a = 'a'`)).against(refusing);
  });

  test('what a marbles test checks is checked', () => {
    const leaky: Protocol<Bytes> = (incoming, connection) => {
      connection.halves.onClosed(() => {
        of(1).subscribe(() => {
          throw new Error('on its way out');
        });
      });
      return incoming;
    };
    expect(failureOf(() => replay(echoed).against(leaky))).toContain('on its way out');
  });

  test('files are read, played, and brought up to date', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-recordings-'));
    try {
      const path = join(folder, 'echo.marbles');
      writeRecording(path, echoed);
      replayFile(path).against(identity);
      const shouting: Protocol<Bytes> = map((chunk) => bytes(utf8(chunk).toUpperCase()));
      expect(() => replayFile(path).against(shouting)).toThrow('said something else');
      replayFile(path, { update: true }).against(shouting);
      expect(readFileSync(path, 'utf8')).toContain(`A = 'A'`);
      expect(text(readRecording(path))).toBe(`'a' 'A' 'b' 'B' end end`);
      replayFile(path).against(shouting);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
