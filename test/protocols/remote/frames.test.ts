/** The format of docs/remote.md: frames and their bytes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { map, Observable, of, pipe, type OperatorFunction } from 'rxjs';
import { bytes, concat, RopewalkError, show, type Bytes } from 'ropewalk';
import { expectCodec, hex, transcript } from 'ropewalk/marbles';
import { RemoteMachine, remoteFrames, type Frame } from 'ropewalk/remote';

const samples: Frame[] = [
  { kind: 'hello', version: 1, max: 1 << 20, codec: 'json' },
  { kind: 'call', id: 1, name: 'add', args: bytes('[2,3]') },
  { kind: 'stream', id: 2 ** 31 - 1, credit: 65536, name: 'ünïcode$', args: bytes('[]') },
  { kind: 'tell', name: 'x'.repeat(255), args: bytes('') },
  { kind: 'cancel', id: 2 },
  { kind: 'credit', id: 2, credit: 2 ** 31 - 1 },
  { kind: 'next', id: 2, value: bytes('{"n":1}') },
  { kind: 'result', id: 1, value: bytes('') },
  { kind: 'complete', id: 2 },
  { kind: 'error', id: 1, value: bytes('{"name":"RemoteError","message":"no"}') },
  { kind: 'goodbye', last: 0 },
];

test('frames obey the codec laws', () => {
  expectCodec(remoteFrames({ max: 2000 })).toObeyLaws(samples, {
    limit: 2000,
    sized: (length) => ({ kind: 'next', id: 1, value: bytes('x'.repeat(length - 5)) }),
    wider: remoteFrames({ max: 4000 }),
  });
});

test.each<[Frame, string]>([
  [{ kind: 'hello', version: 1, max: 65536, codec: 'json' }, '00000012 00 726f706577616c6b 01 00010000 6a736f6e'],
  [{ kind: 'call', id: 1, name: 'add', args: bytes('[2]') }, '0000000c 01 00000001 03 616464 5b325d'],
  [{ kind: 'stream', id: 2, credit: 256, name: 't$', args: bytes('[]') }, '0000000e 02 00000002 00000100 02 7424 5b5d'],
  [{ kind: 'tell', name: 'a', args: bytes('[]') }, '00000005 03 01 61 5b5d'],
  [{ kind: 'cancel', id: 258 }, '00000005 04 00000102'],
  [{ kind: 'credit', id: 2, credit: 5 }, '00000009 05 00000002 00000005'],
  [{ kind: 'next', id: 2, value: bytes('1') }, '00000006 06 00000002 31'],
  [{ kind: 'result', id: 1, value: bytes('') }, '00000005 07 00000001'],
  [{ kind: 'complete', id: 2 }, '00000005 08 00000002'],
  [{ kind: 'error', id: 1, value: bytes('{}') }, '00000007 09 00000001 7b7d'],
  [{ kind: 'goodbye', last: 3 }, '00000005 0a 00000003'],
])('$kind has the bytes that the page says', (frame, wire) => {
  const out: Bytes[] = [];
  remoteFrames()
    .encode(of(frame))
    .subscribe((content) => out.push(content));
  expect(show(concat(out))).toBe(show(hex(wire)));
});

const page = (name: string): string => readFileSync(join(__dirname, 'transcripts', name), 'utf8');
/** Frames and events as a page writes them: what is bytes inside, as text. */
const readable: OperatorFunction<object, object> = map((event) =>
  Object.fromEntries(
    Object.entries(event).map(([key, value]) => [key, value instanceof Uint8Array ? show(value).slice(1, -1) : value]),
  ),
);

describe('transcripts/frames.md', () => {
  test.each(transcript(page('frames.md'), pipe(remoteFrames({ max: 100 }).decode, readable)))(
    '$name (line $line)',
    ({ run }) => run(),
  );
});

describe('transcripts/answering.md: what the end that answers makes of a conversation', () => {
  const answering: OperatorFunction<Bytes, object> = (wire) => {
    const machine = new RemoteMachine({ max: 100, calls: 2, streams: 2, codec: 'json' });
    return wire.pipe(
      remoteFrames({ max: 100 }).decode,
      map((frame) => machine.receive(frame) ?? {}),
      readable,
    );
  };
  test.each(transcript(page('answering.md'), fresh(answering)))('$name (line $line)', ({ run }) => run());
});

describe('transcripts/asking.md: what the end that has asked makes of the answers', () => {
  const asking: OperatorFunction<Bytes, object> = (wire) => {
    const machine = new RemoteMachine({ max: 100, calls: 9, streams: 9, codec: 'json' });
    machine.ask(false); // 1, a call
    machine.ask(true, 20); // 2, a stream
    machine.ask(true, 20); // 3, a stream that was cancelled
    machine.cancel(3);
    return wire.pipe(
      remoteFrames({ max: 100 }).decode,
      map((frame) => machine.receive(frame) ?? {}),
      readable,
    );
  };
  test.each(transcript(page('asking.md'), fresh(asking)))('$name (line $line)', ({ run }) => run());
});

/** One machine for each subscription. */
function fresh(operator: OperatorFunction<Bytes, object>): OperatorFunction<Bytes, object> {
  return (wire) => new Observable((subscriber) => operator(wire).subscribe(subscriber));
}

test('whatever comes is an event or a typed error, and never more than the limits allow to be open', () => {
  let state = 20261129;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const asking = ['call', 'stream', 'tell', 'cancel', 'credit'] as const;
  const answering = ['next', 'result', 'complete', 'error'] as const;
  let [events, errors, most] = [0, 0, 0];
  for (let round = 0; round < 10_000; round++) {
    const machine = new RemoteMachine({ max: 1000, calls: 3, streams: 3, codec: 'json' });
    machine.receive({ kind: 'hello', version: 1, max: 1000, codec: 'json' });
    for (let i = random(4); i > 0; i--) machine.ask(random(2) === 1, 1 + random(30));
    const open = new Set<number>();
    let last = 0;
    try {
      for (let step = 0; step < 30; step++) {
        const kind = random(10) > 0 ? asking[random(5)] : answering[random(4)];
        // Mostly what is allowed, or nothing would get far.
        const asks = kind === 'call' || kind === 'stream';
        const id = asks && random(20) > 0 ? ++last : 1 + random(asks ? 12 : last + 3);
        const frame = {
          kind,
          id,
          name: 'n',
          args: bytes('[]'),
          credit: 1 + random(random(20) > 0 ? 1000 : 2 ** 31 - 1),
          value: bytes('1'),
        };
        const event = machine.receive(frame as Frame);
        events++;
        if (event?.kind === 'asked') open.add(event.id);
        if (event?.kind === 'cancelled' && machine.end(event.id)) open.delete(event.id);
        most = Math.max(most, open.size);
      }
    } catch (error) {
      if (!(error instanceof RopewalkError) || error.name !== 'ProtocolError') throw error;
      errors++;
    }
  }
  expect(most).toBe(6);
  expect(events).toBeGreaterThan(10_000);
  expect(errors).toBeGreaterThan(5_000);
});
